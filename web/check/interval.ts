import { isTime } from '../verify/entry.ts';
import { isPartition } from '../verify/ledger/names.ts';
import { SLICE, isSameInterval, readSlice } from '../verify/ledger/slice.ts';
import type { Interval, Slice } from '../verify/ledger/slice.ts';
import { byId, code, element, untrusted } from './dom.ts';
import type { MirrorFiles } from './mirror.ts';
import { cut } from './parts.ts';

// Step 3: which interval of a mirror is to be checked, if not all of it. A folder may say of itself which one it is; what counts is what
// stands in the fields.

const [fromField, toField, partitionsField] = ['from', 'to', 'partitions'].map((id) =>
  byId(`interval-${id}`, HTMLInputElement),
) as [HTMLInputElement, HTMLInputElement, HTMLInputElement];
const faultPlace = byId('interval-faults', HTMLElement);
const sourcePlace = byId('interval-source', HTMLElement);
const FIELDS = [fromField, toField, partitionsField];

/** What a folder put into the fields, and nobody has changed since. */
let filled: Slice | undefined;

/** AskedInterval is what stands in the fields: nothing, an interval, or something else, and why. */
export type AskedInterval = { readonly interval: Interval | undefined } | { readonly fault: string };

/** askedInterval reads the fields, and says below them what is wrong. */
export function askedInterval(): AskedInterval {
  const asked = readFields();
  const fault = 'fault' in asked ? asked.fault : undefined;
  for (const field of FIELDS) field.setAttribute('aria-invalid', String(fault !== undefined));
  faultPlace.replaceChildren(...(fault === undefined ? [] : [element('p', { class: 'note' }, untrusted(fault))]));
  return asked;
}

function readFields(): AskedInterval {
  const [from, to, listed] = FIELDS.map(({ value }) => value.trim()) as [string, string, string];
  if (from === '' && to === '' && listed === '') return { interval: undefined };
  const [start, end] = [momentIn(from), momentIn(to)];
  if (start === undefined || end === undefined)
    return { fault: 'An interval has two ends, such as 2026-11-01 and 2026-11-22T14:00Z. Both are UTC.' };
  if (start >= end) return { fault: 'The interval must end after it begins. Its end itself is left out.' };
  const ids = listed === '' ? [] : listed.split(/[\s,]+/).filter((id) => id !== '');
  if (!ids.every(isPartition))
    return { fault: 'A partition is a number such as 0; several stand with commas between them.' };
  const partitions = [...new Set(ids)].sort((a, b) => Number(a) - Number(b));
  return { interval: { from: start, to: end, partitions: partitions.length === 0 ? null : partitions } };
}

/** momentIn reads a date, or a time in UTC, as the format prints it; undefined if it isn't one. */
function momentIn(text: string): string | undefined {
  const [, date, time = '00:00', seconds = ':00', fraction = '.000'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{3})?Z)?$/.exec(text) ?? [];
  const printed = `${date}T${time}${seconds}${fraction}Z`;
  return isTime(printed) ? printed : undefined;
}

/**
 * fillInterval puts into the fields what a folder says that it is a slice of, and says so. Where it says nothing, what somebody typed
 * stays, and what another folder filled in goes.
 */
export async function fillInterval({ name, files }: MirrorFiles): Promise<void> {
  if (filled !== undefined && isAsFilled()) for (const field of FIELDS) field.value = '';
  const file = files.find(({ name }) => name === SLICE)?.file;
  const slice =
    file && (await readSlice({ size: file.size, read: async () => new Uint8Array(await file.arrayBuffer()) }));
  filled = undefined;
  const typed = FIELDS.map(({ value }) => value.trim()).filter((value) => value !== '');
  if (slice === undefined)
    return saySource(...(typed.length === 0 ? [] : ['You typed this interval; the folder names none.']));
  filled = slice;
  const isReplaced = typed.length > 0 && !isAsFilled();
  saySource(
    'The folder ',
    code(cut(name)),
    ` itself says, in ${SLICE}, that it is this slice: compare it with the one that you should have.`,
    ...(isReplaced ? [' It took the place of what stood here: ', code(cut(typed.join(', '))), '.'] : []),
  );
  [fromField.value, toField.value, partitionsField.value] = [slice.from, slice.to, (slice.partitions ?? []).join(', ')];
}

function isAsFilled(): boolean {
  const asked = readFields();
  return (
    filled !== undefined &&
    'interval' in asked &&
    asked.interval !== undefined &&
    isSameInterval(asked.interval, filled)
  );
}

/** saySource says where the interval in the fields came from; nothing where it is the user's own, or there is none. */
function saySource(...content: (Node | string)[]): void {
  sourcePlace.replaceChildren(...(content.length === 0 ? [] : [element('p', { class: 'small' }, ...content)]));
}

/** onInterval is told when somebody changes the fields. */
export function onInterval(changed: () => void): void {
  for (const field of FIELDS)
    field.addEventListener('input', () => {
      saySource();
      changed();
    });
}

/** BY_THE_HUB says what the times of an interval are. */
export const BY_THE_HUB =
  'An interval is by when the event hub got the events, not by when they happened: what came late is in a later one.';

/** describeInterval says which interval it is, for people. */
export const describeInterval = ({ from, to, partitions }: Interval): string =>
  `from ${from} to ${to}, of ${partitions === null ? 'all partitions' : `partition${partitions.length === 1 ? '' : 's'} ${partitions.join(', ')}`}`;
