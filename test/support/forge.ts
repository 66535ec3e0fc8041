import { zstdCompressSync } from 'node:zlib';
import { referenceRoot } from './referenceLedger.ts';
import { CREATED, keyText, signFrames } from './sign.ts';
import type { HandSession, HandStatement } from './sign.ts';

// Segments written by hand, right or wrong, without src/core.

export const LEDGER = 'logs.example.com/audit';
/** TRUST is who signs forged segments, unless they are told otherwise. */
export const TRUST = { ledger: LEDGER, keys: [keyText({ name: LEDGER, seed: 1 })] };
export const ZEROS = '0'.repeat(64);

/** timeOf gives the time of the n-th second of the tests: up to the three millionth, all are past. */
export const timeOf = (second: number): string => new Date(Date.UTC(2025, 10, 22) + second * 1000).toISOString();

export const nameOf = (index: number, partition = '0'): string =>
  `segments/${partition}/${String(index).padStart(12, '0')}.jsonl.zst`;

export interface Forged {
  readonly stored: Buffer;
  readonly root: string;
}

/** ForgedFrames is what stands before a signature frame. */
export interface ForgedFrames {
  readonly frames: Buffer;
  readonly root: string;
}

/** forgeLines makes the Zstandard frame of a header and record lines. Its end line is right, unless another one is given. */
export function forgeLines(lines: readonly string[], end?: string): ForgedFrames {
  const root = referenceRoot(lines.map((line) => Buffer.from(line)));
  const endLine = end ?? `{"_end":{"records":${lines.length - 1},"root":"${root}"}}`;
  return { frames: zstdCompressSync(Buffer.from([...lines, endLine, ''].join('\n'))), root };
}

/** createdOf gives when the hub of an incarnation was created, unless a spec says otherwise. */
export const createdOf = (incarnation: number): string =>
  new Date(Date.parse(CREATED) + Math.min(incarnation, 1_000_000) * 1000).toISOString();

/** ForgedWord is what the hub said, by a header. */
export interface ForgedWord {
  readonly created: string;
  readonly asked: string;
  readonly first: number;
  readonly last: number;
  readonly enqueued?: string;
}

/** Spec is what a forged segment says; what is left out continues the segment before. */
export interface Spec {
  readonly ledger?: string;
  readonly partition?: string;
  readonly index?: number;
  readonly kind?: string;
  readonly incarnation?: number;
  readonly prev?: string;
  /** number of its first record */
  readonly record?: number;
  /** numbers of its events, with one record each; of one without events, the last number that is covered */
  readonly events?: readonly number[];
  /** it has no events; a heartbeat never has */
  readonly isEventless?: boolean;
  /** what is changed of the hub's word that is right; null: it has none. By default it has one where the format asks for one */
  readonly hub?: Partial<ForgedWord> | null;
  readonly gaps?: readonly { first: number; last: number; reason: string }[];
  /** index of the segment that it follows; by default the one before */
  readonly previous?: number;
  /** the event times' second; by default the first event's number */
  readonly second?: number;
  /** members of the header that are replaced */
  readonly header?: Readonly<Record<string, unknown>>;
  /** changes the lines before they are hashed */
  readonly edit?: (lines: string[]) => string[];
  readonly end?: string;
  /** who signs it, and what that says of itself */
  readonly session?: Partial<HandSession>;
  /** the latest time of an event so far; by default that of its own last one */
  readonly latest?: string;
  /** members of its statement that are replaced */
  readonly statement?: Partial<HandStatement>;
  /** the name that it is signed for; by default the one of its place */
  readonly name?: string;
  /** nobody signs it: it has no signature frame */
  readonly isUnsigned?: boolean;
}

/** forge makes a segment. */
export function forge(spec: Spec): Forged {
  const { index = 0, kind = 'ingest', incarnation = 0, record = 0, events = [index], gaps = [] } = spec;
  const { previous = index - 1 } = spec;
  const hasEvents = !isEventless(spec);
  const first = events[0] ?? -1;
  const enqueued = (event: number): string => timeOf((spec.second ?? first) + event - first);
  const header = {
    version: 1,
    ledger: spec.ledger ?? LEDGER,
    partition: spec.partition ?? '0',
    index,
    kind,
    incarnation,
    sealed: timeOf(1_000_000 + index),
    previous,
    prev: spec.prev ?? ZEROS,
    records: { first: record, count: hasEvents ? events.length : 0 },
    events: hasEvents
      ? {
          first,
          last: events.at(-1) ?? -1,
          count: events.length,
          enqueuedFirst: enqueued(first),
          enqueuedLast: enqueued(events.at(-1) ?? 0),
        }
      : { first, last: first, count: 0 },
    duplicates: 0,
    gaps,
    ...wordOf(spec),
    ...spec.header,
  };
  const records = hasEvents ? events : [];
  const lines = [
    JSON.stringify({ _segment: header }),
    ...records.map(
      (event, i) =>
        `{"n":${event},"_seal":{"record":${record + i},"event":${event},"index":0,"enqueued":"${enqueued(event)}"}}`,
    ),
  ];
  return sign(spec, forgeLines(spec.edit?.(lines) ?? lines, spec.end), header);
}

const isEventless = ({ kind, isEventless = kind === 'heartbeat' }: Spec): boolean => isEventless;

/** wordOf gives what the hub said: where a chain begins, that it holds nothing before; else all up to the last number. */
function wordOf(spec: Spec): { readonly hub?: ForgedWord } {
  const { index = 0, kind = 'ingest', incarnation = 0, events = [index], gaps = [], header } = spec;
  const { previous = index - 1, hub } = spec;
  const isAsked = previous < 0 || incarnation > 0 || kind !== 'ingest';
  if (hub === null || (hub === undefined && !isAsked)) return {};
  const begin = gaps[0]?.first ?? (events[0] ?? 0) + (isEventless(spec) ? 1 : 0);
  const asked = (header?.['sealed'] as string | undefined) ?? timeOf(1_000_000 + index);
  const [first, last] = [previous < 0 ? begin : 0, events.at(-1) ?? -1];
  return { hub: { created: createdOf(incarnation), asked, first, last, ...hub } };
}

/** SaidHeader is what a statement repeats of a header. */
interface SaidHeader {
  readonly partition: string;
  readonly index: number;
  readonly incarnation: number;
  readonly sealed: string;
  readonly prev: string;
  readonly records: { readonly first: number; readonly count: number };
  readonly events: { readonly last: number; readonly enqueuedLast?: string };
  readonly hub?: { readonly created: string };
}

function sign(spec: Spec, { frames, root }: ForgedFrames, header: SaidHeader): Forged {
  if (spec.isUnsigned === true) return { stored: frames, root };
  const { partition, index, incarnation, sealed, prev, records, events, hub } = header;
  const created = hub?.created ?? createdOf(incarnation);
  const said = { root, prev, record: records.first + records.count, incarnation, created, event: events.last, sealed };
  const statement = { ...said, enqueued: spec.latest ?? events.enqueuedLast, ...spec.statement };
  const name = spec.name ?? nameOf(index, partition);
  return { stored: signFrames(frames, name, statement, { ledger: spec.ledger ?? LEDGER, ...spec.session }), root };
}

/**
 * forgeChain makes the objects of one partition, so many or one for each spec; each segment continues the one before unless
 * its spec says otherwise.
 */
export function forgeChain(given: number | readonly Spec[], partition = '0'): Map<string, Buffer> {
  const specs: readonly Spec[] = typeof given === 'number' ? Array.from({ length: given }, () => ({})) : given;
  const objects = new Map<string, Buffer>();
  let prev = ZEROS;
  let previous = -1;
  let record = 0;
  let latest = '';
  let next = 0;
  let incarnation = 0;
  specs.forEach((own, i) => {
    if ((own.incarnation ?? 0) !== incarnation) next = 0;
    incarnation = own.incarnation ?? 0;
    const isIdle = isEventless(own);
    const begin = (own.gaps?.at(-1)?.last ?? next - 1) + 1;
    const events = own.events ?? [isIdle ? begin - 1 : begin];
    const spec = { partition, index: i, previous, prev, record, ...own, events };
    const time = isIdle ? undefined : timeOf((own.second ?? events[0] ?? 0) + events.length - 1);
    if (time !== undefined && time > latest) latest = time;
    const { stored, root } = forge({ ...(latest !== '' && { latest }), ...spec });
    objects.set(nameOf(spec.index, partition), stored);
    prev = root;
    previous = spec.index;
    if (!isIdle) record = spec.record + events.length;
    next = (events.at(-1) ?? -1) + 1;
  });
  return objects;
}
