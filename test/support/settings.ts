import { loadConfig } from '../../src/config/config.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { createSignerKey, formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

/** Env is an environment with settings. */
export type Env = Readonly<Record<string, string | undefined>>;

const keyOf = (seed: number, name = 'logs.example.com/prod'): ReturnType<typeof createSignerKey> =>
  createSignerKey(name, Buffer.alloc(32, seed));
/** secretOf and publicOf give a key of the log as settings hold it. */
export const secretOf = (seed: number, name?: string): string => formatSignerKey(keyOf(seed, name));
export const publicOf = (seed: number, name?: string): string => formatVerifierKey(keyOf(seed, name).verifierKey);
/** VAULT_KEY is the URL of a key, which may get another digit. */
export const VAULT_KEY = 'https://vault.vault.azure.net/keys/log/0123456789abcdef0123456789abcdef';

/** GOOD is the least that is needed, with a connection string. */
export const GOOD = {
  HUB: 'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b',
  HUB_NAME: 'audit',
  HUB_CONSUMER_GROUP: '$Default',
  WATCH_SCHEDULE: '50 * * * * *',
  INTEGRATE_SCHEDULE: '*/30 * * * * *',
  VERIFY_SCHEDULE: '0 15 * * * *',
  LEDGER_SIGNER_KEY: secretOf(7),
  LEDGER_ORIGIN: 'logs.example.com/prod',
  LEDGER: 'DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net',
} satisfies Env;

/** IDENTITY is the same with an identity. */
export const IDENTITY = {
  ...GOOD,
  LEDGER: undefined,
  LEDGER__blobServiceUri: 'https://acc.blob.core.windows.net',
} satisfies Env;

/** namesRead gives the names of all settings. */
export function namesRead(): ReadonlySet<string> {
  const names = new Set<string>();
  const env = new Proxy<Record<string, string>>({}, { get: (_target, name) => void names.add(String(name)) });
  expect(() => loadConfig(env)).toThrow('settings are wrong');
  return names;
}

/** messageOf gives what is said of settings that are wrong; nothing of others. */
export function messageOf(env: Env): string {
  try {
    loadConfig(env);
    return '';
  } catch (error) {
    if (!(error instanceof AuditsealError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message;
  }
}

/** wrongIn gives the names of the settings that are reported. */
export const wrongIn = (env: Env): string[] =>
  messageOf(env)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(':')[0] as string);
