import { loadConfig } from '../../src/config/config.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { GOOD, VAULT_KEY, publicOf, secretOf, wrongIn } from '../support/settings.ts';
import type { Env } from '../support/settings.ts';

describe('the keys of operators', () => {
  const name = 'logs.example.com/prod/operator';

  test('those that count and those that are revoked, as keys or as URLs of a vault', () => {
    const { operators } = loadConfig({
      ...GOOD,
      OPERATOR_VERIFIER_KEYS: `${publicOf(10, name)} ${VAULT_KEY}1`,
      OPERATOR_REVOKED_KEYS: publicOf(11, name),
    });
    const { registered, revoked } = operators;
    expect([...registered.verifierKeys, ...revoked.verifierKeys].map(formatVerifierKey)).toEqual([
      publicOf(10, name),
      publicOf(11, name),
    ]);
    expect(registered.verifierKeyUrls).toEqual([`${VAULT_KEY}1`]);
  });

  test.each<[string, Env, string[]]>([
    ["the log's name", { OPERATOR_VERIFIER_KEYS: publicOf(9) }, ['OPERATOR_VERIFIER_KEYS']],
    ["another ledger's operator", { OPERATOR_VERIFIER_KEYS: publicOf(9, 'x/operator') }, ['OPERATOR_VERIFIER_KEYS']],
    ['the key of the log', { OPERATOR_VERIFIER_KEYS: publicOf(7, name) }, ['OPERATOR_VERIFIER_KEYS']],
    [
      'the key of the auditor',
      { AUDITOR_VERIFIER_KEYS: publicOf(8, 'logs.example.com/prod/auditor'), OPERATOR_REVOKED_KEYS: publicOf(8, name) },
      ['OPERATOR_REVOKED_KEYS'],
    ],
    ['a secret', { OPERATOR_VERIFIER_KEYS: secretOf(9, name) }, ['OPERATOR_VERIFIER_KEYS']],
  ])('%s', (_what, env, wrong) => {
    expect(wrongIn({ ...GOOD, ...env })).toEqual(wrong);
  });
});
