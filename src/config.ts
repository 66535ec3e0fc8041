import { AuditsealError } from './core/errors.ts';

/** StorageConnection is how to reach a storage account, by the convention of Azure Functions' own connections. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly text: string }
  | { readonly kind: 'identity'; readonly serviceUri: string; readonly managed: boolean; readonly clientId?: string };

/** Config is everything that the app is told from outside. */
export interface Config {
  /** name of the ledger: a URL without scheme, such as logs.example.com/prod */
  readonly origin: string;
  readonly ledger: StorageConnection;
  readonly container: string;
  readonly maxSegmentBytes: number;
  /** hours after which a check starts from the first segment again */
  readonly fullVerifyHours: number;
  readonly verifyThreads: number;
}

const MIB = 1024 * 1024;

/**
 * loadConfig reads the settings. It throws CONFIG_INVALID that names every wrong one and what is expected.
 *
 * The triggers' own settings (HUB, HUB_NAME, HUB_CONSUMER_GROUP, VERIFY_SCHEDULE) are resolved by the Functions host; they
 * are checked here too, so that a missing one shows before the first event.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const wrong: string[] = [];
  const text = (name: string, ok: RegExp, hint: string, fallback = ''): string => {
    const value = env[name]?.trim() || fallback;
    if (!ok.test(value)) wrong.push(`${name}: ${value === '' ? 'is missing' : 'is wrong'}; ${hint}`);
    return value;
  };
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const value = env[name]?.trim() ?? '';
    if (value === '') return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (!(number >= least && number <= most)) wrong.push(`${name}: is wrong; a whole number from ${least} to ${most}`);
    return number;
  };

  if (!env['HUB']?.trim() && !env['HUB__fullyQualifiedNamespace']?.trim()) {
    wrong.push(
      'HUB: is missing; a connection string of the Event Hubs namespace, or HUB__fullyQualifiedNamespace for an identity',
    );
  }
  text('HUB_NAME', /^[\w.-]{1,256}$/, 'the name of the event hub');
  text('HUB_CONSUMER_GROUP', /^[\w.$-]{1,50}$/, 'the consumer group that only ingest reads with');
  text('VERIFY_SCHEDULE', /^\S+( \S+){5}$/, 'six fields, seconds first, such as "0 15 * * * *"');
  const config: Config = {
    origin: text(
      'LEDGER_ORIGIN',
      /^(?!.*:\/\/)[^\s+]{1,200}$/,
      "the ledger's name, a URL without scheme such as logs.example.com/prod",
    ),
    ledger: storageConnection(env, 'LEDGER', wrong),
    container: text(
      'LEDGER_CONTAINER',
      /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+$/,
      'a container name: 3 to 63 lower-case letters, digits and single hyphens',
      'ledger',
    ),
    maxSegmentBytes: integer('SEGMENT_MAX_MIB', 8, 1, 32) * MIB,
    fullVerifyHours: integer('VERIFY_FULL_HOURS', 24, 1, 8784),
    verifyThreads: integer('VERIFY_THREADS', 2, 1, 64),
  };
  if (wrong.length > 0) throw new AuditsealError('CONFIG_INVALID', `settings are wrong:\n  ${wrong.join('\n  ')}`);
  return Object.freeze(config);
}

function storageConnection(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  wrong: string[],
): StorageConnection {
  const connectionString = env[name]?.trim() ?? '';
  const serviceUri = env[`${name}__blobServiceUri`]?.trim() ?? '';
  const credential = env[`${name}__credential`]?.trim() ?? '';
  const clientId = env[`${name}__clientId`]?.trim() ?? '';
  if (connectionString !== '' && serviceUri !== '')
    wrong.push(`${name}: is given twice; leave out ${name} or ${name}__blobServiceUri`);
  if (serviceUri !== '') {
    if (!/^https:\/\/[^\s?#]+$/.test(serviceUri))
      wrong.push(`${name}__blobServiceUri: is wrong; an address such as https://account.blob.core.windows.net`);
    if (credential !== '' && credential !== 'managedidentity')
      wrong.push(`${name}__credential: is wrong; managedidentity, or nothing for the developer's own sign-in`);
    if (clientId !== '' && credential === '')
      wrong.push(`${name}__clientId: needs ${name}__credential=managedidentity`);
    return {
      kind: 'identity',
      serviceUri,
      managed: credential === 'managedidentity',
      ...(clientId !== '' && { clientId }),
    };
  }
  if (connectionString === '') {
    wrong.push(
      `${name}: is missing; a connection string of the ledger's storage account, or ${name}__blobServiceUri for an identity`,
    );
  } else if (!isConnectionString(connectionString)) {
    wrong.push(
      `${name}: is wrong; a storage connection string with BlobEndpoint= or AccountName=, and AccountKey= or SharedAccessSignature=`,
    );
  }
  return { kind: 'connectionString', text: connectionString };
}

const isConnectionString = (text: string): boolean =>
  /^UseDevelopmentStorage=true/i.test(text) ||
  (/(^|;)\s*(BlobEndpoint|AccountName)=[^;]/i.test(text) &&
    /(^|;)\s*(AccountKey|SharedAccessSignature)=[^;]/i.test(text));
