import { REFUSALS, refuse } from './errors.ts';
import type { Refusal } from './errors.ts';

/** RetentionPolicy is a container's time-based retention policy. */
export interface RetentionPolicy {
  readonly etag: string;
  readonly state: 'Unlocked' | 'Locked';
  readonly periodDays: number;
  readonly allowProtectedAppendWrites: boolean;
  readonly allowProtectedAppendWritesAll: boolean;
  readonly extensions: number;
  readonly updateHistory: readonly PolicyUpdate[];
}

interface PolicyUpdate {
  readonly update: 'put' | 'lock' | 'extend';
  readonly immutabilityPeriodSinceCreationInDays: number;
  readonly timestamp: string;
  readonly objectIdentifier: string;
  readonly tenantId: string;
  readonly allowProtectedAppendWrites?: boolean;
  readonly allowProtectedAppendWritesAll?: boolean;
}

/** LegalHold is a container's legal hold. It holds as long as there is a tag. */
export interface LegalHold {
  readonly tags: readonly HoldTag[];
  readonly allowProtectedAppendWritesAll: boolean;
  readonly appendWritesSetAt: string;
}

interface HoldTag {
  readonly tag: string;
  readonly timestamp: string;
  readonly objectIdentifier: string;
  readonly tenantId: string;
}

/** ContainerWorm is all that makes the blobs of one container immutable. */
export interface ContainerWorm {
  readonly policy?: RetentionPolicy;
  readonly hold?: LegalHold;
}

/** PolicySettings are the fields a caller can choose. Absent flags keep what they are. */
export interface PolicySettings {
  readonly periodDays: number;
  readonly allowProtectedAppendWrites?: boolean;
  readonly allowProtectedAppendWritesAll?: boolean;
}

/** Actor is who changes a policy, when, and the etag that the change gives it. */
export interface Actor {
  readonly etag: string;
  readonly timestamp: string;
  readonly objectIdentifier: string;
  readonly tenantId: string;
}

/** StoredBlob is what retention is computed from. Times are in milliseconds. */
export interface StoredBlob {
  readonly type: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly etag: string;
}

const MAX_PERIOD_DAYS = 146_000;
const MAX_EXTENSIONS = 5;
const MAX_TAGS = 10;
const DAY_MS = 86_400_000;

/** putPolicy creates an unlocked policy or replaces one. */
export function putPolicy(worm: ContainerWorm, settings: PolicySettings, actor: Actor): ContainerWorm | Refusal {
  if (worm.policy?.state === 'Locked') return wrongState();
  const wrong = settingsFault(settings);
  if (wrong !== undefined) return wrong;
  const policy: RetentionPolicy = {
    etag: actor.etag,
    state: 'Unlocked',
    periodDays: settings.periodDays,
    allowProtectedAppendWrites: settings.allowProtectedAppendWrites ?? false,
    allowProtectedAppendWritesAll: settings.allowProtectedAppendWritesAll ?? false,
    extensions: 0,
    updateHistory: [], // only the latest put stays
  };
  return { ...worm, policy: withUpdate(policy, 'put', actor) };
}

/** lockPolicy locks an unlocked policy. Nothing unlocks it again. */
export function lockPolicy(worm: ContainerWorm, actor: Actor): ContainerWorm | Refusal {
  if (worm.policy === undefined) return noPolicy();
  if (worm.policy.state === 'Locked') return wrongState();
  return { ...worm, policy: withUpdate({ ...worm.policy, etag: actor.etag, state: 'Locked' }, 'lock', actor) };
}

/** extendPolicy lengthens a locked policy, at most five times. */
export function extendPolicy(worm: ContainerWorm, settings: PolicySettings, actor: Actor): ContainerWorm | Refusal {
  const { policy } = worm;
  if (policy === undefined) return noPolicy();
  if (policy.state !== 'Locked') return wrongState();
  const wrong = settingsFault(settings);
  if (wrong !== undefined) return wrong;
  const changesFlags =
    (settings.allowProtectedAppendWrites ?? policy.allowProtectedAppendWrites) !== policy.allowProtectedAppendWrites ||
    (settings.allowProtectedAppendWritesAll ?? policy.allowProtectedAppendWritesAll) !==
      policy.allowProtectedAppendWritesAll;
  if (changesFlags) {
    return refuse(
      409,
      'ImmutabilityPolicyLocked',
      'Protected append writes cannot be changed after the policy is locked.',
    );
  }
  if (settings.periodDays <= policy.periodDays) {
    return refuse(
      400,
      'InvalidImmutabilityPeriod',
      'A locked immutability policy can only be extended to a longer period.',
    );
  }
  if (policy.extensions >= MAX_EXTENSIONS) {
    return refuse(
      409,
      'ImmutabilityPolicyExtensionLimit',
      `A locked immutability policy can be extended ${MAX_EXTENSIONS} times.`,
    );
  }
  const extended = {
    ...policy,
    etag: actor.etag,
    periodDays: settings.periodDays,
    extensions: policy.extensions + 1,
  };
  return { ...worm, policy: withUpdate(extended, 'extend', actor) };
}

/** deletePolicy removes an unlocked policy. */
export function deletePolicy(worm: ContainerWorm): ContainerWorm | Refusal {
  if (worm.policy === undefined) return noPolicy();
  if (worm.policy.state === 'Locked') return wrongState();
  const { policy: _removed, ...rest } = worm;
  return rest;
}

/** setHold adds tags; those already there stay as they are. */
export function setHold(
  worm: ContainerWorm,
  tags: readonly string[],
  allowProtectedAppendWritesAll: boolean | undefined,
  actor: Actor,
): ContainerWorm | Refusal {
  const wrong = tagsFault(tags);
  if (wrong !== undefined) return wrong;
  const present = worm.hold?.tags ?? [];
  const { timestamp, objectIdentifier, tenantId } = actor;
  const added = [...new Set(tags.map((tag) => tag.toLowerCase()))]
    .filter((tag) => !present.some((one) => one.tag === tag))
    .map((tag) => ({ tag, timestamp, objectIdentifier, tenantId }));
  if (present.length + added.length > MAX_TAGS) {
    return refuse(400, 'LegalHoldTagLimit', `A container can have at most ${MAX_TAGS} legal hold tags.`);
  }
  const allow = allowProtectedAppendWritesAll ?? worm.hold?.allowProtectedAppendWritesAll ?? false;
  const appendWritesSetAt =
    worm.hold?.allowProtectedAppendWritesAll === allow ? worm.hold.appendWritesSetAt : actor.timestamp;
  return { ...worm, hold: { tags: [...present, ...added], allowProtectedAppendWritesAll: allow, appendWritesSetAt } };
}

/** clearHold removes the named tags. With the last one the hold ends. */
export function clearHold(worm: ContainerWorm, tags: readonly string[]): ContainerWorm | Refusal {
  const wrong = tagsFault(tags);
  if (wrong !== undefined) return wrong;
  const { hold, ...rest } = worm;
  if (hold === undefined) return rest;
  const cleared = new Set(tags.map((tag) => tag.toLowerCase()));
  const left = hold.tags.filter((one) => !cleared.has(one.tag));
  return left.length === 0 ? rest : { ...rest, hold: { ...hold, tags: left } };
}

/** isWorm tells whether anything guards the container's blobs, be it expired. */
export const isWorm = (worm: ContainerWorm): boolean => worm.policy !== undefined || worm.hold !== undefined;

/** changeRefusal says why an existing blob can't be changed. An expired policy still forbids it. */
export function changeRefusal(worm: ContainerWorm): Refusal | undefined {
  if (worm.hold !== undefined) return REFUSALS.immutableHold;
  return worm.policy === undefined ? undefined : REFUSALS.immutablePolicy;
}

/** deleteRefusal says why a blob can't be deleted: a hold, or a retention that hasn't ended. */
export function deleteRefusal(worm: ContainerWorm, blob: StoredBlob, now: number): Refusal | undefined {
  if (worm.hold !== undefined) return REFUSALS.immutableHold;
  if (worm.policy === undefined) return undefined;
  return now < retainedUntil(worm.policy, blob) ? REFUSALS.immutablePolicy : undefined;
}

/** appendRefusal says why nothing can be appended: the policy and the hold must both allow protected appends. */
export function appendRefusal(worm: ContainerWorm, blob: StoredBlob): Refusal | undefined {
  const isAppendBlob = blob.type === 'AppendBlob';
  if (worm.hold !== undefined && !(isAppendBlob && worm.hold.allowProtectedAppendWritesAll)) {
    return REFUSALS.immutableHold;
  }
  if (worm.policy !== undefined && !(isAppendBlob && allowsAppends(worm.policy))) return REFUSALS.immutablePolicy;
  return undefined;
}

/** retainedUntil is creation plus the newest period; an append blob that may grow counts from its last change. */
export function retainedUntil(policy: RetentionPolicy, blob: StoredBlob): number {
  const from = blob.type === 'AppendBlob' && allowsAppends(policy) ? blob.modifiedAt : blob.createdAt;
  return from + policy.periodDays * DAY_MS;
}

const allowsAppends = (policy: RetentionPolicy): boolean =>
  policy.allowProtectedAppendWrites || policy.allowProtectedAppendWritesAll;

function withUpdate(policy: RetentionPolicy, update: PolicyUpdate['update'], actor: Actor): RetentionPolicy {
  const entry: PolicyUpdate = {
    update,
    immutabilityPeriodSinceCreationInDays: policy.periodDays,
    timestamp: actor.timestamp,
    objectIdentifier: actor.objectIdentifier,
    tenantId: actor.tenantId,
    ...(policy.allowProtectedAppendWrites ? { allowProtectedAppendWrites: true } : {}),
    ...(policy.allowProtectedAppendWritesAll ? { allowProtectedAppendWritesAll: true } : {}),
  };
  return { ...policy, updateHistory: [...policy.updateHistory, entry] };
}

function settingsFault(settings: PolicySettings): Refusal | undefined {
  const { periodDays } = settings;
  if (!Number.isInteger(periodDays) || periodDays < 1 || periodDays > MAX_PERIOD_DAYS) {
    return refuse(
      400,
      'InvalidImmutabilityPeriod',
      `immutabilityPeriodSinceCreationInDays must be a whole number from 1 to ${MAX_PERIOD_DAYS}.`,
    );
  }
  if (settings.allowProtectedAppendWrites === true && settings.allowProtectedAppendWritesAll === true) {
    return refuse(
      400,
      'InvalidRequestPropertyValue',
      'allowProtectedAppendWrites and allowProtectedAppendWritesAll are mutually exclusive.',
    );
  }
  return undefined;
}

function tagsFault(tags: readonly string[]): Refusal | undefined {
  if (tags.length > 0 && tags.every((tag) => /^[A-Za-z0-9]{3,23}$/.test(tag))) return undefined;
  return refuse(400, 'InvalidLegalHoldTag', 'Give one or more tags of 3 to 23 letters and digits each.');
}

const wrongState = (): Refusal =>
  refuse(409, 'ImmutabilityPolicyLocked', 'Operation not allowed on immutability policy with current state.');

const noPolicy = (): Refusal => refuse(404, 'ImmutabilityPolicyNotFound', 'The container has no immutability policy.');
