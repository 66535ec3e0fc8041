import { BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import type { StoragePipelineOptions } from '@azure/storage-blob';
import type { StorageConnection } from '../config.ts';

const OPTIONS: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 8000, tryTimeoutInMs: 60_000 },
  userAgentOptions: { userAgentPrefix: 'auditseal' },
};

/** connectContainer opens a container. The identity library is only loaded where an identity is used: it is slow to load. */
export async function connectContainer(connection: StorageConnection, container: string): Promise<ContainerClient> {
  if (connection.kind === 'connectionString') {
    return BlobServiceClient.fromConnectionString(connection.text, OPTIONS).getContainerClient(container);
  }
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const { serviceUri, managed, clientId } = connection;
  const credential = managed
    ? new ManagedIdentityCredential(clientId === undefined ? {} : { clientId })
    : new DefaultAzureCredential();
  return new BlobServiceClient(serviceUri, credential, OPTIONS).getContainerClient(container);
}

/** openContainer opens a container by its URL, with the SAS in it or else as who is signed in on this machine. */
export async function openContainer(url: string, hasSas: boolean): Promise<ContainerClient> {
  if (hasSas) return new ContainerClient(url, undefined, OPTIONS);
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new ContainerClient(url, new DefaultAzureCredential(), OPTIONS);
}
