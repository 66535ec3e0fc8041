import { AuditsealError } from '../src/core/errors.ts';
import { loadConfig } from '../src/config.ts';
import { cosignatureKey } from '../src/core/cosignature.ts';
import { createSignerKey, formatSignerKey } from '../src/core/signerKey.ts';
import { formatVerifierKey } from '../src/core/verifierKey.ts';

type Env = Readonly<Record<string, string | undefined>>;

const GOOD = {
  HUB: 'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b',
  HUB_NAME: 'audit',
  HUB_CONSUMER_GROUP: '$Default',
  INTEGRATE_SCHEDULE: '*/30 * * * * *',
  VERIFY_SCHEDULE: '0 15 * * * *',
  LEDGER_SIGNER_KEY: formatSignerKey(createSignerKey('logs.example.com/prod', Buffer.alloc(32, 7))),
  LEDGER_ORIGIN: 'logs.example.com/prod',
  LEDGER: 'DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net',
} satisfies Env;

const IDENTITY = {
  ...GOOD,
  LEDGER: undefined,
  LEDGER__blobServiceUri: 'https://acc.blob.core.windows.net',
} satisfies Env;

/** wrongIn gives the names of the settings that are reported. */
function wrongIn(env: Env): string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof AuditsealError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(':')[0] as string);
  }
}

test('the least that is needed gives a frozen config with defaults', () => {
  const config = loadConfig(GOOD);
  const { signerKey, ...rest } = config;
  expect(signerKey.verifierKey).toMatchObject({ keyName: 'logs.example.com/prod', type: 'ed25519' });
  expect(rest).toEqual({
    origin: 'logs.example.com/prod',
    ledger: { kind: 'connectionString', text: GOOD.LEDGER },
    container: 'ledger',
    tlog: { kind: 'connectionString', text: GOOD.LEDGER },
    tlogContainer: 'tlog',
    verifierKeys: [],
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
  const hub = { ...IDENTITY, HUB: undefined, HUB__fullyQualifiedNamespace: 'x.servicebus.windows.net' };
  expect(wrongIn(hub)).toEqual([]);
});

test('everything that is wrong is named at once, with what is expected', () => {
  expect(wrongIn({})).toEqual([
    'HUB',
    'HUB_NAME',
    'HUB_CONSUMER_GROUP',
    'INTEGRATE_SCHEDULE',
    'VERIFY_SCHEDULE',
    'LEDGER_ORIGIN',
    'LEDGER',
    'LEDGER_SIGNER_KEY',
  ]);
  const all = {
    HUB_NAME: 'a b',
    HUB_CONSUMER_GROUP: 'a/b',
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
  ['LEDGER_SIGNER_KEY', formatSignerKey(createSignerKey('logs.example.com/other', Buffer.alloc(32, 7)))],
  ['LEDGER_ORIGIN', 'a b'],
  ['LEDGER_ORIGIN', 'a+b'],
  ['LEDGER_ORIGIN', 'x'.repeat(201)],
  ['LEDGER_ORIGIN', '  '],
  ['HUB', ' '],
  ['VERIFY_SCHEDULE', '0 15 * * *'],
  ['LEDGER', 'AccountName=acc'],
  ['LEDGER', 'AccountKey=a2V5'],
  ['LEDGER', 'https://acc.blob.core.windows.net'],
])('%s=%j is refused', (name, value) => {
  expect(wrongIn({ ...GOOD, [name]: value })).toEqual([name]);
});

test.each<[string, string]>([
  ['LEDGER_CONTAINER', 'abc'],
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

describe('WITNESS_POLICY', () => {
  const key = (number: number, name = `w${number}.example`): string =>
    formatVerifierKey(cosignatureKey(createSignerKey(name, Buffer.alloc(32, number)).verifierKey));
  const logKey = (name: string): string => formatVerifierKey(createSignerKey(name, Buffer.alloc(32, 5)).verifierKey);
  const lines = [
    '# who cosigns',
    `log ${logKey('logs.example.com/prod')}`,
    `witness w1 ${key(1)} https://w1.example/tenant/`,
    `witness w2 ${key(2)} http://127.0.0.1:8080`,
    'group both all w1 w2',
    'quorum both',
  ];
  const withPolicy = (policy: string): Env => ({ ...GOOD, WITNESS_POLICY: policy });
  const complaintsOf = (policy: string): string => {
    try {
      loadConfig(withPolicy(policy));
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each([
    ['lines', lines.join('\n')],
    ['lines as Windows ends them', `${lines.join('\r\n')}\r\n`],
    ['one line with semicolons', lines.join('; ')],
  ])('is %s', (_what, policy) => {
    const { witnessPolicy } = loadConfig(withPolicy(policy));
    expect(witnessPolicy?.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['w1', 'https://w1.example/tenant/'],
      ['w2', 'http://127.0.0.1:8080'],
    ]);
    expect(witnessPolicy).toMatchObject({ quorum: 'both', groups: [{ name: 'both', threshold: 2 }] });
  });

  test('may be left out', () => {
    expect(loadConfig(withPolicy('  '))).not.toHaveProperty('witnessPolicy');
  });

  test.each<[string, string, string]>([
    ['a line that is none', 'witnesses w1; quorum none', 'line 1 of the policy'],
    ['no quorum', lines.slice(0, -1).join('\n'), 'a policy has a quorum line'],
    ['a key that is none', 'witness w1 x http://h; quorum w1', 'line 1 of the policy'],
    [
      'the key of another log',
      `log ${logKey('other.example')}; quorum none`,
      'a log line has the key of other.example',
    ],
    ['a witness without an address', `witness w1 ${key(1)}; quorum w1`, 'the witness w1 has no address'],
    ['an address that is none', `witness w1 ${key(1)} w1.example; quorum w1`, 'the address of the witness w1'],
    ['an address with a query', `witness w1 ${key(1)} https://h/?a=b; quorum w1`, 'the address of the witness w1'],
    ['an address with a password', `witness w1 ${key(1)} https://u:p@h/; quorum w1`, 'the address of the witness w1'],
    [
      'too many witnesses',
      [...Array.from({ length: 33 }, (_, i) => `witness w${i} ${key(i)} http://h`), 'quorum none'].join('\n'),
      'more than 32 witnesses',
    ],
  ])('with %s is refused, and what is wrong is said', (_what, policy, why) => {
    expect(wrongIn(withPolicy(policy))).toEqual(['WITNESS_POLICY']);
    expect(complaintsOf(policy)).toContain(why);
  });
});
