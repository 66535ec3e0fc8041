import * as v from 'valibot';
import {
  ARM_ENDPOINTS,
  isArmEndpoint,
  isHubId,
  isIngestionEndpoint,
  isScope,
  parseAccountId,
  parseVaultKeyUrl,
} from './azureIds.ts';
import type { AccountId } from './azureIds.ts';
import type { Settings, SettingsReader } from './reader.ts';
import { EXPECTATION, parseExpectation } from './sources.ts';
import type { Expectation } from './sources.ts';
import { parseWitnesses } from './witnesses.ts';
import { AuditsealError, faultIn } from '../core/errors.ts';
import { MAX_RETENTION_DAYS } from '../core/limits.ts';
import { parseSignerKey } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { LEDGER_NAME_RULE, isLedgerName } from '../core/signed/ledgerName.ts';
import { isTime } from '../core/text.ts';

const text = v.string();

/** matching is a text of a form. */
const matching = (form: RegExp, expected: string): v.GenericSchema<string> =>
  v.pipe(v.string(`expected ${expected}`), v.regex(form, `expected ${expected}`));

const whole = (least: number, most: number): v.GenericSchema<string, number> => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return v.pipe(
    text,
    v.regex(/^\d{1,15}$/, expected),
    v.transform(Number),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
};

/** read is what a parser makes of a text. What the parser throws, quoting no secret, is the message. */
const read = <T>(parse: (text: string) => T): v.GenericSchema<string, T> =>
  v.pipe(
    text,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({ message: faultIn(error, 'malformed').message });
        return NEVER;
      }
    }),
  );

/** App Service hands an app the text of a reference that it couldn't follow. */
function resolvedSignerKey(text: string): SignerKey {
  if (!text.startsWith('@Microsoft.KeyVault(')) return parseSignerKey(text);
  const why =
    "the reference to Key Vault was not resolved: the secret isn't there, or the app's identity or network doesn't reach it; " +
    "the app's environment variables in the portal say why";
  throw new AuditsealError('KEY_MALFORMED', why);
}

/** The host parses schedules; what it can't read for certain, in letters or in fields, is found here already. */
const schedule = (example: string): v.GenericSchema<string> =>
  matching(/^[\dA-Za-z*,/-]+( [\dA-Za-z*,/-]+){5}$/, `six fields, seconds first, such as "${example}"`);

const container = matching(
  /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+$/,
  'the name of a container: 3 to 63 lower-case letters, digits and single hyphens',
);

const consumerGroup = (expected: string): v.GenericSchema<string> => matching(/^[\w.$-]{1,50}$/, expected);

const namespace = matching(/^[\w.-]{1,260}$/, 'the host name of a namespace, such as name.servicebus.windows.net');

const blobServiceUri = matching(
  /^https:\/\/[^\s?#]+$/,
  'an address such as https://account.blob.core.windows.net, without a token',
);

const credential = v.picklist(
  ['managedidentity'],
  "expected managedidentity, or no such setting for the developer's own sign-in",
);

const keyUrl = (url: string): string => {
  parseVaultKeyUrl(url);
  return url;
};

const verifierKeyOrUrl = (key: string): VerifierKey | string =>
  key.includes('://') ? keyUrl(key) : parseVerifierKey(key);

const account = v.pipe(
  text,
  v.transform(parseAccountId),
  v.custom<AccountId>((id) => id !== undefined, 'expected the resource id of the storage account'),
);

const expectation = v.pipe(
  text,
  v.transform(parseExpectation),
  v.custom<Expectation>((it) => it !== undefined, `expected ${EXPECTATION}`),
);

/** passing is a text that a test lets through. */
const passing = (test: (text: string) => boolean, expected: string): v.GenericSchema<string> =>
  v.pipe(text, v.check(test, `expected ${expected}`));

/**
 * What each setting has to be; faults are told in this order. HUB, HUB_NAME, HUB_CONSUMER_GROUP and the schedules are the
 * triggers' too and resolved by the Functions host; they are checked here, so that a missing one shows before the first event.
 */
export const SETTINGS = {
  HUB: v.optional(text),
  HUB__fullyQualifiedNamespace: v.optional(namespace),
  HUB__credential: v.optional(credential),
  HUB__clientId: v.optional(text),
  AzureWebJobsStorage: v.optional(text),
  AzureWebJobsStorage__blobServiceUri: v.optional(text),
  AzureWebJobsStorage__queueServiceUri: v.optional(text),
  AzureWebJobsStorage__credential: v.optional(text),
  AzureWebJobsStorage__clientId: v.optional(text),
  HUB_NAME: matching(/^[\w.-]{1,256}$/, 'the name of the event hub'),
  HUB_CONSUMER_GROUP: consumerGroup('the consumer group that only ingest reads with'),
  HUB_REPAIR_GROUP: v.optional(
    consumerGroup('the consumer group that nothing but this app reads the hub again with'),
    'repair',
  ),
  HUB_RETENTION_HOURS: v.optional(whole(1, 2160)),
  WATCH_SCHEDULE: schedule('50 * * * * *'),
  STUCK_MINUTES: v.optional(whole(0, 1440), '10'),
  INTEGRATE_SCHEDULE: schedule('*/30 * * * * *'),
  VERIFY_SCHEDULE: schedule('0 15 * * * *'),
  POSTURE_SCHEDULE: v.optional(schedule('0 45 */6 * * *')),
  FORWARD_SCHEDULE: v.optional(schedule('15 * * * * *')),
  LEDGER_ORIGIN: v.pipe(
    matching(/^(?!.*:\/\/)[^\s+]{1,200}$/, "the ledger's name, a URL without scheme such as logs.example.com/prod"),
    v.check(isLedgerName, LEDGER_NAME_RULE),
  ),
  LEDGER: v.optional(text),
  LEDGER__blobServiceUri: v.optional(blobServiceUri),
  LEDGER__credential: v.optional(credential),
  LEDGER__clientId: v.optional(text),
  LEDGER_CONTAINER: v.optional(container, 'ledger'),
  TLOG: v.optional(text),
  TLOG__blobServiceUri: v.optional(blobServiceUri),
  TLOG__credential: v.optional(credential),
  TLOG__clientId: v.optional(text),
  TLOG_CONTAINER: v.optional(container, 'tlog'),
  LEDGER_SIGNER_KEY: { each: read(resolvedSignerKey) },
  SIGNER__keyUrl: { each: read(keyUrl) },
  SIGNER__credential: v.optional(credential),
  SIGNER__clientId: v.optional(text),
  LEDGER_VERIFIER_KEYS: { each: read(verifierKeyOrUrl) },
  AUDITOR_SIGNER_KEY: v.optional(read(resolvedSignerKey)),
  AUDITOR__keyUrl: v.optional(read(keyUrl)),
  AUDITOR__credential: v.optional(credential),
  AUDITOR__clientId: v.optional(text),
  AUDITOR_VERIFIER_KEYS: { each: read(verifierKeyOrUrl) },
  OPERATOR_VERIFIER_KEYS: { each: read(verifierKeyOrUrl) },
  OPERATOR_REVOKED_KEYS: { each: read(verifierKeyOrUrl) },
  WITNESS_POLICY: v.optional(read(parseWitnesses)),
  HEARTBEAT_MINUTES: v.optional(whole(1, 1440), '15'),
  SEGMENT_MAX_MIB: v.optional(whole(1, 32), '8'),
  VERIFY_FULL_HOURS: v.optional(whole(1, 8784), '24'),
  RECHECK_QUEUE: v.optional(
    matching(
      /^(?=.{3,56}$)[a-z0-9](-?[a-z0-9])*$/,
      'the name of a queue: 3 to 56 lower-case letters, digits and single hyphens',
    ),
  ),
  RECHECK_CONTAINER: v.optional(container, 'recheck'),
  RECHECK_WHOLE_MIB: v.optional(whole(0, 16_777_216), '4096'),
  RECHECK_SLICE_MIB: v.optional(whole(1, 65_536), '256'),
  RECHECK_DAYS: v.optional(whole(0, 366), '0'),
  VERIFY_THREADS: v.optional(whole(1, 64), '2'),
  SOURCE_SILENT_HOURS: v.optional(whole(1, 8784), '24'),
  SOURCES_EXPECTED: { each: expectation },
  RUNBOOK_URL: v.optional(matching(/^https?:\/\/\S+$/i, 'a URL that begins with http:// or https://')),
  LEDGER_RESOURCE_ID: v.optional(account),
  RETENTION_DAYS: v.optional(whole(1, MAX_RETENTION_DAYS)),
  COVERAGE_SCOPES: { each: passing(isScope, 'ids of subscriptions, managementGroups/NAME, or tenant') },
  COVERAGE_HUBS: {
    each: passing(
      isHubId,
      'resource ids of event hubs: /subscriptions/…/resourceGroups/…/providers/Microsoft.EventHub/namespaces/NAMESPACE/eventhubs/HUB',
    ),
  },
  COVERAGE_PROMISED: v.optional(v.picklist(['none', 'key', 'all'], 'expected none, key or all'), 'none'),
  ARM_ENDPOINT: v.optional(passing(isArmEndpoint, `one of ${ARM_ENDPOINTS.join(', ')}`)),
  FORWARD_ENDPOINT: v.optional(
    passing(
      isIngestionEndpoint,
      'the address of a data collection rule, such as https://NAME.ingest.monitor.azure.com',
    ),
  ),
  FORWARD_RULE: v.optional(matching(/^dcr-[0-9a-f]{32}$/, "the rule's immutable id, dcr- and 32 hex digits")),
  FORWARD_FROM: v.optional(
    passing(
      (from) => from === 'now' || from === 'beginning' || isTime(from),
      'now, beginning, or a time in UTC such as 2026-11-22T00:00:00.000Z',
    ),
    'now',
  ),
  FORWARD__credential: v.optional(credential),
  FORWARD__clientId: v.optional(text),
  DRILL: v.optional(text),
  DRILL__credential: v.optional(credential),
  DRILL__clientId: v.optional(text),
};

/** What of them holds secrets. */
export const SECRETS = [
  'HUB',
  'AzureWebJobsStorage',
  'LEDGER',
  'TLOG',
  'LEDGER_SIGNER_KEY',
  'AUDITOR_SIGNER_KEY',
  'DRILL',
] as const;

export type Reader = SettingsReader<typeof SETTINGS>;
export type Read = Settings<typeof SETTINGS>;
