import type { Read, Reader } from './settings.ts';

type Connection = 'AzureWebJobsStorage' | 'HUB' | 'LEDGER' | 'TLOG' | 'SIGNER' | 'AUDITOR' | 'DRILL';

/** identity is as whom a connection signs in. */
export function identity(settings: Read, name: Connection): { readonly managed: boolean; readonly clientId?: string } {
  const clientId = settings[`${name}__clientId`];
  return { managed: settings[`${name}__credential`] !== undefined, ...(clientId !== undefined && { clientId }) };
}

/** checkIdentity finds fault with the id of an identity that isn't one that is managed. */
export function checkIdentity(reader: Reader, name: Connection): void {
  if (reader.isSet(`${name}__clientId`) && !reader.isSet(`${name}__credential`))
    reader.fault(`${name}__clientId`, `needs ${name}__credential=managedidentity`);
}
