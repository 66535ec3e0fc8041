import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
// Azurite's package exports nothing: the version is pinned, and these paths belong to it.
import blobConfiguration from 'azurite/dist/src/blob/BlobConfiguration.js';
import blobServer from 'azurite/dist/src/blob/BlobServer.js';
import memoryExtentStore from 'azurite/dist/src/common/persistence/MemoryExtentStore.js';
import queueConfiguration from 'azurite/dist/src/queue/QueueConfiguration.js';
import queueServer from 'azurite/dist/src/queue/QueueServer.js';

/** Azurite is a running emulator of one service. To that of blobs only the WORM gateway may talk: it knows nothing of immutability. */
export interface Azurite {
  /** http://127.0.0.1:PORT, without the account. */
  readonly url: string;
  close(): Promise<void>;
}

interface AzuriteOptions {
  readonly account: string;
  readonly key: string;
  readonly dataDir?: string;
}

const KEEP_ALIVE_SECONDS = 60;

/**
 * startAzurite starts Azurite's blob service inside this process on an ephemeral port: in memory, or on disk when dataDir is given.
 * No telemetry is sent and nothing is logged.
 */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const { default: BlobServer } = blobServer;
  const { default: BlobConfiguration } = blobConfiguration;
  return start(new BlobServer(new BlobConfiguration(...(await settingsOf(options, 'blobs', 0)))), options);
}

/** startAzuriteQueues does so with its queue service, on a port, or on any that is free. */
export async function startAzuriteQueues(options: AzuriteOptions & { readonly port: number }): Promise<Azurite> {
  const { default: QueueServer } = queueServer;
  const { default: QueueConfiguration } = queueConfiguration;
  return start(
    new QueueServer(new QueueConfiguration(...(await settingsOf(options, 'queues', options.port)))),
    options,
  );
}

async function settingsOf({ dataDir }: AzuriteOptions, what: string, port: number): Promise<readonly unknown[]> {
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true });
  const folder = dataDir ?? '.';
  return [
    '127.0.0.1',
    port,
    KEEP_ALIVE_SECONDS,
    join(folder, `${what}.json`),
    join(folder, 'extents.json'),
    [{ locationId: 'Default', locationPath: join(folder, 'extents'), maxConcurrency: 10 }],
    false, // access log
    undefined,
    false, // debug log
    undefined,
    false, // loose
    false, // skip the check of the API version: Azurite knows the version that the pinned SDKs send
    '', // certificate
    '',
    '',
    undefined, // OAuth
    true, // the account is always the first part of the path, whatever the host is called
    dataDir === undefined,
    dataDir === undefined ? new memoryExtentStore.MemoryExtentChunkStore() : undefined,
  ];
}

async function start(
  server: InstanceType<typeof blobServer.default>,
  { account, key }: AzuriteOptions,
): Promise<Azurite> {
  const { accountDataStore } = server;
  // Azurite takes accounts from an environment variable that all servers and children of a process would share.
  accountDataStore.refresh = () => {
    accountDataStore.accounts = { [account]: { name: account, key1: Buffer.from(key, 'base64') } };
  };
  await server.start();
  return { url: server.getHttpServerAddress(), close: async () => server.close() };
}
