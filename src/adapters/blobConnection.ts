import { BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
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
