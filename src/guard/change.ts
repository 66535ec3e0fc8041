import { faultIn } from '../core/errors.ts';
import { MAX_RETENTION_DAYS } from '../core/limits.ts';
import { MAX_ACTION_TEXT, formatAction, isHoldTag } from '../core/objects/action.ts';
import type { Action, GuardState } from '../core/objects/action.ts';
import { MAX_EXTENSIONS, extensionsOf } from '../core/objects/guard.ts';
import type { ContainerGuard } from '../core/objects/guard.ts';
import { fileAction } from '../ledger/actions.ts';
import type { PolicyControl } from '../ports/guard.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

/** GuardChange is what somebody wants to do to what guards a container. */
export type GuardChange =
  | { readonly kind: 'lock' }
  | { readonly kind: 'extend'; readonly days: number }
  | { readonly kind: 'hold-set'; readonly tag: string; readonly case: string }
  | { readonly kind: 'hold-clear'; readonly tag: string; readonly case: string };

/** ActionWords is who acts on what, and why, as they say it; none of it is checked. */
export interface ActionWords {
  readonly account: string;
  readonly container: string;
  readonly who: string;
  readonly why: string;
}

export interface GuardActionDeps {
  /** the ledger's container, with the right to create */
  readonly store: ObjectStore;
  readonly control: PolicyControl;
  readonly now: Clock;
}

/** GuardActionResult is what came of an action. */
export interface GuardActionResult {
  /** 'unknown': what guards the container couldn't be read afterwards */
  readonly outcome: 'done' | 'failed' | 'unknown';
  /** why Azure refused it */
  readonly error?: string;
  /** somebody else changed the policy between the look and the action */
  readonly isOvertaken: boolean;
  readonly after?: ContainerGuard;
  /** names of the actions in the ledger */
  readonly recorded: readonly string[];
  /** why the outcome couldn't be recorded */
  readonly unrecorded?: string;
}

const MAX_TAGS = 10;

/** holdTag derives the tag of a legal hold from a case id, or gives undefined where Azure would take no such tag. */
export function holdTag(caseId: string): string | undefined {
  const tag = caseId.replace(/[-_./ #:]/g, '').toLowerCase();
  return isHoldTag(tag) ? tag : undefined;
}

/** changeRefusal says why a change can't be made as the container is guarded now, and what to do; undefined if it can. */
export function changeRefusal(change: GuardChange, guard: ContainerGuard): string | undefined {
  const { policy, tags } = guard;
  if (change.kind === 'hold-set') {
    const there = tags.find(({ tag }) => tag === change.tag);
    if (there !== undefined) return `the hold ${there.tag} is set already, by ${there.who} at ${there.time}`;
    if (tags.length >= MAX_TAGS)
      return `the container has ${tags.length} holds, and Azure takes no more than ${MAX_TAGS}; clear one whose case is closed`;
    return undefined;
  }
  if (change.kind === 'hold-clear') {
    const all = tags.map(({ tag }) => tag).join(', ');
    if (tags.some(({ tag }) => tag === change.tag)) return undefined;
    return `the container has no hold ${change.tag}; ${all === '' ? 'it has none at all' : `it has ${all}`}`;
  }
  if (policy === undefined)
    return 'the container has no retention policy; set one with az storage container immutability-policy create, and look at it before locking';
  if (change.kind === 'lock') {
    if (policy.state === 'Unlocked') return undefined;
    const lock = policy.history.findLast(({ update }) => update === 'lock');
    const by = lock === undefined ? '' : `, by ${lock.who} at ${lock.time}`;
    return `the policy is locked already${by}; its ${policy.days} days can only be made longer, with --extend DAYS`;
  }
  if (policy.state === 'Unlocked')
    return `the policy isn't locked, so its ${policy.days} days need no extension: change them with az storage container immutability-policy create --period, then lock it`;
  if (change.days <= policy.days)
    return `a locked policy can only be made longer than its ${policy.days} days, not ${change.days}`;
  if (change.days > MAX_RETENTION_DAYS) return `Azure takes at most ${MAX_RETENTION_DAYS} days`;
  const extensions = extensionsOf(guard);
  if (extensions >= MAX_EXTENSIONS)
    return `the policy was extended ${extensions} times, and Azure allows ${MAX_EXTENSIONS}; to keep what is there for longer, set a legal hold, and seal into another container from now on`;
  return undefined;
}

/**
 * changeGuard makes a change that changeRefusal has no objection to, and records it in the ledger: first the attempt, so that
 * nothing is done that the ledger doesn't know of, then what Azure says afterwards. The outcome is judged by that, never by
 * the answer to the change, which may get lost. What the store throws before anything is changed is passed on.
 */
export async function changeGuard(
  { store, control, now }: GuardActionDeps,
  change: GuardChange,
  words: ActionWords,
  before: ContainerGuard,
): Promise<GuardActionResult> {
  const base = { version: 1, ...words, ...detailsOf(change, before) } as const;
  const time = (): string => new Date(now()).toISOString();
  // If we die after this, verify names an attempt without an outcome.
  const attempt = await record(store, { ...base, outcome: 'attempted', time: time(), guard: stateOf(before) });
  let error: string | undefined;
  try {
    await apply(control, change, before.policy?.etag ?? '');
  } catch (cause) {
    error = oneLine(faultIn(cause).message);
  }
  let after: ContainerGuard;
  try {
    after = await control.guard();
  } catch (cause) {
    const why = oneLine(faultIn(cause).message);
    return { outcome: 'unknown', error: error ?? why, isOvertaken: false, recorded: [attempt] };
  }
  const outcome = isDone(change, before, after) ? 'done' : 'failed';
  const isOvertaken = outcome === 'failed' && before.policy?.etag !== after.policy?.etag;
  const result = { ...base, outcome, attempt, guard: stateOf(after), ...(error !== undefined && { error }) } as const;
  const rest: Omit<GuardActionResult, 'recorded'> = {
    outcome,
    isOvertaken,
    after,
    ...(error !== undefined && { error }),
  };
  try {
    return { ...rest, recorded: [attempt, await record(store, { ...result, time: time() })] };
  } catch (cause) {
    return { ...rest, recorded: [attempt], unrecorded: faultIn(cause).message };
  }
}

function detailsOf(change: GuardChange, { policy }: ContainerGuard): Pick<Action, 'kind' | 'days' | 'tag' | 'case'> {
  if (change.kind === 'lock') return { kind: 'lock', days: policy?.days ?? 0 };
  return change;
}

async function apply(control: PolicyControl, change: GuardChange, etag: string): Promise<void> {
  if (change.kind === 'lock') await control.lock(etag);
  else if (change.kind === 'extend') await control.extend(etag, change.days);
  else if (change.kind === 'hold-set') await control.setHold(change.tag);
  else await control.clearHold(change.tag);
}

function isDone(change: GuardChange, before: ContainerGuard, { policy, tags }: ContainerGuard): boolean {
  if (change.kind === 'lock') return policy?.state === 'Locked' && policy.days === before.policy?.days;
  if (change.kind === 'extend') return policy?.state === 'Locked' && policy.days === change.days;
  return tags.some(({ tag }) => tag === change.tag) === (change.kind === 'hold-set');
}

const stateOf = ({ policy, tags }: ContainerGuard): GuardState => ({
  policy: policy === undefined ? null : { state: policy.state, days: policy.days, etag: policy.etag },
  tags: tags.map(({ tag }) => tag),
});

const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
    .slice(0, MAX_ACTION_TEXT)
    .toWellFormed();

const record = (store: ObjectStore, action: Action): Promise<string> => {
  const bytes = formatAction(action);
  return fileAction(store, () => bytes);
};
