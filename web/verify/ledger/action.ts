import { decodeUtf8, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import type { Members } from '../entry.ts';
import { splitSigned } from '../signed/documentSignature.ts';
import type { DocumentSignature } from '../signed/documentSignature.ts';
import { ACKNOWLEDGEABLE } from './findings.ts';
import { MAX_NAME_BYTES } from './folder.ts';
import { parseActionName } from './names.ts';
import { all, among, exactly, hash, like, orNull } from './shape.ts';
import type { Check } from './shape.ts';

/**
 * Acknowledgement is what an action of kind acknowledge says: which finding is meant, who looked into it, and why it may
 * stay.
 */
export interface Acknowledgement {
  readonly code: string;
  readonly object: string;
  /** of the object's bytes, null where nobody can read them */
  readonly sha256: string | null;
  readonly who: string;
  readonly why: string;
  readonly signature: DocumentSignature;
}

/** Action is what an object of `actions/` says of itself. docs/format.md, section 8.4. */
export interface Action {
  readonly kind: string;
  readonly outcome: string;
  readonly time: string;
  /** name of the action that this is the outcome of */
  readonly attempt: string | undefined;
  /** what an outcome must have in common with its attempt */
  readonly subject: string;
  /** what an action of kind acknowledge says, undefined for others */
  readonly acknowledgement: Acknowledgement | undefined;
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
/** START begins an acknowledgement, which ends with a signature. */
const START = '{"version":1,"kind":"acknowledge",';
const OUTCOMES: readonly unknown[] = ['attempted', 'done', 'failed'];

const name = like(/^[a-z0-9$-]{1,63}$/);
const guard = exactly({
  policy: orNull(exactly({ state: among('Unlocked', 'Locked'), days, etag: like(/^[!-~]{0,100}$/) })),
  tags: (value) => all(tag)(value) && (value as unknown[]).length <= MAX_TAGS,
});
const attempt: Check = (value) => typeof value === 'string' && parseActionName(value) !== undefined;

const objectName: Check = (value) =>
  typeof value === 'string' && value !== '' && value.isWellFormed() && utf8(value).length <= MAX_NAME_BYTES;
const isAcknowledgement = exactly({
  version: among(1),
  kind: among('acknowledge'),
  outcome: among('done'),
  time: isTime,
  finding: exactly({ code: among(...ACKNOWLEDGEABLE), object: objectName, sha256: orNull(hash) }),
  who: oneLine,
  why: oneLine,
});

/** isKind and isOutcome tell what an action, or its entry, may say that it is. */
export const isKind = (value: unknown): value is string => CHANGES.has(value) || value === 'acknowledge';
export const isOutcome = (value: unknown): value is string => OUTCOMES.includes(value);

/** parseAction reads an action only as a ledger writes it, and gives undefined for anything else. */
export function parseAction(bytes: Bytes): Action | undefined {
  return decodeUtf8(bytes.subarray(0, START.length)) === START ? parseAcknowledgement(bytes) : parseChange(bytes);
}

function parseAcknowledgement(bytes: Bytes): Action | undefined {
  const signature = bytes.length > MAX_ACTION_BYTES ? undefined : splitSigned(bytes);
  const text = signature && decodeUtf8(signature.signed);
  const it = text === undefined ? undefined : parseJson(`${text}}`);
  if (signature === undefined || !isObject(it) || JSON.stringify(it) !== `${text}}` || !isAcknowledgement(it))
    return undefined;
  const { finding, who, why, time } = it as unknown as Stated;
  const acknowledgement = { ...finding, who, why, signature };
  return { kind: 'acknowledge', outcome: 'done', time, attempt: undefined, subject: '', acknowledgement };
}

interface Stated extends Pick<Acknowledgement, 'who' | 'why'> {
  readonly finding: Pick<Acknowledgement, 'code' | 'object' | 'sha256'>;
  readonly time: string;
}

function parseChange(bytes: Uint8Array): Action | undefined {
  const file = bytes.length > MAX_ACTION_BYTES ? undefined : decodeUtf8(bytes);
  const it = file === undefined ? undefined : parseJson(file);
  if (!isObject(it) || `${JSON.stringify(it)}\n` !== file || !isAction(it)) return undefined;
  return {
    kind: it['kind'] as string,
    outcome: it['outcome'] as string,
    time: it['time'] as string,
    attempt: it['attempt'] as string | undefined,
    subject: JSON.stringify(['kind', 'account', 'container', 'days', 'tag'].map((member) => it[member] ?? null)),
    acknowledgement: undefined,
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
