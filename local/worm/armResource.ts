import type { RetentionPolicy } from './policy.ts';
import type { ArmResources } from '../arm/resources.ts';
import type { Upstream } from './upstream.ts';
import type { WormState } from './wormState.ts';

/** ArmDeps are what the management plane works with. */
export interface ArmDeps {
  readonly account: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly upstream: Upstream;
  readonly state: WormState;
  /** everything but the account */
  readonly resources: ArmResources;
  readonly now: () => number;
}

/** ArmRequest is a request of the management plane, read whole. */
export interface ArmRequest {
  readonly method: string;
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  /** path and query */
  readonly url: string;
  readonly ifMatch: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly accountUrl: string;
}

/** accountId is the resource id of the account. */
export const accountId = (deps: ArmDeps): string =>
  `/subscriptions/${deps.subscriptionId}/resourceGroups/${deps.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${deps.account}`;

/** containerId is the resource id of a container. */
export const containerId = (deps: ArmDeps, container: string): string =>
  `${accountId(deps)}/blobServices/default/containers/${container}`;

/** policyProperties shows a policy's settings; without a policy, as Azure does, an unlocked one of no days. */
export function policyProperties(policy: RetentionPolicy | undefined): object {
  if (policy === undefined) return { immutabilityPeriodSinceCreationInDays: 0, state: 'Unlocked' };
  return {
    immutabilityPeriodSinceCreationInDays: policy.periodDays,
    state: policy.state,
    allowProtectedAppendWrites: policy.allowProtectedAppendWrites,
    allowProtectedAppendWritesAll: policy.allowProtectedAppendWritesAll,
  };
}
