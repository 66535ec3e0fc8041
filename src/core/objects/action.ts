import { parseActionName } from './names.ts';
import { AuditsealError } from '../errors.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJsonObject } from '../jsonObject.ts';
import { MAX_RETENTION_DAYS } from '../limits.ts';
import { decodeText, isTime } from '../text.ts';

const GUARD_KINDS = ['lock', 'extend', 'hold-set', 'hold-clear'] as const;

/** ACTION_KINDS are the kinds there are. */
export const ACTION_KINDS = [...GUARD_KINDS, 'acknowledge'] as const;
/** ActionKind is what somebody does to what guards a ledger's container, or to a finding. */
export type ActionKind = (typeof ACTION_KINDS)[number];

/** ACTION_OUTCOMES are the outcomes there are. */
export const ACTION_OUTCOMES = ['attempted', 'done', 'failed'] as const;
/** ActionOutcome tells an announcement from what came of it. */
export type ActionOutcome = (typeof ACTION_OUTCOMES)[number];

/** GuardState is the part of a container's guard that actions change, as Azure stated it. */
export interface GuardState {
  readonly policy: { readonly state: 'Unlocked' | 'Locked'; readonly days: number; readonly etag: string } | null;
  /** of the legal hold, in order */
  readonly tags: readonly string[];
}

/**
 * Action is one object of `actions/`: what somebody set out to do to the guard, or what came of it. All of it is the writer's
 * word.
 */
export interface Action {
  readonly version: 1;
  readonly kind: (typeof GUARD_KINDS)[number];
  readonly outcome: ActionOutcome;
  readonly time: string;
  readonly account: string;
  readonly container: string;
  /** lock, extend: the policy's days after it */
  readonly days?: number;
  /** hold-set, hold-clear: the tag, and the case that it is derived from */
  readonly tag?: string;
  readonly case?: string;
  readonly who: string;
  readonly why: string;
  /** name of the action that this is the outcome of; only an attempt has none */
  readonly attempt?: string;
  /** before an attempt, after anything else; null where it couldn't be read any more */
  readonly guard: GuardState | null;
  /** what Azure, or the way to it, said against it */
  readonly error?: string;
}

/** MAX_ACTION_BYTES bounds an object; what is larger is no action. */
export const MAX_ACTION_BYTES = 32 * 1024;

/** MAX_ACTION_TEXT is how many characters `who`, `why`, `case` and `error` may have, each. */
export const MAX_ACTION_TEXT = 1000;

const TAG = /^[a-z0-9]{3,23}$/;
const MAX_TAGS = 10;

/** isHoldTag tells whether Azure takes a text for the tag of a legal hold, as it is stored: in lower case. */
export const isHoldTag = (text: string): boolean => TAG.test(text);

const malformed = (why: string): AuditsealError => new AuditsealError('ACTION_MALFORMED', why);

/** formatAction prints an action's object: one line of JSON, ended by LF. It throws ACTION_MALFORMED for one that can't be read back. */
export function formatAction(action: Action): Buffer {
  const bytes = Buffer.from(`${print(action)}\n`);
  parseAction(bytes);
  return bytes;
}

function print(action: Action): string {
  const { version, kind, outcome, time, account, container, days, tag, who, why, attempt, guard, error } = action;
  const { policy = null, tags = [] } = guard ?? {};
  const state = policy && { state: policy.state, days: policy.days, etag: policy.etag };
  return JSON.stringify({
    version,
    kind,
    outcome,
    time,
    account,
    container,
    days,
    tag,
    case: action.case,
    who,
    why,
    attempt,
    guard: guard && { policy: state, tags },
    error,
  });
}

/** parseAction is the inverse of formatAction, and throws ACTION_MALFORMED. It reads only what formatAction prints. */
export function parseAction(bytes: Buffer): Action {
  if (bytes.length > MAX_ACTION_BYTES)
    throw malformed(`it has more than the ${MAX_ACTION_BYTES} bytes that an action may have`);
  const text = decodeText(bytes);
  const it = text === undefined ? undefined : parseJsonObject(text);
  if (it === undefined) throw malformed(`it is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  if (it['version'] !== 1) throw malformed('it is of a version that this release does not know');
  const string = (name: string, isGood: (value: string) => boolean): string => {
    const value = it[name];
    if (typeof value !== 'string' || !isGood(value)) throw malformed(`it has no valid ${name}`);
    return value;
  };
  const kind = GUARD_KINDS.find((one) => one === it['kind']);
  const outcome = ACTION_OUTCOMES.find((one) => one === it['outcome']);
  if (kind === undefined || outcome === undefined) throw malformed('its kind or outcome is not a known one');
  const isHold = kind === 'hold-set' || kind === 'hold-clear';
  const action: Action = {
    version: 1,
    kind,
    outcome,
    time: string('time', isTime),
    account: string('account', isName),
    container: string('container', isName),
    ...(isHold ? { tag: string('tag', isHoldTag), case: string('case', isActionText) } : { days: daysOf(it['days']) }),
    who: string('who', isActionText),
    why: string('why', isActionText),
    ...(outcome !== 'attempted' && { attempt: string('attempt', (name) => parseActionName(name) !== undefined) }),
    guard: it['guard'] === null && outcome !== 'attempted' ? null : guardOf(it['guard']),
    ...(outcome !== 'attempted' && it['error'] !== undefined && { error: string('error', isActionText) }),
  };
  if (`${print(action)}\n` !== text) throw malformed('it is not printed as this release prints an action');
  return action;
}

const isName = (text: string): boolean => /^[a-z0-9$-]{1,63}$/.test(text);

/** isActionText tells whether `who`, `why`, `case` and `error` may say this: something, on one line, without control characters. */
export const isActionText = (text: string): boolean =>
  text.trim() !== '' &&
  text.length <= MAX_ACTION_TEXT &&
  text.isWellFormed() &&
  !/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text);

function daysOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > MAX_RETENTION_DAYS)
    throw malformed('it has no valid number of days');
  return value as number;
}

function guardOf(value: unknown): GuardState {
  if (!isJsonObject(value)) throw malformed('it has no guard');
  const { policy, tags } = value;
  if (!Array.isArray(tags) || tags.length > MAX_TAGS || !tags.every((tag) => typeof tag === 'string' && isHoldTag(tag)))
    throw malformed('it has no valid tags');
  return { policy: policy === null ? null : policyOf(policy), tags: tags as string[] };
}

function policyOf(value: unknown): GuardState['policy'] {
  const { state, days, etag } = isJsonObject(value) ? value : {};
  if (state !== 'Unlocked' && state !== 'Locked') throw malformed('its policy has no state');
  if (typeof etag !== 'string' || !/^[\x21-\x7e]{0,100}$/.test(etag)) throw malformed('its policy has no etag');
  return { state, days: daysOf(days), etag };
}
