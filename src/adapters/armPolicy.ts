import type { BlobContainer, StorageManagementClient } from '@azure/arm-storage';
import { openCredential } from './credential.ts';
import type { AccountId } from '../config/azureIds.ts';
import type { Identity } from '../config/identity.ts';
import { AuditsealError } from '../core/errors.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type { AccountFacts, ContainerGuard, RoleAssignment } from '../core/objects/guard.ts';
import type { PolicyControl, PolicyReader } from '../ports/guard.ts';

const ENDPOINT = 'https://management.azure.com';

/** Bounds one question to Azure Resource Manager, its retries included. */
const TIMEOUT_MS = 60_000;

/** A list has at most so many pages; beyond it, it counts as unreadable. */
const MAX_PAGES = 50;

/** ArmConnection is how Azure Resource Manager is reached for one subscription. */
export interface ArmConnection {
  readonly client: StorageManagementClient;
  /** without a slash at its end */
  readonly endpoint: string;
  token(): Promise<string>;
}

/** ContainerPlace says where Azure Resource Manager has a container. */
export interface ContainerPlace extends AccountId {
  readonly container: string;
}

/** connectArm connects as that identity. The library is only loaded where it is used. */
export async function connectArm(subscription: string, identity: Identity): Promise<ArmConnection> {
  const { StorageManagementClient } = await import('@azure/arm-storage');
  const credential = await openCredential(identity);
  const client = new StorageManagementClient(credential, subscription, {
    userAgentOptions: { userAgentPrefix: 'auditseal' },
    retryOptions: { maxRetries: 3 },
  });
  const token = async (): Promise<string> => {
    const got = await credential.getToken(`${ENDPOINT}/.default`, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    if (got === null) throw new AuditsealError('STORE_UNAVAILABLE', 'signing in gave no token');
    return got.token;
  };
  return { client, endpoint: ENDPOINT, token };
}

/**
 * ArmPolicy reads and changes what guards a container through Azure Resource Manager. Reading needs the role Reader; each
 * change needs a right of its own, such as Microsoft.Storage/…/immutabilityPolicies/lock/action.
 */
export class ArmPolicy implements PolicyReader, PolicyControl {
  readonly #arm: ArmConnection;
  readonly #place: ContainerPlace;

  constructor(arm: ArmConnection, place: ContainerPlace) {
    this.#arm = arm;
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

  /** list reads a list that @azure/arm-storage has no operation for, page by page. */
  async #list(what: string, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#ask(what, async (signal) => {
      const all: Readonly<Record<string, unknown>>[] = [];
      let next: string | undefined = `${this.#arm.endpoint}${path}`;
      for (let pages = 0; next !== undefined; pages++) {
        if (pages === MAX_PAGES) throw new Error(`the list has more than ${MAX_PAGES} pages`);
        const headers = { authorization: `Bearer ${await this.#arm.token()}`, accept: 'application/json' };
        const response: Response = await fetch(next, { headers, signal, redirect: 'error' });
        const body: unknown = await response.json().catch(() => undefined);
        const { value, nextLink, error } = isJsonObject(body) ? body : {};
        if (!response.ok || !Array.isArray(value)) {
          const said = isJsonObject(error) ? error : {};
          throw Object.assign(
            new Error(typeof said['message'] === 'string' ? said['message'] : 'the answer holds no list'),
            {
              statusCode: response.status,
              code: said['code'],
            },
          );
        }
        all.push(...value.filter(isJsonObject));
        // The token goes nowhere else.
        if (typeof nextLink === 'string' && !nextLink.startsWith(`${this.#arm.endpoint}/`))
          throw new Error('the answer names a next page on another host');
        next = typeof nextLink === 'string' ? nextLink : undefined;
      }
      return all;
    });
  }

  async #ask<T>(what: string, question: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await question(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      throw faultOf(`can't ${what} of ${this.#place.account}/${this.#place.container}`, error);
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

function faultOf(what: string, error: unknown): AuditsealError {
  if (error instanceof AuditsealError) return error;
  const { statusCode, code, name } = Object(error) as Readonly<Record<'statusCode' | 'code' | 'name', unknown>>;
  const said = [statusCode, code].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
  const message = error instanceof Error ? error.message : String(error);
  const isSignIn =
    typeof name === 'string' && /^(CredentialUnavailable|Authentication|AggregateAuthentication)/.test(name);
  const advice = isSignIn
    ? 'nobody is signed in: on a machine sign in with az login, an app needs its managed identity'
    : ADVICE[String(statusCode)];
  const text = `${what}${said === '' ? '' : ` (${said})`}: ${advice ?? message.slice(0, 500)}`;
  const isRefused = statusCode === 401 || statusCode === 403 || statusCode === 404;
  return new AuditsealError(isRefused ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE', text, { cause: error });
}
