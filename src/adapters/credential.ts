import type { TokenCredential } from '@azure/identity';
import type { Identity } from '../config/identity.ts';

/** openCredential signs in without secrets. The identity library is only loaded where it is used: it is slow to load. */
export async function openCredential({ managed, clientId }: Identity): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  return managed
    ? new ManagedIdentityCredential(clientId === undefined ? {} : { clientId })
    : new DefaultAzureCredential();
}
