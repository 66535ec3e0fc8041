import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
// Azurite's package exports nothing: the version is pinned, and these paths belong to it.
import blobConfiguration from 'azurite/dist/src/blob/BlobConfiguration.js';
import blobServer from 'azurite/dist/src/blob/BlobServer.js';
import memoryExtentStore from 'azurite/dist/src/common/persistence/MemoryExtentStore.js';

/** Azurite is a running blob emulator. Only the WORM gateway may talk to it: it knows nothing of immutability. */
export interface Azurite {
  /** http://127.0.0.1:PORT, without the account. */
  readonly url: string;
  close(): Promise<void>;
}

const KEEP_ALIVE_SECONDS = 60;

/**
 * startAzurite starts Azurite inside this process on an ephemeral port: in memory, or on disk when dataDir is given.
 * No telemetry is sent and nothing is logged.
 */
export async function startAzurite(options: { account: string; key: string; dataDir?: string }): Promise<Azurite> {
  const { default: BlobServer } = blobServer;
  const { default: BlobConfiguration } = blobConfiguration;
  const { dataDir } = options;
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true });
  const folder = dataDir ?? '.';
  const server = new BlobServer(
    new BlobConfiguration(
      '127.0.0.1',
      0,
      KEEP_ALIVE_SECONDS,
      join(folder, 'blobs.json'),
      join(folder, 'extents.json'),
      [{ locationId: 'Default', locationPath: join(folder, 'extents'), maxConcurrency: 10 }],
      false, // access log
      undefined,
      false, // debug log
      undefined,
      false, // loose
      false, // skip the check of the API version: Azurite knows the version that the pinned SDK sends
      '', // certificate
      '',
      '',
      undefined, // OAuth
      true, // the account is always the first part of the path, whatever the host is called
      dataDir === undefined,
      dataDir === undefined ? new memoryExtentStore.MemoryExtentChunkStore() : undefined,
    ),
  );
  const { accountDataStore } = server;
  // Azurite takes accounts from an environment variable that all servers and children of a process would share.
  accountDataStore.refresh = () => {
    accountDataStore.accounts = {
      [options.account]: { name: options.account, key1: Buffer.from(options.key, 'base64') },
    };
  };
  await server.start();
  return { url: server.getHttpServerAddress(), close: async () => server.close() };
}
