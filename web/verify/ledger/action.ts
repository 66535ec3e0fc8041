import { decodeUtf8 } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import type { Members } from '../entry.ts';
import { parseActionName } from './names.ts';
import { all, among, exactly, like, orNull } from './shape.ts';
import type { Check } from './shape.ts';

/** Action is what an object of `actions/` says of itself. docs/format.md, section 8.4. */
export interface Action {
  readonly kind: string;
  readonly outcome: string;
  readonly time: string;
  /** name of the action that this is the outcome of */
  readonly attempt: string | undefined;
  /** what an outcome must have in common with its attempt */
  readonly subject: string;
}

/** MAX_ACTION_BYTES bounds an object; what is larger is no action. */
export const MAX_ACTION_BYTES = 32 * 1024;

const MAX_DAYS = 146_000;
const MAX_TAGS = 10;
const MAX_TEXT = 1000;

const tag = like(/^[a-z0-9]{3,23}$/);
const days: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_DAYS;
const oneLine: Check = (value) =>
  typeof value === 'string' &&
  value.length <= MAX_TEXT &&
  value.isWellFormed() &&
  /\S/.test(value) &&
  !/[\p{Cc}\u2028\u2029]/u.test(value);
const ofPolicy = { days };
const ofHold = { tag, case: oneLine };
/** CHANGES are the kinds there are, each with the members that say what it changes. */
const CHANGES = new Map<unknown, Readonly<Record<string, Check>>>([
  ['lock', ofPolicy],
  ['extend', ofPolicy],
  ['hold-set', ofHold],
  ['hold-clear', ofHold],
]);
const OUTCOMES: readonly unknown[] = ['attempted', 'done', 'failed'];

const name = like(/^[a-z0-9$-]{1,63}$/);
const guard = exactly({
  policy: orNull(exactly({ state: among('Unlocked', 'Locked'), days, etag: like(/^[!-~]{0,100}$/) })),
  tags: (value) => all(tag)(value) && (value as unknown[]).length <= MAX_TAGS,
});
const attempt: Check = (value) => typeof value === 'string' && parseActionName(value) !== undefined;

/** isKind and isOutcome tell what an action, or its entry, may say that it is. */
export const isKind = (value: unknown): value is string => CHANGES.has(value);
export const isOutcome = (value: unknown): value is string => OUTCOMES.includes(value);

/** parseAction reads an action only as a ledger writes it, and gives undefined for anything else. */
export function parseAction(bytes: Uint8Array): Action | undefined {
  const file = bytes.length > MAX_ACTION_BYTES ? undefined : decodeUtf8(bytes);
  const it = file === undefined ? undefined : parseJson(file);
  if (!isObject(it) || `${JSON.stringify(it)}\n` !== file || !isAction(it)) return undefined;
  return {
    kind: it['kind'] as string,
    outcome: it['outcome'] as string,
    time: it['time'] as string,
    attempt: it['attempt'] as string | undefined,
    subject: JSON.stringify(['kind', 'account', 'container', 'days', 'tag'].map((member) => it[member] ?? null)),
  };
}

function isAction(it: Members): boolean {
  const change = CHANGES.get(it['kind']);
  if (change === undefined) return false;
  const isAttempt = it['outcome'] === 'attempted';
  return exactly({
    version: among(1),
    kind: isKind,
    outcome: isOutcome,
    time: isTime,
    account: name,
    container: name,
    ...change,
    who: oneLine,
    why: oneLine,
    ...(!isAttempt && { attempt }),
    guard: isAttempt ? guard : orNull(guard),
    ...(!isAttempt && it['error'] !== undefined && { error: oneLine }),
  })(it);
}
