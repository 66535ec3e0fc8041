import { checkIdentity, identity } from './identity.ts';
import type { Identity } from './identity.ts';
import type { Read, Reader } from './settings.ts';

/** StorageConnection is how to reach a storage account, by the convention of Azure Functions' own connections. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly text: string }
  | ({ readonly kind: 'identity'; readonly serviceUri: string } & Identity);

type Account = 'LEDGER' | 'TLOG' | 'AzureWebJobsStorage';

/** storageConnection is what the settings say of an account. */
export function storageConnection(settings: Read, name: Account): StorageConnection {
  const serviceUri = settings[`${name}__blobServiceUri`];
  return serviceUri === undefined
    ? { kind: 'connectionString', text: settings[name] as string }
    : { kind: 'identity', serviceUri, ...identity(settings, name) };
}

/**
 * accountName gives the name of the account of a connection; undefined where it doesn't tell. An emulator has it in the path.
 * learn.microsoft.com/azure/storage/common/storage-use-emulator
 */
export function accountName(connection: StorageConnection): string | undefined {
  const of = (name: string): string | undefined =>
    connection.kind === 'identity'
      ? undefined
      : new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, 'i').exec(connection.text)?.[1];
  const endpoint = connection.kind === 'identity' ? connection.serviceUri : of('BlobEndpoint');
  if (endpoint === undefined || !URL.canParse(endpoint)) return of('AccountName');
  const { hostname, pathname } = new URL(endpoint);
  const isEmulator = /^(localhost|[\d.]+|\[.*\])$/.test(hostname);
  return (isEmulator ? pathname.split('/')[1] : hostname.split('.')[0]) || undefined;
}

/** checkStorage demands one way to an account. */
export function checkStorage(reader: Reader, name: 'LEDGER' | 'TLOG'): void {
  const uri = `${name}__blobServiceUri` as const;
  const connectionString = reader.read(name);
  if (reader.isSet(uri)) {
    checkIdentity(reader, name);
    if (connectionString !== undefined) reader.fault(name, `is given twice; leave out ${name} or ${uri}`);
  } else if (connectionString === undefined) {
    reader.require(name, `expected a connection string of the storage account, or ${uri} for an identity`);
  } else checkConnectionString(reader, name);
}

/** checkConnectionString finds fault with what isn't one. */
export function checkConnectionString(reader: Reader, name: 'LEDGER' | 'TLOG' | 'DRILL'): void {
  if (isConnectionString(reader.read(name) ?? '')) return;
  reader.fault(
    name,
    'is wrong; expected a storage connection string with BlobEndpoint= or AccountName=, and AccountKey= or ' +
      'SharedAccessSignature=',
  );
}

/**
 * hostStorage is the host's own account, or undefined where the settings don't say it in a way that is known here: the host
 * reads them itself.
 */
export function hostStorage(settings: Read): StorageConnection | undefined {
  const { AzureWebJobsStorage: text, AzureWebJobsStorage__blobServiceUri: uri } = settings;
  const isKnown = uri === undefined ? text !== undefined && isConnectionString(text) : URL.canParse(uri);
  return isKnown ? storageConnection(settings, 'AzureWebJobsStorage') : undefined;
}

function isConnectionString(candidate: string): boolean {
  if (/^UseDevelopmentStorage=true/i.test(candidate)) return true;
  return (
    /(^|;)\s*(BlobEndpoint|AccountName)=[^;]/i.test(candidate) &&
    /(^|;)\s*(AccountKey|SharedAccessSignature)=[^;]/i.test(candidate)
  );
}
