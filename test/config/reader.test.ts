import { runNode } from '../support/program.ts';
import { Random } from '../support/random.ts';
import { picked } from '../support/sample.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';
import { GOOD, IDENTITY, messageOf, namesRead, publicOf, secretOf, wrongIn } from '../support/settings.ts';
import type { Env } from '../support/settings.ts';

describe('whatever setting a secret is put into, nothing of it is repeated', () => {
  const random = new Random(20);
  const letters = (count: number): string =>
    Array.from(
      { length: count },
      () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'[random.below(62)],
    ).join('');

  /** secrets gives settings' values with what in them is secret. */
  function* secrets(): Generator<readonly [value: string, secret: string]> {
    const key = letters(86);
    yield [`DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=${key}==`, key];
    yield [`BlobEndpoint=https://acc.blob.core.windows.net;SharedAccessSignature=sv=1&sig=${key}`, key];
    yield [`https://acc.blob.core.windows.net/?sv=1&sig=${key}`, key];
    yield [`https://user:${key}@vault.vault.azure.net/keys/log/1`, key];
    yield [`Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=${key}`, key];
    yield [key, key];
    for (const name of ['logs.example.com/prod', 'other.example']) {
      const signer = secretOf(random.below(256), name);
      yield [signer, signer.slice(signer.lastIndexOf('+') + 1)];
    }
  }

  /** damaged gives a value as it is, and as people paste it. */
  function* damaged(value: string): Generator<string> {
    const cut = 1 + random.below(value.length - 1);
    yield* [value, ` ${value}\n`, `"${value}"`, value.slice(1), value.slice(0, -1), value.toLowerCase()];
    yield* [`${value.slice(0, cut)} ${value.slice(cut)}`, `${value.slice(0, cut)}\n${value.slice(cut)}`];
    yield* [`${value} ${value}`, `${value};${value}`, `log ${value}`, `witness w ${value} ${value}`, `x/${value}+`];
  }

  const names = [...namesRead()];

  /** isRepeated tells whether ten letters of a secret, which no chance brings, stand in a message. */
  const isRepeated = (message: string, secret: string): boolean => {
    for (let at = 0; at + 10 <= secret.length; at += 5) {
      if (message.includes(secret.slice(at, at + 10).toLowerCase())) return true;
    }
    return false;
  };

  test.each(picked(names, 8, 20))('%s', (name) => {
    let refused = 0;
    const repeating: string[] = [];
    for (const [value, secret] of secrets()) {
      for (const text of damaged(value)) {
        for (const rest of [GOOD, IDENTITY, {}]) {
          const message = messageOf({ ...rest, [name]: text });
          if (message !== '') refused++;
          if (isRepeated(message.toLowerCase(), secret)) repeating.push(message);
        }
      }
    }
    expect(repeating).toEqual([]);
    expect(refused).toBeGreaterThan(90);
  });

  test('what looks like a secret is refused in every setting but those that are one', () => {
    const taking = names.filter((name) =>
      Object.values(SPELLINGS).some(
        (text) => !messageOf({ ...GOOD, [name]: text }).includes(`${name}: holds a secret`),
      ),
    );
    expect(taking).toEqual(
      expect.arrayContaining([
        'HUB',
        'AzureWebJobsStorage',
        'LEDGER',
        'TLOG',
        'LEDGER_SIGNER_KEY',
        'AUDITOR_SIGNER_KEY',
        'DRILL',
      ]),
    );
    expect(taking).toHaveLength(7);
    for (const name of names)
      for (const text of Object.values(SPELLINGS)) expect(messageOf({ ...GOOD, [name]: text })).not.toContain(SECRET);
  });

  test('the name of a signer key that holds one is not repeated', () => {
    const key = secretOf(7, `logs.example.com/?sig=${SECRET}`);
    expect(wrongIn({ ...GOOD, LEDGER_SIGNER_KEY: key })).toEqual(['LEDGER_SIGNER_KEY']);
    expect(messageOf({ ...GOOD, LEDGER_SIGNER_KEY: key })).not.toContain(SECRET);
  });

  test('the app that is told of them says nothing of them when it starts', async () => {
    const program = "import('./src/app.ts').then((app) => app.theApp())";
    for (const what of ['a signer key', 'a SAS without a scheme', 'a connection string of storage'] as const) {
      const { stdout, stderr } = await runNode(
        ['-e', program],
        Object.fromEntries(names.map((name) => [name, SPELLINGS[what] as string])),
      );
      expect(stderr).toContain('settings are wrong');
      expect(stdout + stderr).not.toContain(SECRET);
    }
  });

  test('every setting was tried', () => {
    expect(names).toEqual(expect.arrayContaining(['HUB', 'LEDGER', 'TLOG', 'LEDGER_SIGNER_KEY', 'WITNESS_POLICY']));
    expect(names.length).toBeGreaterThan(30);
  });
});

describe('a setting that is spelt nearly like one', () => {
  test.each<[string, string]>([
    ['LEDGER_CONTANER', 'LEDGER_CONTAINER'],
    ['LEDGER_CONTIANER', 'LEDGER_CONTAINER'],
    ['ledger_container', 'LEDGER_CONTAINER'],
    ['LEDGER_CONTAINERS', 'LEDGER_CONTAINER'],
    ['LEGDER_CONTAINER', 'LEDGER_CONTAINER'],
    ['VERIFY_TREADS', 'VERIFY_THREADS'],
    ['SIGNER_keyUrl', 'SIGNER__keyUrl'],
    ['WITNESS_POLICIY', 'WITNESS_POLICY'],
  ])('%s is refused, and %s named', (wrong, meant) => {
    expect(messageOf({ ...GOOD, [wrong]: '4' })).toBe(
      `settings are wrong:\n  ${wrong}: is not a setting; did you mean ${meant}?`,
    );
  });

  test('is told beside the one that is missing', () => {
    expect(wrongIn({ ...GOOD, VERIFY_SCHEDULE: undefined, VERIFY_SHEDULE: GOOD.VERIFY_SCHEDULE })).toEqual([
      'VERIFY_SCHEDULE',
      'VERIFY_SHEDULE',
    ]);
  });

  test.each<[string, Env]>([
    ['the right one is set too', { LEDGER_CONTAINER: 'ledger', LEDGER_CONTANER: 'ledger' }],
    ['it is empty', { LEDGER_CONTANER: ' ' }],
    ["it is the host's", { HUB__credential: 'managedidentity', HUB__clientId: 'id', AzureWebJobsStorage: 'x' }],
    ["it is the platform's", { APPSETTING_LEDGER_CONTAINER: 'x', WEBSITE_SITE_NAME: 'x', PATH: '/bin', TZ: 'UTC' }],
    ['it differs by more', { LEDGER_CONTAINER_OLD: 'x', VERIFY_FULL: '1', TLOGS: 'x', SUB: 'x' }],
  ])('is passed over where %s', (_what, env) => {
    expect(wrongIn({ ...GOOD, ...env })).toEqual([]);
  });
});

test('each of several keys that are wrong is told', () => {
  const message = messageOf({ ...GOOD, LEDGER_SIGNER_KEY: `PRIVATE+KEY+x ${secretOf(8, 'other.example')} nonsense` });
  expect(message.match(/LEDGER_SIGNER_KEY: is wrong; /g)).toHaveLength(3);
  expect(message).toContain('the key is of other.example, not of LEDGER_ORIGIN');
});

test('keys and witnesses are compared with no LEDGER_ORIGIN that is wrong itself', () => {
  const policy = `log ${publicOf(7)}; quorum none`;
  expect(wrongIn({ ...GOOD, LEDGER_ORIGIN: 'a b', WITNESS_POLICY: policy })).toEqual(['LEDGER_ORIGIN']);
});
