import { allows, rightsIn } from './rights.ts';
import type { Right } from './rights.ts';
import type { Deployment } from './templates.ts';

const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const BLOBS = `${CONTAINERS}/blobs`;
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const KEYS = 'Microsoft.KeyVault/vaults/keys';

/** Whose identity it is, in the order of the table. */
const IDENTITIES: Readonly<Record<string, string>> = {
  sealer: 'the function app with `ingest`, `integrate` and the log over HTTP',
  auditor: 'the function app with `verify`, `recheck` and `posture`',
  drill: 'a second identity of the auditor app, for the test that the policy refuses changes',
  encryption: 'the ledger account itself, where it is encrypted with a key of the vault',
  operators: 'a group of people, where one is named; they are in it while they act',
};

/** What an action is called. Every action that an identity has must be here. */
const WORDS: readonly (readonly [string, string])[] = [
  [`${BLOBS}/read`, 'read and list objects'],
  [`${BLOBS}/add/action`, 'create objects'],
  [`${BLOBS}/write`, 'create and replace objects'],
  [`${BLOBS}/delete`, 'delete objects'],
  [`${BLOBS}/*`, 'do anything with blobs'],
  [`${CONTAINERS}/*`, 'do anything with containers'],
  [`${QUEUES}/read`, 'see it'],
  [`${QUEUES}/write`, 'make it'],
  [`${QUEUES}/delete`, 'delete it'],
  [`${QUEUES}/messages/read`, 'read messages'],
  [`${QUEUES}/messages/write`, 'write messages'],
  [`${QUEUES}/messages/delete`, 'delete messages'],
  [`${QUEUES}/messages/process/action`, 'take messages'],
  ['Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action', 'make user delegation keys'],
  ['*/read', 'read settings, policies, holds, roles and locks, and no object'],
  [`${KEYS}/read`, 'read the public key'],
  [`${KEYS}/sign/action`, 'sign'],
  [`${KEYS}/wrap/action`, 'wrap keys'],
  [`${KEYS}/unwrap/action`, 'unwrap keys'],
  ['Microsoft.KeyVault/vaults/secrets/getSecret/action', 'read the secret'],
  ['Microsoft.EventGrid/eventSubscriptions/write', 'subscribe to its events'],
  ['Microsoft.EventGrid/eventSubscriptions/read', 'see its subscriptions'],
  ['Microsoft.EventGrid/eventSubscriptions/delete', 'end its subscriptions'],
  ['Microsoft.EventHub/*/receive/action', 'receive events'],
  ['Microsoft.EventHub/*/eventhubs/consumergroups/read', 'see consumer groups'],
  ['Microsoft.Insights/Metrics/Write', 'send metrics'],
  ['Microsoft.Insights/Telemetry/Write', 'send logs'],
  ['Microsoft.Insights/Register/Action', 'register the provider'],
  ['Microsoft.Support/*', 'open support requests'],
  ['Microsoft.Resources/subscriptions/resourceGroups/read', 'see the resource group'],
];

interface Capability {
  readonly what: string;
  /** whether one of the rights gives it to that identity */
  readonly has: (right: Right, identity: string) => boolean;
}

const onLedger = ({ scope }: Right): boolean => /\/storageAccounts\/stledger\w{13}(\/|$)/.test(scope);

const creates =
  (path: string) =>
  (right: Right): boolean =>
    right.isData &&
    right.on === 'container ledger' &&
    ['add/action', 'write'].some((end) => allows(right.action, `${BLOBS}/${end}`)) &&
    (right.paths === undefined || right.paths.includes(path));

const control =
  (...actions: readonly string[]) =>
  (right: Right): boolean =>
    !right.isData && onLedger(right) && actions.some((action) => allows(right.action, action));

const data =
  (on: RegExp, action: string) =>
  (right: Right): boolean =>
    right.isData && on.test(right.on) && allows(right.action, action);

/** What matters, and how a right would give it. Who has none of it gets the row "can't". */
const CAPABILITIES: readonly Capability[] = [
  { what: 'create segments, batches or checkpoints', has: creates('segments/*') },
  { what: 'create reports', has: creates('reports/*') },
  { what: 'file an action', has: creates('actions/*') },
  {
    what: 'replace or delete a segment, a checkpoint or a report',
    has: (right) =>
      right.isData &&
      right.on === 'container ledger' &&
      right.paths?.join() !== 'drill/*' &&
      ['write', 'delete', 'move/action'].some((end) => allows(right.action, `${BLOBS}/${end}`)),
  },
  {
    what: 'change or lock the retention policy, or a hold',
    has: control(
      ...['write', 'delete', 'lock/action', 'extend/action'].map((end) => `${CONTAINERS}/immutabilityPolicies/${end}`),
      `${CONTAINERS}/setLegalHold/action`,
      `${CONTAINERS}/clearLegalHold/action`,
    ),
  },
  {
    what: 'change the account, its roles, locks or diagnostic settings',
    has: control(
      'Microsoft.Storage/storageAccounts/write',
      'Microsoft.Storage/storageAccounts/delete',
      'Microsoft.Storage/storageAccounts/listKeys/action',
      'Microsoft.Authorization/roleAssignments/write',
      'Microsoft.Authorization/locks/delete',
      'Microsoft.Insights/diagnosticSettings/delete',
    ),
  },
  { what: 'sign a checkpoint', has: data(/^key ledger$/, `${KEYS}/sign/action`) },
  { what: 'sign a report', has: data(/^key auditor$/, `${KEYS}/sign/action`) },
  { what: 'receive events', has: data(/^hub /, 'Microsoft.EventHub/namespaces/messages/receive/action') },
  { what: 'hand out slices of a recheck', has: data(/^queue recheck$/, `${QUEUES}/messages/write`) },
  {
    what: 'replace the program of the other app',
    has: (right, identity) => data(/^host storage of /, `${BLOBS}/write`)(right) && !right.on.endsWith(` ${identity}`),
  },
];

/** identitiesBlock writes what each identity can and can't do, from the roles that a template gives. */
export function identitiesBlock(deployment: Deployment): string {
  const rights = rightsIn(deployment);
  const strangers = rights.filter(({ identity }) => !(identity in IDENTITIES));
  if (strangers.length > 0) throw new Error(`nothing is known of ${strangers.map(({ identity }) => identity).join()}`);
  const rows = Object.entries(IDENTITIES).flatMap(([identity, whose]) => {
    const own = rights.filter((right) => right.identity === identity);
    const scopes = [...new Set(own.map(({ on }) => on))];
    const can = scopes.map((on) => {
      const there = own.filter((right) => right.on === on);
      return `| \`${identity}\` | can | ${inWords(on)}: ${there.map(sayRight).join('; ')} |`;
    });
    const cannot = CAPABILITIES.filter(({ has }) => !own.some((right) => has(right, identity))).map(({ what }) => what);
    return [`| \`${identity}\` | is | ${whose} |`, ...can, `| \`${identity}\` | can't | ${cannot.join('; ')} |`];
  });
  return ['| identity |  | what |', '| --- | --- | --- |', ...rows].join('\n');
}

function sayRight({ action, paths }: Right): string {
  const words = WORDS.find(([known]) => known === action)?.[1];
  if (words === undefined) throw new Error(`no words for ${action}`);
  return paths === undefined ? words : `${words} under ${paths.map((path) => `\`${path}\``).join(', ')}`;
}

const inWords = (on: string): string => on.replace(/^(container|queue|hub|key|secret) (.+)$/, '$1 `$2`');
