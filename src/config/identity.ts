import type { Read, Reader } from './settings.ts';

/** Identity is who to sign in to Azure as: a managed identity, or else the account that is signed in on this machine. */
export interface Identity {
  readonly managed: boolean;
  /** of a user-assigned identity */
  readonly clientId?: string;
}

type Connection = 'AzureWebJobsStorage' | 'HUB' | 'LEDGER' | 'TLOG' | 'SIGNER' | 'AUDITOR' | 'FORWARD' | 'DRILL';

/** identity is as whom a connection signs in. */
export function identity(settings: Read, name: Connection): Identity {
  const clientId = settings[`${name}__clientId`];
  return { managed: settings[`${name}__credential`] !== undefined, ...(clientId !== undefined && { clientId }) };
}

/** checkIdentity finds fault with the id of an identity that isn't one that is managed. */
export function checkIdentity(reader: Reader, name: Connection): void {
  if (reader.isSet(`${name}__clientId`) && !reader.isSet(`${name}__credential`))
    reader.fault(`${name}__clientId`, `needs ${name}__credential=managedidentity`);
}
