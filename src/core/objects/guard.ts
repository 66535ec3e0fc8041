/** PolicyUpdate is a change of a retention policy that Azure remembers. */
export interface PolicyUpdate {
  /** 'put', 'lock' or 'extend' */
  readonly update: string;
  readonly days: number;
  readonly time: string;
  /** a sign-in name where Azure tells it, or else an object id */
  readonly who: string;
}

/** RetentionPolicy is a container's time-based retention policy, as Azure shows it. */
export interface RetentionPolicy {
  readonly state: 'Unlocked' | 'Locked';
  readonly days: number;
  /** without quotes */
  readonly etag: string;
  readonly allowsAppends: boolean;
  readonly history: readonly PolicyUpdate[];
}

/** ContainerGuard is what makes a container write-once. */
export interface ContainerGuard {
  readonly policy?: RetentionPolicy;
  readonly allowsHoldAppends: boolean;
  readonly publicAccess: string;
  readonly tags: readonly { readonly tag: string; readonly time: string; readonly who: string }[];
}

/** MAX_EXTENSIONS is how often Azure lets a locked policy be extended. */
export const MAX_EXTENSIONS = 5;

/** extensionsOf counts how often a policy was extended, by its history. */
export const extensionsOf = ({ policy }: ContainerGuard): number =>
  policy?.history.filter(({ update }) => update === 'extend').length ?? 0;

/** AccountFacts are the settings of a storage account; what Azure doesn't state is undefined. */
export interface AccountFacts {
  readonly allowSharedKeyAccess: boolean | undefined;
  readonly allowBlobPublicAccess: boolean | undefined;
  readonly allowCrossTenantReplication: boolean | undefined;
  readonly httpsOnly: boolean | undefined;
  readonly minimumTlsVersion: string | undefined;
  readonly publicNetworkAccess: string | undefined;
  readonly networkDefaultAction: string | undefined;
  readonly infrastructureEncryption: boolean | undefined;
  readonly keyExpirationDays: number | undefined;
}

/** RoleAssignment says that somebody has a role at a scope that covers the container. */
export interface RoleAssignment {
  /** last part of the role's id */
  readonly role: string;
  readonly principal: string;
  readonly scope: string;
}

/** ForbiddenChange is what a write-once container must refuse to do to an object. */
export type ForbiddenChange =
  'overwrite' | 'overwrite by blocks' | 'set metadata' | 'set properties' | 'append' | 'delete';

/** Tried is what came of a forbidden change. */
export interface Tried {
  /** 'refused': because the object is immutable. 'unverified': for any other reason, which says nothing of that. */
  readonly outcome: 'refused' | 'done' | 'unverified';
  /** status and code of the store's answer */
  readonly said: string;
}

/** PosturePromise is what the ledger's container is to be compared with. */
export interface PosturePromise {
  readonly account: string;
  readonly container: string;
  /** how many days the policy must retain at least */
  readonly retentionDays: number;
}

/** DrillAttempt is a change that a drill tried on a canary, and what came of it. */
export interface DrillAttempt extends Tried {
  readonly object: string;
  readonly change: ForbiddenChange;
}
