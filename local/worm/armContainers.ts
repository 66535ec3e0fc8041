import { containerId, policyProperties } from './armResource.ts';
import type { ArmDeps, ArmRequest } from './armResource.ts';
import { armAnswer, isRefusal, jsonAnswer, refuse } from './errors.ts';
import type { Answer, Refusal } from './errors.ts';
import { isWorm } from './policy.ts';
import type { ContainerWorm } from './policy.ts';
import type { Reply } from './upstream.ts';

/** ArmContainers manages blob containers. */
export interface ArmContainers {
  list(): Promise<Answer>;
  get(container: string): Promise<Answer>;
  create(container: string, request: ArmRequest): Promise<Answer>;
  update(container: string, request: ArmRequest): Promise<Answer>;
  delete(container: string): Promise<Answer>;
  /** deleteAll deletes the account: every container, unless one of them protects it. */
  deleteAll(): Promise<Answer>;
  /** missing says that there is no such container, or nothing. */
  missing(container: string): Promise<Refusal | undefined>;
}

const RESOURCE_TYPE = 'Microsoft.Storage/storageAccounts/blobServices/containers';

/** createArmContainers makes the container operations of the management plane. */
export function createArmContainers(deps: ArmDeps): ArmContainers {
  const target = (container: string, query = ''): string =>
    `/${deps.account}/${encodeURIComponent(container)}?restype=container${query}`;

  const get = async (container: string, status = 200): Promise<Answer> => {
    const reply = await deps.upstream.ask('GET', target(container));
    if (reply.status !== 200) return armAnswer(refusalOf(reply));
    const properties = containerProperties(reply.headers, deps.state.of(container));
    const etag = String(reply.headers.etag);
    return jsonAnswer(status, { ...resource(deps, container), etag, properties }, { etag });
  };

  const hasBlobs = async (container: string): Promise<boolean> => {
    const query = '&comp=list&maxresults=1&include=snapshots,uncommittedblobs';
    const reply = await deps.upstream.ask('GET', target(container, query));
    if (reply.status !== 200)
      throw new Error(`Azurite answered ${reply.status} when asked for the blobs of ${container}`);
    return reply.body.includes('<Blob>');
  };

  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    let marker = '';
    do {
      const reply = await deps.upstream.ask('GET', `/${deps.account}?comp=list&marker=${encodeURIComponent(marker)}`);
      if (reply.status !== 200) throw new Error(`Azurite answered ${reply.status} when asked for its containers`);
      const xml = reply.body.toString();
      for (const [, name = ''] of xml.matchAll(/<Container><Name>([^<]*)<\/Name>/g)) found.push(name);
      marker = /<NextMarker>([^<]*)<\/NextMarker>/.exec(xml)?.[1] ?? '';
    } while (marker !== '');
    return found;
  };

  const deleteRefusal = async (container: string): Promise<Refusal | undefined> => {
    const { policy, hold } = deps.state.of(container);
    if (hold !== undefined) return protectedContainer(container, 'LegalHold');
    return policy !== undefined && (await hasBlobs(container))
      ? protectedContainer(container, 'ImmutabilityPolicy')
      : undefined;
  };

  const remove = async (container: string): Promise<Reply> => {
    const reply = await deps.upstream.ask('DELETE', target(container));
    if (reply.status === 202) await deps.state.change(container, () => ({}));
    return reply;
  };

  return {
    get,
    list: async () => {
      const value: unknown[] = [];
      for (const name of await names()) value.push(JSON.parse((await get(name)).body.toString()));
      return jsonAnswer(200, { value });
    },
    create: async (container, request) => {
      const fault = settingsFault(request);
      if (fault !== undefined) return armAnswer(fault);
      const reply = await deps.upstream.ask('PUT', target(container), metadataHeaders(request));
      if (reply.status === 201) return get(container, 201);
      const isThere = reply.headers['x-ms-error-code'] === 'ContainerAlreadyExists';
      return isThere ? get(container) : armAnswer(refusalOf(reply));
    },
    update: async (container, request) => {
      const fault = settingsFault(request);
      if (fault !== undefined) return armAnswer(fault);
      if (request.properties['metadata'] !== undefined) {
        const reply = await deps.upstream.ask('PUT', target(container, '&comp=metadata'), metadataHeaders(request));
        if (reply.status !== 200) return armAnswer(refusalOf(reply));
      }
      return get(container);
    },
    delete: async (container) => {
      const refusal = await deleteRefusal(container);
      if (refusal !== undefined) return armAnswer(refusal);
      const reply = await remove(container);
      if (reply.status === 202) return jsonAnswer(200, {});
      return reply.status === 404 ? { status: 204, headers: {}, body: '' } : armAnswer(refusalOf(reply));
    },
    deleteAll: async () => {
      const all = await names();
      for (const name of all) {
        const { policy, hold } = deps.state.of(name);
        if ((hold !== undefined || policy?.state === 'Locked') && (await hasBlobs(name))) {
          return armAnswer(
            protectedAccount(deps, name, hold === undefined ? 'a locked immutability policy' : 'a legal hold'),
          );
        }
      }
      for (const name of all) {
        const reply = await remove(name);
        if (reply.status !== 202) return armAnswer(refusalOf(reply));
      }
      return jsonAnswer(200, {});
    },
    missing: async (container) => {
      const reply = await deps.upstream.ask('GET', target(container));
      return reply.status === 200 ? undefined : refusalOf(reply);
    },
  };
}

const resource = (deps: ArmDeps, container: string): object => ({
  id: containerId(deps, container),
  name: container,
  type: RESOURCE_TYPE,
});

function containerProperties(headers: Reply['headers'], worm: ContainerWorm): object {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-ms-meta-'));
  const { policy, hold } = worm;
  return {
    publicAccess: 'None',
    leaseStatus: capitalized(headers['x-ms-lease-status']),
    leaseState: capitalized(headers['x-ms-lease-state']),
    lastModifiedTime: new Date(String(headers['last-modified'])).toISOString(),
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-ms-meta-'.length), value])),
    hasImmutabilityPolicy: policy !== undefined,
    hasLegalHold: hold !== undefined,
    immutableStorageWithVersioning: { enabled: false },
    ...(isWorm(worm) ? guards(worm) : {}),
  };
}

function guards({ policy, hold }: ContainerWorm): object {
  return {
    ...(policy === undefined
      ? {}
      : {
          immutabilityPolicy: {
            etag: `"${policy.etag}"`,
            updateHistory: policy.updateHistory,
            properties: policyProperties(policy),
          },
        }),
    ...(hold === undefined
      ? {}
      : {
          legalHold: {
            hasLegalHold: true,
            tags: hold.tags,
            protectedAppendWritesHistory: {
              allowProtectedAppendWritesAll: hold.allowProtectedAppendWritesAll,
              timestamp: hold.appendWritesSetAt,
            },
          },
        }),
  };
}

const capitalized = (value: unknown): string => {
  const text = String(value);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
};

function settingsFault({ properties }: ArmRequest): Refusal | undefined {
  const { publicAccess = 'None', immutableStorageWithVersioning: versioning } = properties;
  if (publicAccess !== 'None') {
    return refuse(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this storage account.');
  }
  const isVersioned =
    typeof versioning === 'object' && versioning !== null && 'enabled' in versioning && versioning.enabled;
  return isVersioned === true
    ? refuse(501, 'NotImplemented', 'The local stand-in has container-level immutability only, not version-level.')
    : undefined;
}

function metadataHeaders({ properties }: ArmRequest): Record<string, string> {
  const { metadata } = properties;
  if (typeof metadata !== 'object' || metadata === null) return {};
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name.toLowerCase()}`, String(value)]),
  );
}

function refusalOf(reply: Reply): Refusal {
  const code = reply.headers['x-ms-error-code'];
  const message = /<Message>([^<\n]*)/.exec(reply.body.toString())?.[1] ?? reply.reason;
  const refusal = refuse(reply.status, typeof code === 'string' ? code : 'BadRequest', message);
  return isRefusal(refusal) && reply.status >= 400
    ? refusal
    : refuse(500, 'InternalError', `Azurite answered ${reply.status}.`);
}

const protectedContainer = (container: string, by: string): Refusal =>
  refuse(409, 'ContainerProtectedFromDeletion', `The container ${container} is protected from deletion due to ${by}.`);

const protectedAccount = (deps: ArmDeps, container: string, by: string): Refusal =>
  refuse(
    409,
    'AccountProtectedFromDeletion',
    `The storage account ${deps.account} cannot be deleted: the container(s) ${container} have ${by}.`,
  );
