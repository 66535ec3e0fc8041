import type { BlobContainer } from '@azure/arm-storage';
import { ArmRest, TIMEOUT_MS, armFault } from './arm.ts';
import type { ArmConnection, ArmObject } from './arm.ts';
import type { AccountId } from '../config/azureIds.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type { AccountFacts, ContainerGuard, RoleAssignment } from '../core/objects/guard.ts';
import type { PolicyControl, PolicyReader } from '../ports/guard.ts';

/** ContainerPlace says where Azure Resource Manager has a container. */
export interface ContainerPlace extends AccountId {
  readonly container: string;
}

/**
 * ArmPolicy reads and changes what guards a container through Azure Resource Manager. Reading needs the role Reader; each
 * change needs a right of its own, such as Microsoft.Storage/…/immutabilityPolicies/lock/action.
 */
export class ArmPolicy implements PolicyReader, PolicyControl {
  readonly #arm: ArmConnection;
  readonly #rest: ArmRest;
  readonly #place: ContainerPlace;

  constructor(arm: ArmConnection, place: ContainerPlace) {
    this.#arm = arm;
    this.#rest = new ArmRest(arm, { advice: ADVICE });
    this.#place = place;
  }

  async guard(): Promise<ContainerGuard> {
    const { resourceGroup, account, container } = this.#place;
    return this.#ask('read the container', async (abortSignal) =>
      guardOf(await this.#arm.client.blobContainers.get(resourceGroup, account, container, { abortSignal })),
    );
  }

  async account(): Promise<AccountFacts> {
    const { resourceGroup, account } = this.#place;
    const it = await this.#ask('read the account', async (abortSignal) =>
      this.#arm.client.storageAccounts.getProperties(resourceGroup, account, { abortSignal }),
    );
    return {
      allowSharedKeyAccess: it.allowSharedKeyAccess,
      allowBlobPublicAccess: it.allowBlobPublicAccess,
      allowCrossTenantReplication: it.allowCrossTenantReplication,
      httpsOnly: it.enableHttpsTrafficOnly,
      minimumTlsVersion: it.minimumTlsVersion,
      publicNetworkAccess: it.publicNetworkAccess,
      networkDefaultAction: it.networkRuleSet?.defaultAction,
      infrastructureEncryption: it.encryption?.requireInfrastructureEncryption,
      keyExpirationDays: it.keyPolicy?.keyExpirationPeriodInDays,
    };
  }

  async locks(): Promise<readonly string[]> {
    const { subscription, resourceGroup } = this.#place;
    // The role Reader on the account is enough where it has a lock of its own.
    const own = await this.#locksOf(this.#accountId());
    return own.length > 0 ? own : this.#locksOf(`/subscriptions/${subscription}/resourceGroups/${resourceGroup}`);
  }

  async #locksOf(scope: string): Promise<readonly string[]> {
    const path = `${scope}/${AUTHORIZATION}/locks?api-version=2020-05-01`;
    const account = this.#accountId().toLowerCase();
    return (await this.#list('read the management locks', path)).flatMap(({ id, properties }) => {
      // The list has the locks of everything in the scope.
      const locked = String(id).toLowerCase().split(`/${AUTHORIZATION.toLowerCase()}/`)[0] ?? '';
      const covers = account === locked || account.startsWith(`${locked}/`);
      return covers && isJsonObject(properties) ? [String(properties['level'])] : [];
    });
  }

  async roles(): Promise<readonly RoleAssignment[]> {
    const scope = `${this.#accountId()}/blobServices/default/containers/${this.#place.container}`;
    const query = 'api-version=2022-04-01&$filter=atScope()';
    const found = await this.#list('read the role assignments', `${scope}/${AUTHORIZATION}/roleAssignments?${query}`);
    return found.flatMap(({ properties }) => {
      if (!isJsonObject(properties)) return [];
      const { roleDefinitionId, principalId, scope } = properties;
      const role = String(roleDefinitionId).split('/').at(-1) ?? '';
      return [{ role, principal: String(principalId), scope: String(scope) }];
    });
  }

  async lock(etag: string): Promise<void> {
    const { resourceGroup, account, container } = this.#place;
    await this.#ask('lock the policy', async (abortSignal) =>
      this.#arm.client.blobContainers.lockImmutabilityPolicy(resourceGroup, account, container, etag, { abortSignal }),
    );
  }

  async extend(etag: string, days: number): Promise<void> {
    const { resourceGroup, account, container } = this.#place;
    const parameters = { immutabilityPeriodSinceCreationInDays: days };
    await this.#ask('extend the policy', async (abortSignal) =>
      this.#arm.client.blobContainers.extendImmutabilityPolicy(resourceGroup, account, container, etag, {
        parameters,
        abortSignal,
      }),
    );
  }

  async setHold(tag: string): Promise<void> {
    const { resourceGroup, account, container } = this.#place;
    await this.#ask('set the hold', async (abortSignal) =>
      this.#arm.client.blobContainers.setLegalHold(resourceGroup, account, container, { tags: [tag] }, { abortSignal }),
    );
  }

  async clearHold(tag: string): Promise<void> {
    const { resourceGroup, account, container } = this.#place;
    const hold = { tags: [tag] };
    await this.#ask('clear the hold', async (abortSignal) =>
      this.#arm.client.blobContainers.clearLegalHold(resourceGroup, account, container, hold, { abortSignal }),
    );
  }

  #accountId(): string {
    const { subscription, resourceGroup, account } = this.#place;
    return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`;
  }

  /** #list reads a list that @azure/arm-storage has no operation for. */
  async #list(what: string, path: string): Promise<readonly ArmObject[]> {
    return this.#rest.list(this.#of(what), path);
  }

  #of(what: string): string {
    return `${what} of ${this.#place.account}/${this.#place.container}`;
  }

  async #ask<T>(what: string, question: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await question(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      throw armFault(`can't ${this.#of(what)}`, error, ADVICE);
    }
  }
}

const AUTHORIZATION = 'providers/Microsoft.Authorization';

function guardOf({
  immutabilityPolicy,
  hasImmutabilityPolicy,
  legalHold,
  publicAccess = 'None',
}: BlobContainer): ContainerGuard {
  const whoOf = ({ upn, objectIdentifier }: { readonly upn?: string; readonly objectIdentifier?: string }): string =>
    upn ?? objectIdentifier ?? 'unknown';
  const timeOf = ({ timestamp }: { readonly timestamp?: Date }): string => timestamp?.toISOString() ?? 'unknown';
  const tags = (legalHold?.tags ?? []).map((one) => ({ tag: one.tag ?? '', time: timeOf(one), who: whoOf(one) }));
  const rest = {
    publicAccess,
    tags,
    allowsHoldAppends:
      tags.length > 0 && legalHold?.protectedAppendWritesHistory?.allowProtectedAppendWritesAll === true,
  };
  if (hasImmutabilityPolicy !== true) return rest;
  const { state, immutabilityPeriodSinceCreationInDays: days, etag, updateHistory = [] } = immutabilityPolicy ?? {};
  if ((state !== 'Unlocked' && state !== 'Locked') || days === undefined || etag === undefined)
    throw new Error('the answer states a policy without state, days or etag');
  const { allowProtectedAppendWrites = false, allowProtectedAppendWritesAll = false } = immutabilityPolicy ?? {};
  return {
    ...rest,
    policy: {
      state,
      days,
      etag: etag.replaceAll('"', ''),
      allowsAppends: allowProtectedAppendWrites || allowProtectedAppendWritesAll,
      history: updateHistory.map((one) => ({
        update: one.update ?? '',
        days: one.immutabilityPeriodSinceCreationInDays ?? 0,
        time: timeOf(one),
        who: whoOf(one),
      })),
    },
  };
}

const RIGHTS =
  'whoever is signed in needs the role Reader on the account to look, and to change something the rights under ' +
  'Microsoft.Storage/storageAccounts/blobServices/containers/ for it (the role Storage Account Contributor has them)';

const ADVICE: Readonly<Record<string, string>> = {
  401: RIGHTS,
  403: RIGHTS,
  404: 'there is no such subscription, resource group, account or container, or whoever is signed in may not see it',
};
