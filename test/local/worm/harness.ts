import { once } from 'node:events';
import { createServer, request } from 'node:http';
import {
  ContainerClient,
  ContainerSASPermissions,
  RestError,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import type { StorageManagementClient } from '@azure/arm-storage';
import { startAzurite } from '../../../local/azurite.ts';
import { createArmClient } from '../../../local/worm/armClient.ts';
import { startWormGateway } from '../../../local/worm/gateway.ts';
import type { WormGateway } from '../../../local/worm/gateway.ts';

export const ACCOUNT = 'testaccount';
export const KEY = Buffer.alloc(64, 'k').toString('base64');
export const GROUP = 'rg-test';
export const SUBSCRIPTION = '00000000-0000-0000-0000-0000000000aa';
export const DAY_MS = 86_400_000;
export const CREDENTIAL = new StorageSharedKeyCredential(ACCOUNT, KEY);

/** OPTIONS make the clients try once: a refusal is what the tests are about. */
export const OPTIONS = { retryOptions: { maxTries: 1 } };

/** STATES are what can guard a container. */
export const STATES = ['none', 'unlocked', 'locked', 'hold', 'expired', 'expiredHold'] as const;
export type State = (typeof STATES)[number];

export interface Stack {
  readonly gateway: WormGateway;
  readonly arm: StorageManagementClient;
  readonly azuriteUrl: string;
  /** clock is what the gateway's clock is ahead of the real one. */
  readonly clock: { aheadMs: number };
  container(name: string): ContainerClient;
  sasContainer(name: string, permissions: string): ContainerClient;
  putPolicy(container: string, days: number, flags?: object): Promise<string>;
  lockedPolicy(container: string, days: number, flags?: object): Promise<string>;
  close(): Promise<void>;
}

/**
 * startStack starts Azurite and the gateway; with a folder, on what an earlier stack left there; with a hook, it is
 * called with the method of each request of the gateway before Azurite gets it.
 */
export async function startStack(folder?: string, hook?: (method: string) => Promise<void>): Promise<Stack> {
  const clock = { aheadMs: 0 };
  const azurite = await startAzurite({
    account: ACCOUNT,
    key: KEY,
    ...(folder === undefined ? {} : { dataDir: `${folder}/azurite` }),
  });
  const middle = hook === undefined ? undefined : await startMiddle(azurite.url, hook);
  const gateway = await startWormGateway({
    upstream: middle?.url ?? azurite.url,
    account: ACCOUNT,
    key: KEY,
    subscriptionId: SUBSCRIPTION,
    resourceGroup: GROUP,
    now: () => Date.now() + clock.aheadMs,
    ...(folder === undefined ? {} : { dataDir: `${folder}/worm` }),
  });
  const arm = createArmClient(gateway.armUrl, SUBSCRIPTION);
  const putPolicy = async (container: string, days: number, flags: object = {}): Promise<string> => {
    const parameters = { immutabilityPeriodSinceCreationInDays: days, ...flags };
    const policy = await arm.blobContainers.createOrUpdateImmutabilityPolicy(GROUP, ACCOUNT, container, { parameters });
    return policy.etag ?? '';
  };
  return {
    gateway,
    arm,
    azuriteUrl: azurite.url,
    clock,
    container: (name) => new ContainerClient(`${gateway.blobUrl}/${name}`, CREDENTIAL, OPTIONS),
    sasContainer: (name, permissions) =>
      new ContainerClient(`${gateway.blobUrl}/${name}?${sasOf(name, permissions)}`, undefined, OPTIONS),
    putPolicy,
    lockedPolicy: async (container, days, flags) => {
      const etag = await putPolicy(container, days, flags);
      return (await arm.blobContainers.lockImmutabilityPolicy(GROUP, ACCOUNT, container, etag)).etag ?? '';
    },
    close: async () => {
      await gateway.close();
      await middle?.close();
      await azurite.close();
    },
  };
}

/** startMiddle starts a server between the gateway and Azurite. */
async function startMiddle(
  azuriteUrl: string,
  hook: (method: string) => Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const { hostname: host, port } = new URL(azuriteUrl);
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path, rawHeaders: headers } = incoming;
    void hook(method).then(() => {
      const onward = request({ host, port, method, path, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 500, reply.rawHeaders);
        reply.pipe(outgoing);
      });
      incoming.pipe(onward);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** sasOf gives the query of a container SAS. */
export function sasOf(containerName: string, permissions: string): string {
  const values = {
    containerName,
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn: new Date(Date.now() + 3_600_000),
  };
  return generateBlobSASQueryParameters(values, CREDENTIAL).toString();
}

/** outcomeOf gives 'ok', or status and code of a refusal. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof RestError) return `${error.statusCode} ${error.code}`;
    throw error;
  }
}

/** pictureOf gives all there is of a container's blobs, to compare before with after. */
export async function pictureOf(container: ContainerClient, prefix = ''): Promise<unknown[]> {
  const picture: unknown[] = [];
  const list = {
    prefix,
    includeSnapshots: true,
    includeMetadata: true,
    includeTags: true,
    includeUncommitedBlobs: true,
  };
  for await (const blob of container.listBlobsFlat(list)) {
    const { name, snapshot, metadata, tags, properties } = blob;
    const client =
      snapshot === undefined ? container.getBlobClient(name) : container.getBlobClient(name).withSnapshot(snapshot);
    const isCommitted = properties.createdOn !== undefined;
    const content = isCommitted ? (await client.downloadToBuffer()).toString('base64') : undefined;
    picture.push({ name, snapshot, metadata, tags, properties, content });
  }
  return picture;
}

/** guard brings a container into a state. The clock moves on for one that has expired. */
export async function guard(stack: Stack, name: string, state: State): Promise<void> {
  if (state === 'unlocked') await stack.putPolicy(name, 1000);
  if (state === 'locked') await stack.lockedPolicy(name, 1000);
  if (state === 'expired' || state === 'expiredHold') {
    await stack.lockedPolicy(name, 1);
    stack.clock.aheadMs = DAY_MS + 60_000;
  }
  if (state === 'hold' || state === 'expiredHold') {
    await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, name, { tags: ['Case123'] });
  }
}
