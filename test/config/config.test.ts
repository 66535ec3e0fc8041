import { loadConfig } from '../../src/config/config.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { GOOD, IDENTITY, VAULT_KEY, messageOf, publicOf, secretOf, wrongIn } from '../support/settings.ts';
import type { Env } from '../support/settings.ts';

test('the least that is needed gives a frozen config with defaults', () => {
  const config = loadConfig(GOOD);
  const { signerKeys, ...rest } = config;
  expect(signerKeys.map(({ verifierKey }) => formatVerifierKey(verifierKey))).toEqual([publicOf(7)]);
  expect(rest).toEqual({
    origin: 'logs.example.com/prod',
    hub: {
      connection: { kind: 'connectionString', text: GOOD.HUB },
      hubName: 'audit',
      consumerGroup: 'repair',
      trigger: { consumerGroup: '$Default' },
      stuckMinutes: 10,
    },
    ledger: { kind: 'connectionString', text: GOOD.LEDGER },
    container: 'ledger',
    tlog: { kind: 'connectionString', text: GOOD.LEDGER },
    sources: { silentHours: 24, expected: new Map() },
    tlogContainer: 'tlog',
    signerKeyUrls: [],
    verifierKeys: [],
    verifierKeyUrls: [],
    signerIdentity: { managed: false },
    auditor: {
      signerKeys: [],
      signerKeyUrls: [],
      verifierKeys: [],
      verifierKeyUrls: [],
      signerIdentity: { managed: false },
    },
    operators: {
      registered: { verifierKeys: [], verifierKeyUrls: [] },
      revoked: { verifierKeys: [], verifierKeyUrls: [] },
    },
    heartbeatMinutes: 15,
    maxSegmentBytes: 8 * 1024 * 1024,
    fullVerifyHours: 24,
    verifyThreads: 2,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('an identity, managed or of whoever is signed in', () => {
  expect(loadConfig(IDENTITY).ledger).toEqual({
    kind: 'identity',
    serviceUri: 'https://acc.blob.core.windows.net',
    managed: false,
  });
  const managed = { ...IDENTITY, LEDGER__credential: 'managedidentity', LEDGER__clientId: 'id-1' };
  expect(loadConfig(managed).ledger).toMatchObject({ managed: true, clientId: 'id-1' });
});

test('the hub, by connection string or as an identity', () => {
  const namespace = 'x.servicebus.windows.net';
  const hub = { ...GOOD, HUB: undefined, HUB__fullyQualifiedNamespace: namespace };
  expect(loadConfig(hub).hub.connection).toEqual({ kind: 'identity', namespace, managed: false });
  const managed = { ...hub, HUB__credential: 'managedidentity', HUB__clientId: 'id-1' };
  expect(loadConfig(managed).hub.connection).toEqual({ kind: 'identity', namespace, managed: true, clientId: 'id-1' });
  const told = { HUB_REPAIR_GROUP: 'again', STUCK_MINUTES: '3', HUB_RETENTION_HOURS: '168' };
  expect(loadConfig({ ...GOOD, ...told }).hub).toMatchObject({
    consumerGroup: 'again',
    stuckMinutes: 3,
    retentionHours: 168,
  });
  expect(wrongIn({ ...hub, HUB: GOOD.HUB })).toEqual(['HUB']);
  expect(wrongIn({ ...hub, HUB__clientId: 'id-1' })).toEqual(['HUB__clientId']);
  // Two who read with one group would take each other's place.
  expect(wrongIn({ ...GOOD, HUB_CONSUMER_GROUP: 'Seal', HUB_REPAIR_GROUP: 'seal' })).toEqual(['HUB_REPAIR_GROUP']);
});

describe('the keys of the log', () => {
  const { LEDGER_SIGNER_KEY: _, ...keyless } = GOOD;

  test('a secret, a key in a vault, or several of both', () => {
    const config = loadConfig({
      ...GOOD,
      LEDGER_SIGNER_KEY: ` ${secretOf(7)}\n${secretOf(8)} `,
      SIGNER__keyUrl: `${VAULT_KEY}0 ${VAULT_KEY}1`,
      SIGNER__credential: 'managedidentity',
      SIGNER__clientId: 'id-1',
    });
    const texts = config.signerKeys.map(({ verifierKey }) => formatVerifierKey(verifierKey));
    expect(texts).toEqual([publicOf(7), publicOf(8)]);
    expect(config.signerKeyUrls).toEqual([`${VAULT_KEY}0`, `${VAULT_KEY}1`]);
    expect(config.signerIdentity).toEqual({ managed: true, clientId: 'id-1' });
    expect(loadConfig({ ...keyless, SIGNER__keyUrl: VAULT_KEY })).toMatchObject({
      signerKeys: [],
      signerKeyUrls: [VAULT_KEY],
      signerIdentity: { managed: false },
    });
  });

  test('an app that only verifies has verifier keys, as texts or as what a vault shows', () => {
    const config = loadConfig({ ...keyless, LEDGER_VERIFIER_KEYS: `${publicOf(7)} ${VAULT_KEY}\n${publicOf(8)}` });
    expect(config).toMatchObject({ signerKeys: [], signerKeyUrls: [], verifierKeyUrls: [VAULT_KEY] });
    expect(config.verifierKeys.map(formatVerifierKey)).toEqual([publicOf(7), publicOf(8)]);
    expect(wrongIn({ ...keyless, LEDGER_VERIFIER_KEYS: VAULT_KEY })).toEqual([]);
  });

  test('a reference to Key Vault that was not resolved is called one, and is not quoted', () => {
    const reference = '@Microsoft.KeyVault(SecretUri=https://vault.vault.azure.net/secrets/ledger-signer-key)';
    const load = (): unknown => loadConfig({ ...GOOD, LEDGER_SIGNER_KEY: reference });
    expect(load).toThrow(/LEDGER_SIGNER_KEY: is wrong; the reference to Key Vault was not resolved: /);
    expect(load).not.toThrow('SecretUri');
  });

  test('none at all is refused', () => {
    expect(wrongIn({ ...keyless, LEDGER_VERIFIER_KEYS: ' ' })).toEqual(['LEDGER_SIGNER_KEY']);
    expect(() => loadConfig(keyless)).toThrow(/LEDGER_SIGNER_KEY: is missing;.* SIGNER__keyUrl .*LEDGER_VERIFIER_KEYS/);
  });

  test.each<[string, Env, string[]]>([
    [
      "one of two secrets is another ledger's",
      { LEDGER_SIGNER_KEY: `${secretOf(7)} ${secretOf(8, 'x')}` },
      ['LEDGER_SIGNER_KEY'],
    ],
    ['a secret where verifier keys belong', { LEDGER_VERIFIER_KEYS: secretOf(8) }, ['LEDGER_VERIFIER_KEYS']],
    ["another ledger's verifier key", { LEDGER_VERIFIER_KEYS: publicOf(7, 'x') }, ['LEDGER_VERIFIER_KEYS']],
    ['a URL without a version', { LEDGER_VERIFIER_KEYS: VAULT_KEY.replace(/.[^/]+$/, '') }, ['LEDGER_VERIFIER_KEYS']],
    ['a vault on http', { SIGNER__keyUrl: VAULT_KEY.replace('https', 'http') }, ['SIGNER__keyUrl']],
    ['a verifier key where a URL belongs', { SIGNER__keyUrl: publicOf(7) }, ['SIGNER__keyUrl']],
    ['a secret where a URL belongs', { SIGNER__keyUrl: secretOf(7) }, ['SIGNER__keyUrl']],
    ['an unknown credential', { SIGNER__keyUrl: VAULT_KEY, SIGNER__credential: 'secret' }, ['SIGNER__credential']],
    ['a client id that nobody would use', { SIGNER__keyUrl: VAULT_KEY, SIGNER__clientId: 'id' }, ['SIGNER__clientId']],
  ])('%s is refused, and no secret repeated', (_what, env, names) => {
    expect(wrongIn({ ...GOOD, ...env })).toEqual(names);
    const seed = Buffer.concat([Buffer.of(1), Buffer.alloc(32, 8)]).toString('base64');
    expect(() => loadConfig({ ...GOOD, ...env })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(seed) as string }) as Error,
    );
  });
});

describe('the keys of the auditor', () => {
  const name = 'logs.example.com/prod/auditor';

  test('a secret or a key in a vault signs, and others signed before', () => {
    const { auditor } = loadConfig({
      ...GOOD,
      AUDITOR_SIGNER_KEY: secretOf(9, name),
      AUDITOR_VERIFIER_KEYS: `${publicOf(10, name)} ${VAULT_KEY}1`,
    });
    expect(
      [...auditor.signerKeys.map(({ verifierKey }) => verifierKey), ...auditor.verifierKeys].map(formatVerifierKey),
    ).toEqual([publicOf(9, name), publicOf(10, name)]);
    expect(auditor.verifierKeyUrls).toEqual([`${VAULT_KEY}1`]);
    const vault = { AUDITOR__keyUrl: VAULT_KEY, AUDITOR__credential: 'managedidentity', AUDITOR__clientId: 'id-2' };
    expect(loadConfig({ ...GOOD, ...vault }).auditor).toMatchObject({
      signerKeys: [],
      signerKeyUrls: [VAULT_KEY],
      signerIdentity: { managed: true, clientId: 'id-2' },
    });
  });

  test.each<[string, Env, string[]]>([
    ['two that sign', { AUDITOR_SIGNER_KEY: secretOf(9, name), AUDITOR__keyUrl: VAULT_KEY }, ['AUDITOR_SIGNER_KEY']],
    ['two secrets', { AUDITOR_SIGNER_KEY: `${secretOf(9, name)} ${secretOf(10, name)}` }, ['AUDITOR_SIGNER_KEY']],
    ["the log's name", { AUDITOR_SIGNER_KEY: secretOf(9) }, ['AUDITOR_SIGNER_KEY']],
    ["another ledger's auditor", { AUDITOR_VERIFIER_KEYS: publicOf(9, 'x/auditor') }, ['AUDITOR_VERIFIER_KEYS']],
    ['the key of the log', { AUDITOR_SIGNER_KEY: secretOf(7, name) }, ['AUDITOR_SIGNER_KEY']],
    [
      'a retired key of the log',
      { LEDGER_VERIFIER_KEYS: publicOf(8), AUDITOR_VERIFIER_KEYS: publicOf(8, name) },
      ['AUDITOR_VERIFIER_KEYS'],
    ],
    ["the log's key in the vault", { SIGNER__keyUrl: VAULT_KEY, AUDITOR__keyUrl: VAULT_KEY }, ['AUDITOR__keyUrl']],
    ['a secret where verifier keys belong', { AUDITOR_VERIFIER_KEYS: secretOf(8, name) }, ['AUDITOR_VERIFIER_KEYS']],
    ['a client id that nobody would use', { AUDITOR__clientId: 'id' }, ['AUDITOR__clientId']],
  ])('with %s is refused, and no secret repeated', (_what, env, names) => {
    expect(wrongIn({ ...GOOD, ...env })).toEqual(names);
    for (const seed of [7, 8, 9, 10]) {
      const secret = Buffer.concat([Buffer.of(1), Buffer.alloc(32, seed)]).toString('base64');
      expect(messageOf({ ...GOOD, ...env })).not.toContain(secret);
    }
  });

  test('says in which other setting a key is', () => {
    expect(messageOf({ ...GOOD, AUDITOR_SIGNER_KEY: secretOf(7, name) })).toContain(
      'AUDITOR_SIGNER_KEY: is wrong; the auditor has the key of the log (LEDGER_SIGNER_KEY); each needs a key of its own',
    );
  });
});

test.each(['logs.example.com/sealer', 'logs.example.com/prod/auditor', 'logs.example.com/prod/operator'])(
  'a ledger is not called %s',
  (origin) => {
    const env = { ...GOOD, LEDGER_ORIGIN: origin, LEDGER_SIGNER_KEY: secretOf(7, origin) };
    expect(wrongIn(env)).toEqual(['LEDGER_ORIGIN']);
    expect(messageOf(env)).toContain('the name of a ledger ends neither in /sealer nor in /auditor nor in /operator');
  },
);

describe('what posture asks about', () => {
  const id = '/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/Rg/providers/Microsoft.Storage';
  const told = {
    ...IDENTITY,
    LEDGER_RESOURCE_ID: `${id}/storageAccounts/ACC`,
    RETENTION_DAYS: '2555',
    POSTURE_SCHEDULE: '0 45 5 * * *',
  };

  test('is the account of the ledger', () => {
    const subscription = '00000000-0000-0000-0000-0000000000aa';
    const posture = { subscription, resourceGroup: 'Rg', account: 'acc', retentionDays: 2555 };
    expect(loadConfig(told).posture).toEqual(posture);
    expect(loadConfig({ ...told, LEDGER__blobServiceUri: undefined, LEDGER: GOOD.LEDGER }).posture).toEqual(posture);
    const sas = 'BlobEndpoint=http://127.0.0.1:1/acc;SharedAccessSignature=sv=1&sig=x';
    expect(loadConfig({ ...told, LEDGER__blobServiceUri: undefined, LEDGER: sas }).posture).toEqual(posture);
  });

  test('is tried by a drill, as another identity', () => {
    const drill = { ...told, DRILL__credential: 'managedidentity', DRILL__clientId: 'drill-1' };
    expect(loadConfig(drill).posture).toMatchObject({ drill: { managed: true, clientId: 'drill-1' } });
    expect(loadConfig(told).posture).not.toHaveProperty('drill');
  });

  test('is nothing in an app that only has the schedule, which the host resolves in every app', () => {
    expect(loadConfig({ ...GOOD, POSTURE_SCHEDULE: told.POSTURE_SCHEDULE })).not.toHaveProperty('posture');
  });

  test.each<[string, Env, string[]]>([
    ['no days', { RETENTION_DAYS: '' }, ['RETENTION_DAYS']],
    ['0 days', { RETENTION_DAYS: '0' }, ['RETENTION_DAYS']],
    ['days beyond what Azure allows', { RETENTION_DAYS: '146001' }, ['RETENTION_DAYS']],
    ['no schedule', { POSTURE_SCHEDULE: ' ' }, ['POSTURE_SCHEDULE']],
    ['a schedule of five fields', { POSTURE_SCHEDULE: '0 5 * * *' }, ['POSTURE_SCHEDULE']],
    [
      'a drill without an account',
      { LEDGER_RESOURCE_ID: '', DRILL__credential: 'managedidentity' },
      ['DRILL__credential'],
    ],
    ['a drill with another credential', { DRILL__credential: 'x' }, ['DRILL__credential']],
    [
      'a drill with the rights of a connection string',
      { LEDGER__blobServiceUri: undefined, LEDGER: GOOD.LEDGER, DRILL__credential: 'managedidentity' },
      ['DRILL__credential'],
    ],
    ['an id that is none', { LEDGER_RESOURCE_ID: 'acc' }, ['LEDGER_RESOURCE_ID']],
    ['the id of a group', { LEDGER_RESOURCE_ID: id }, ['LEDGER_RESOURCE_ID']],
    ['another account', { LEDGER_RESOURCE_ID: `${id}/storageAccounts/other` }, ['LEDGER_RESOURCE_ID']],
    [
      'another account than of the connection string',
      { LEDGER__blobServiceUri: undefined, LEDGER: GOOD.LEDGER, LEDGER_RESOURCE_ID: `${id}/storageAccounts/other` },
      ['LEDGER_RESOURCE_ID'],
    ],
  ])('%s: refused', (_what, env, names) => {
    expect(wrongIn({ ...told, ...env })).toEqual(names);
  });
});

test('everything that is wrong is named at once, with what is expected', () => {
  expect(wrongIn({})).toEqual([
    'HUB',
    'HUB_NAME',
    'HUB_CONSUMER_GROUP',
    'WATCH_SCHEDULE',
    'INTEGRATE_SCHEDULE',
    'VERIFY_SCHEDULE',
    'LEDGER_ORIGIN',
    'LEDGER',
    'LEDGER_SIGNER_KEY',
  ]);
  const all = {
    HUB_NAME: 'a b',
    HUB_CONSUMER_GROUP: 'a/b',
    HUB_REPAIR_GROUP: 'a/b',
    HUB_RETENTION_HOURS: '0',
    WATCH_SCHEDULE: 'always',
    STUCK_MINUTES: '1441',
    INTEGRATE_SCHEDULE: 'always',
    VERIFY_SCHEDULE: '* * * * *',
    LEDGER_SIGNER_KEY: 'PRIVATE+KEY+x',
    LEDGER_VERIFIER_KEYS: 'nonsense',
    TLOG_CONTAINER: '-',
    HEARTBEAT_MINUTES: '0',
    LEDGER_ORIGIN: 'https://logs.example.com',
    LEDGER: 'x',
    LEDGER__blobServiceUri: 'http://acc',
    LEDGER__credential: 'password',
    LEDGER_CONTAINER: 'A',
    SEGMENT_MAX_MIB: '0',
    VERIFY_FULL_HOURS: 'x',
    VERIFY_THREADS: '65',
  };
  expect(wrongIn(all).sort()).toEqual(
    [
      'HUB',
      'LEDGER',
      'LEDGER__blobServiceUri',
      'LEDGER__credential',
      ...Object.keys(all).filter((name) => !name.startsWith('LEDGER') || /ORIGIN|CONTAINER|KEY/.test(name)),
    ].sort(),
  );
  expect(() => loadConfig({})).toThrow(/LEDGER_ORIGIN: is missing; .*logs\.example\.com\/prod/);
});

test.each<[string, string]>([
  ['LEDGER_CONTAINER', 'ab'],
  ['LEDGER_CONTAINER', 'a--b'],
  ['LEDGER_CONTAINER', '-ab'],
  ['LEDGER_CONTAINER', 'ab-'],
  ['LEDGER_CONTAINER', 'Ledger'],
  ['LEDGER_CONTAINER', 'a'.repeat(64)],
  ['LEDGER_CONTAINER', `a${'-b'.repeat(32)}`],
  ['SEGMENT_MAX_MIB', '33'],
  ['SEGMENT_MAX_MIB', '1.5'],
  ['SEGMENT_MAX_MIB', '-1'],
  ['SEGMENT_MAX_MIB', '1e1'],
  ['VERIFY_FULL_HOURS', '0'],
  ['VERIFY_THREADS', '0x2'],
  ['LEDGER_SIGNER_KEY', secretOf(7, 'logs.example.com/other')],
  ['LEDGER_ORIGIN', 'a b'],
  ['LEDGER_ORIGIN', 'a+b'],
  ['LEDGER_ORIGIN', 'x'.repeat(201)],
  ['LEDGER_ORIGIN', '  '],
  ['HUB', ' '],
  ['HUB', 'https://x.servicebus.windows.net'],
  ['HUB', 'Endpoint=sb://x.servicebus.windows.net/'],
  ['HUB', 'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=a'],
  ['VERIFY_SCHEDULE', '0 15 * * *'],
  ['VERIFY_SCHEDULE', '0 15 * * * * *'],
  ['VERIFY_SCHEDULE', '0 15 * ? * *'],
  ['VERIFY_SCHEDULE', '0 15 * * * MON#1'],
  ['LEDGER', 'AccountName=acc'],
  ['LEDGER', 'AccountKey=a2V5'],
  ['LEDGER', 'https://acc.blob.core.windows.net'],
])('%s=%j is refused', (name, value) => {
  expect(wrongIn({ ...GOOD, [name]: value })).toEqual([name]);
});

test.each<[string, string]>([
  ['LEDGER_CONTAINER', 'abc'],
  ['VERIFY_SCHEDULE', '30 0,15-20/5 9-17 * January-mar Mon-Fri'],
  ['LEDGER_CONTAINER', 'a-b-c'],
  ['LEDGER_CONTAINER', 'a'.repeat(63)],
  ['SEGMENT_MAX_MIB', ' 32 '],
  ['SEGMENT_MAX_MIB', ''],
  ['LEDGER', 'UseDevelopmentStorage=true'],
  ['LEDGER', 'BlobEndpoint=http://127.0.0.1:1/acc;SharedAccessSignature=sv=1&sig=x'],
])('%s=%j is fine', (name, value) => {
  expect(wrongIn({ ...GOOD, [name]: value })).toEqual([]);
});

test.each<[string, Env, string[]]>([
  ['two connections', { ...IDENTITY, LEDGER: GOOD.LEDGER }, ['LEDGER']],
  [
    'an address that is not https',
    { ...IDENTITY, LEDGER__blobServiceUri: 'http://acc.blob.core.windows.net' },
    ['LEDGER__blobServiceUri'],
  ],
  ['an address with a token', { ...IDENTITY, LEDGER__blobServiceUri: 'https://acc?sig=x' }, ['LEDGER__blobServiceUri']],
  ['an unknown credential', { ...IDENTITY, LEDGER__credential: 'secret' }, ['LEDGER__credential']],
  ['a client id that nobody would use', { ...IDENTITY, LEDGER__clientId: 'id' }, ['LEDGER__clientId']],
])('%s', (_what, env, names) => {
  expect(wrongIn(env)).toEqual(names);
});

test('messages never hold a secret', () => {
  expect(() => loadConfig({ ...GOOD, HUB_NAME: '', LEDGER: 'AccountName=;AccountKey=c2VjcmV0' })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('c2VjcmV0') as string }) as Error,
  );
});

describe('TLOG', () => {
  test('is another account for the tiles', () => {
    const TLOG__blobServiceUri = 'https://tiles.blob.core.windows.net';
    const TLOG = { TLOG__blobServiceUri, TLOG__credential: 'managedidentity', TLOG__clientId: 'id-2' };
    expect(loadConfig({ ...GOOD, ...TLOG }).tlog).toEqual({
      kind: 'identity',
      serviceUri: TLOG__blobServiceUri,
      managed: true,
      clientId: 'id-2',
    });
    expect(loadConfig({ ...IDENTITY, TLOG: GOOD.LEDGER }).tlog).toEqual({
      kind: 'connectionString',
      text: GOOD.LEDGER,
    });
  });

  test.each<[string, Env, string[]]>([
    ['an identity without an address', { TLOG__credential: 'managedidentity' }, ['TLOG']],
    ['a member that nobody reads', { TLOG__accountName: 'tiles' }, ['TLOG']],
    ['an address that is not https', { TLOG__blobServiceUri: 'http://tiles' }, ['TLOG__blobServiceUri']],
    ['two connections', { TLOG: GOOD.LEDGER, TLOG__blobServiceUri: 'https://tiles' }, ['TLOG']],
    ['what is no connection string', { TLOG: 'x' }, ['TLOG']],
  ])('with %s is refused', (_what, env, names) => {
    expect(wrongIn({ ...GOOD, ...env })).toEqual(names);
  });
});
