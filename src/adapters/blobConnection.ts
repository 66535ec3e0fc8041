import { BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import type { StoragePipelineOptions } from '@azure/storage-blob';
import type { StorageConnection } from '../config/storage.ts';
import { openCredential } from './credential.ts';

const OPTIONS: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 8000, tryTimeoutInMs: 60_000 },
  userAgentOptions: { userAgentPrefix: 'auditseal' },
};

/** connectContainer opens a container. */
export async function connectContainer(connection: StorageConnection, container: string): Promise<ContainerClient> {
  if (connection.kind === 'connectionString') {
    return BlobServiceClient.fromConnectionString(connection.text, OPTIONS).getContainerClient(container);
  }
  const credential = await openCredential(connection);
  return new BlobServiceClient(connection.serviceUri, credential, OPTIONS).getContainerClient(container);
}

/** openContainer opens a container by its URL, with the SAS in it or else as the account that is signed in on this machine. */
export async function openContainer(url: string, hasSas: boolean): Promise<ContainerClient> {
  if (hasSas) return new ContainerClient(url, undefined, OPTIONS);
  return new ContainerClient(url, await openCredential({ managed: false }), OPTIONS);
}
