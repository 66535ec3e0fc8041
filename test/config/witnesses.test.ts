import { loadConfig } from '../../src/config/config.ts';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import { createSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { GOOD, messageOf, publicOf, secretOf, wrongIn } from '../support/settings.ts';
import type { Env } from '../support/settings.ts';

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
  const complaintsOf = (policy: string): string => messageOf(withPolicy(policy));

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

  test.each<[string, Env]>([
    ['LEDGER_SIGNER_KEY', {}],
    ['LEDGER_SIGNER_KEY, the second', { LEDGER_SIGNER_KEY: `${secretOf(9)} ${secretOf(7)}` }],
    ['LEDGER_VERIFIER_KEYS', { LEDGER_SIGNER_KEY: undefined, LEDGER_VERIFIER_KEYS: `${publicOf(8)} ${publicOf(7)}` }],
  ])('that takes a key of %s for a witness is refused', (_what, keys) => {
    for (const name of ['logs.example.com/prod', 'w7.example']) {
      const env = { ...withPolicy(`witness w1 ${key(7, name)} http://h; quorum w1`), ...keys };
      expect(wrongIn(env)).toEqual(['WITNESS_POLICY']);
      expect(messageOf(env)).toContain(`the witness ${name} has the key of the log (LEDGER_`);
    }
    expect(wrongIn({ ...withPolicy(`witness w1 ${key(1)} http://h; quorum w1`), ...keys })).toEqual([]);
  });

  test('that counts one witness twice is refused', () => {
    const policy = `witness a ${key(1, 'a')} http://h; witness b ${key(1, 'b')} http://i; group g all a b; quorum g`;
    expect(wrongIn(withPolicy(policy))).toEqual(['WITNESS_POLICY']);
    expect(complaintsOf(policy)).toContain('line 2 of the policy: the key stands in an earlier line');
  });

  test.each<[string, string, string]>([
    ['a line that is none', 'witnesses w1; quorum none', 'line 1 of the policy'],
    ['no quorum', lines.slice(0, -1).join('\n'), 'the policy has no quorum line'],
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
      [...Array.from({ length: 33 }, (_, i) => `witness w${i} ${key(40 + i)} http://h`), 'quorum none'].join('\n'),
      'more than 32 witnesses',
    ],
  ])('with %s is refused, and what is wrong is said', (_what, policy, why) => {
    expect(wrongIn(withPolicy(policy))).toEqual(['WITNESS_POLICY']);
    expect(complaintsOf(policy)).toContain(why);
  });
});
