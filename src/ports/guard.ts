import type { AccountFacts, ContainerGuard, ForbiddenChange, RoleAssignment, Tried } from '../core/objects/guard.ts';

/**
 * PolicyReader reads what Azure says of a ledger's container. Each method throws STORE_REFUSED where a right is missing or
 * nothing is there, and STORE_UNAVAILABLE for all else.
 */
export interface PolicyReader {
  guard(): Promise<ContainerGuard>;
  account(): Promise<AccountFacts>;
  /** locks gives the levels of the management locks on the account or, if it has none, on its resource group. */
  locks(): Promise<readonly string[]>;
  roles(): Promise<readonly RoleAssignment[]>;
}

/** PolicyControl changes what guards a container. Each method throws like those of PolicyReader. */
export interface PolicyControl extends Pick<PolicyReader, 'guard'> {
  /** lock locks the policy of that etag, for ever. */
  lock(etag: string): Promise<void>;
  /** extend lengthens the locked policy of that etag to so many days. */
  extend(etag: string, days: number): Promise<void>;
  setHold(tag: string): Promise<void>;
  clearHold(tag: string): Promise<void>;
}

/** Canaries are objects that hold nothing, for trying on them what a write-once container must refuse. */
export interface Canaries {
  /** make creates one as that kind of blob, unless it is there. It throws STORE_UNAVAILABLE for every failure. */
  make(name: string, kind: 'block' | 'append'): Promise<void>;
  /** attempt tries to change one that is there. It never rejects. */
  attempt(name: string, change: ForbiddenChange): Promise<Tried>;
}
