import {
  batchName,
  checkpointName,
  cosignatureName,
  pageName,
  reportName,
  segmentName,
} from '../../src/core/objects/names.ts';
import { rightsIn, allows } from './support/rights.ts';
import type { Right } from './support/rights.ts';
import { describeTemplates } from './support/templates.ts';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const KEYS = 'Microsoft.KeyVault/vaults/keys';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';

const short = ({ on, action, paths }: Right): string =>
  `${on}: ${action
    .replace(BLOBS, 'blobs')
    .replace(KEYS, 'keys')
    .replace(
      /^Microsoft\.Storage\/storageAccounts\/blobServices\//,
      '',
    )}${paths === undefined ? '' : ` of ${paths.join(' ')}`}`;

const dataOf = (rights: readonly Right[], who: string): string[] =>
  rights
    .filter(({ identity, isData }) => isData && identity === who)
    .map(short)
    .toSorted();

const controlOf = (rights: readonly Right[], who: string): string[] =>
  rights
    .filter(({ identity, isData }) => !isData && identity === who)
    .map(short)
    .toSorted();

const SEALED = 'of segments/* batches/* checkpoints/* cosignatures/* actions/*';
const TELEMETRY = [
  'Application Insights: Microsoft.Insights/Metrics/Write',
  'Application Insights: Microsoft.Insights/Telemetry/Write',
];

/** What each identity may do to data: this, and nothing else. */
const DATA = {
  sealer: [
    ...TELEMETRY,
    'container ledger: blobs/read',
    `container ledger: blobs/add/action ${SEALED}`,
    'container tlog: blobs/read',
    'container tlog: blobs/add/action',
    'container tlog: blobs/write',
    'container tlog: blobs/delete of index/*',
    'host storage of sealer: blobs/*',
    'hub audit: Microsoft.EventHub/*/receive/action',
    'key auditor: keys/read',
    'key ledger: keys/read',
    'key ledger: keys/sign/action',
  ],
  auditor: [
    ...TELEMETRY,
    'container ledger: blobs/read',
    'container ledger: blobs/add/action of reports/*',
    'container tlog: blobs/read',
    'host storage of auditor: blobs/*',
    'key auditor: keys/read',
    'key auditor: keys/sign/action',
    'key ledger: keys/read',
    ...['recheck', 'recheck-poison'].flatMap((queue) =>
      ['delete', 'process/action', 'read', 'write'].map((end) => `queue ${queue}: ${QUEUES}/messages/${end}`),
    ),
  ],
  drill: [
    'container ledger: blobs/read of drill/*',
    'container ledger: blobs/add/action of drill/*',
    'container ledger: blobs/write of drill/*',
    'container ledger: blobs/delete of drill/*',
  ],
  operators: [
    'container ledger: blobs/read',
    'container ledger: blobs/add/action of actions/*',
    'container tlog: blobs/read',
    'key auditor: keys/read',
    'key ledger: keys/read',
  ],
};
const SECRET = 'secret ledger-signer-key: Microsoft.KeyVault/vaults/secrets/getSecret/action';

/** What comes with roles of Azure's own, over resources. */
const REPORTING = [
  'Application Insights: Microsoft.Insights/Register/Action',
  'Application Insights: Microsoft.Resources/subscriptions/resourceGroups/read',
  'Application Insights: Microsoft.Support/*',
];
const hostOf = (app: string): string[] => [
  `host storage of ${app}: containers/*`,
  `host storage of ${app}: generateUserDelegationKey/action`,
];

const QUEUES_KEPT = ['recheck', 'recheck-poison'].flatMap((queue) =>
  ['delete', 'read', 'write'].map((end) => `queue ${queue}: ${QUEUES}/${end}`),
);

/** Nobody may do these to the account, or to anything in it. */
const NEVER = [
  'Microsoft.Storage/storageAccounts/write',
  'Microsoft.Storage/storageAccounts/delete',
  'Microsoft.Storage/storageAccounts/listKeys/action',
  'Microsoft.Storage/storageAccounts/regenerateKey/action',
  'Microsoft.Storage/storageAccounts/listAccountSas/action',
  'Microsoft.Storage/storageAccounts/managementPolicies/write',
  'Microsoft.Storage/storageAccounts/blobServices/write',
  'Microsoft.Storage/storageAccounts/blobServices/containers/write',
  'Microsoft.Storage/storageAccounts/blobServices/containers/delete',
  'Microsoft.Storage/storageAccounts/blobServices/containers/setLegalHold/action',
  'Microsoft.Storage/storageAccounts/blobServices/containers/clearLegalHold/action',
  'Microsoft.Storage/storageAccounts/blobServices/containers/migrate/action',
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/write',
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/delete',
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/extend/action',
  'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/lock/action',
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Authorization/roleAssignments/delete',
  'Microsoft.Authorization/locks/write',
  'Microsoft.Authorization/locks/delete',
  'Microsoft.Insights/diagnosticSettings/write',
  'Microsoft.Insights/diagnosticSettings/delete',
];

const onLedger = ({ scope }: Right): boolean => /\/storageAccounts\/stledger/.test(scope);

/** broken gives who may do to the ledger's account what nobody may. */
const broken = (rights: readonly Right[]): string[] =>
  rights
    .filter((right) => !right.isData && onLedger(right))
    .flatMap((right) =>
      NEVER.filter((action) => allows(right.action, action)).map(
        (action) => `${right.identity}: ${action.split('/').slice(3).join('/')}`,
      ),
    );

/** changers gives who may overwrite or delete which objects of the ledger. */
const changers = (rights: readonly Right[]): string[] =>
  rights
    .filter((right) => right.isData && right.on === 'container ledger')
    .filter(({ action }) =>
      ['write', 'delete', 'move/action', 'tags/write', 'permanentDelete/action'].some((end) =>
        allows(action, `${BLOBS}/${end}`),
      ),
    )
    .map(({ identity, paths }) => `${identity}: ${paths?.join(' ') ?? 'everything'}`);

describeTemplates('roles', (templates) => {
  test.each(['development', 'small', 'production'] as const)(
    '%s: each identity has exactly these rights',
    async (set) => {
      const rights = rightsIn(await templates.evaluate(set));
      const hasSecret = set === 'production';
      const encrypts = set === 'production';
      const hasOperators = set === 'production';
      expect(new Set(rights.map(({ identity }) => identity))).toEqual(
        new Set([
          'sealer',
          'auditor',
          'drill',
          ...(encrypts ? ['encryption'] : []),
          ...(hasOperators ? ['operators'] : []),
        ]),
      );
      expect(dataOf(rights, 'sealer')).toEqual([...DATA.sealer, ...(hasSecret ? [SECRET] : [])].toSorted());
      expect(dataOf(rights, 'auditor')).toEqual(DATA.auditor.toSorted());
      expect(dataOf(rights, 'drill')).toEqual(DATA.drill.toSorted());
      expect(dataOf(rights, 'operators')).toEqual(hasOperators ? DATA.operators.toSorted() : []);
      expect(controlOf(rights, 'operators')).toEqual(hasOperators ? ['ledger account: */read'] : []);
      expect(dataOf(rights, 'encryption')).toEqual(
        encrypts ? ['read', 'unwrap/action', 'wrap/action'].map((name) => `key ledger-storage: keys/${name}`) : [],
      );
      expect(controlOf(rights, 'sealer')).toEqual(
        [...REPORTING, ...hostOf('sealer'), 'hub audit: Microsoft.EventHub/*/eventhubs/consumergroups/read'].toSorted(),
      );
      expect(controlOf(rights, 'auditor')).toEqual(
        [
          ...REPORTING,
          ...hostOf('auditor'),
          ...QUEUES_KEPT,
          'ledger account: */read',
          'subscription: */read',
        ].toSorted(),
      );
      expect(controlOf(rights, 'drill')).toEqual([]);
    },
  );

  test.each(['development', 'small', 'production', 'locked'] as const)(
    '%s: only the drill may delete, and nobody may change the policy, holds, roles or locks',
    async (set) => {
      const rights = rightsIn(await templates.evaluate(set));
      expect(changers(rights)).toEqual(['drill: drill/*', 'drill: drill/*']);
      expect(broken(rights)).toEqual([]);
    },
  );

  test('where records are handed on, the auditor may post through one rule, and nobody else gets a right', async () => {
    const key = ({ identity, on, action }: Right): string => `${identity}: ${on}: ${action}`;
    const before = new Set(rightsIn(await templates.evaluate('small')).map(key));
    const more = rightsIn(await templates.evaluate('forwarded')).filter((right) => !before.has(key(right)));
    expect(new Set(more.map(({ identity, on, role }) => `${identity}: ${on}: ${role}`))).toEqual(
      new Set(['auditor: rule for records: Monitoring Metrics Publisher']),
    );
    expect(
      more
        .filter(({ isData }) => isData)
        .map(({ action }) => action)
        .toSorted(),
    ).toEqual(['Microsoft.Insights/Metrics/Write', 'Microsoft.Insights/Telemetry/Write']);
  });

  test('people get rights through the group alone', async () => {
    const { resources } = await templates.evaluate('production');
    const assignments = resources.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments');
    const types = assignments.map(({ properties }) => properties?.['principalType']);
    expect(new Set(types)).toEqual(new Set(['ServicePrincipal', 'Group']));
    const { resources: others } = await templates.evaluate('small');
    const without = others.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments');
    expect(new Set(without.map(({ properties }) => properties?.['principalType']))).toEqual(
      new Set(['ServicePrincipal']),
    );
  });

  test('no identity is on the host storage of the other app: it could replace the program there', async () => {
    const rights = rightsIn(await templates.evaluate('production'));
    const hosts = rights.filter(({ on }) => on.startsWith('host storage'));
    expect(new Set(hosts.map(({ identity, on }) => `${identity}: ${on}`))).toEqual(
      new Set(['sealer: host storage of sealer', 'auditor: host storage of auditor']),
    );
  });

  test('without custom roles, conditions keep what can be kept, and what is lost is this', async () => {
    const rights = rightsIn(await templates.evaluate('builtInRoles'));
    expect(changers(rights)).toEqual(['drill: drill/*', 'drill: drill/*']);
    expect([...new Set(broken(rights))].toSorted()).toEqual(
      ['auditor', 'drill', 'operators', 'sealer'].flatMap((who) =>
        ['delete', 'write'].map((what) => `${who}: containers/${what}`),
      ),
    );
    const using = (key: string): string[] =>
      ['backup', 'decrypt', 'encrypt', 'unwrap', 'update', 'verify', 'wrap'].map(
        (name) => `key ${key}: keys/${name}/action`,
      );
    const reading = (key: string): string[] =>
      ['*/read', 'secrets/readMetadata/action'].map((end) => `key ${key}: Microsoft.KeyVault/vaults/${end}`);
    for (const who of ['sealer', 'auditor', 'drill', 'operators'] as const) {
      const more = dataOf(rights, who).filter((right) => !(DATA[who] as readonly string[]).includes(right));
      expect(more).toEqual(
        {
          sealer: [...reading('auditor'), ...using('ledger'), SECRET, SECRET.replace('getSecret', 'readMetadata')],
          auditor: [...using('auditor'), ...reading('ledger')],
          drill: [],
          operators: [...reading('auditor'), ...reading('ledger')],
        }[who],
      );
    }
  });

  test('each app may create the objects that its functions create, and none of those of the other', async () => {
    const rights = rightsIn(await templates.evaluate('small'));
    const mayCreate = (who: string, name: string): boolean =>
      rights
        .filter(
          ({ identity, on, action }) => identity === who && on === 'container ledger' && action.endsWith('/add/action'),
        )
        .some(({ paths }) => paths?.some((path) => name.startsWith(path.replace(/\*$/, ''))));
    const sealed = [
      segmentName('0', 0),
      batchName(0),
      checkpointName(0),
      cosignatureName(0, '00000000', Buffer.alloc(0)),
    ];
    const reports = [reportName(0), pageName(0)];
    expect(sealed.map((name) => [mayCreate('sealer', name), mayCreate('auditor', name)])).toEqual(
      sealed.map(() => [true, false]),
    );
    expect(reports.map((name) => [mayCreate('sealer', name), mayCreate('auditor', name)])).toEqual(
      reports.map(() => [false, true]),
    );
  });

  test('the app of the drill is the auditor, and no other app may take its identity', async () => {
    const { resources } = await templates.evaluate('production');
    const identitiesOf = (app: string): string[] => {
      const site = resources.find(
        ({ type, name }) => type === 'Microsoft.Web/sites' && name.startsWith(`func-${app}-`),
      );
      const { identity } = site as unknown as {
        identity: { userAssignedIdentities: Readonly<Record<string, unknown>> };
      };
      return Object.keys(identity.userAssignedIdentities).map((id) => id.replace(/^.*\/id-(\w+)-\w+$/, '$1'));
    };
    expect(identitiesOf('sealer')).toEqual(['sealer']);
    expect(identitiesOf('auditor')).toEqual(['auditor', 'drill']);
  });
});
