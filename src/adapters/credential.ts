import type { TokenCredential } from '@azure/identity';

/** Identity is who to sign in to Azure as: a managed identity, or else the account that is signed in on this machine. */
export interface Identity {
  readonly managed: boolean;
  /** of a user-assigned identity */
  readonly clientId?: string;
}

/** openCredential signs in without secrets. The identity library is only loaded where it is used: it is slow to load. */
export async function openCredential({ managed, clientId }: Identity): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  return managed
    ? new ManagedIdentityCredential(clientId === undefined ? {} : { clientId })
    : new DefaultAzureCredential();
}
