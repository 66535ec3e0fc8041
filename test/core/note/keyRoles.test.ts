import { cosignatureKey } from '../../../src/core/note/cosignature.ts';
import { sharedKeys } from '../../../src/core/note/keyRoles.ts';
import type { GivenKeys, KeyRole } from '../../../src/core/note/keyRoles.ts';
import { createSignerKey } from '../../../src/core/note/signerKey.ts';
import type { VerifierKey } from '../../../src/core/note/verifierKey.ts';

const key = (seed: number, name = 'logs.example.com/prod'): VerifierKey =>
  createSignerKey(name, Buffer.alloc(32, seed)).verifierKey;
const witness = (seed: number, name = `w${seed}.example`): VerifierKey => cosignatureKey(key(seed, name));
const URL = 'https://vault.vault.azure.net/keys/log/1';

const given = (place: string, role: KeyRole, ...keys: (VerifierKey | string)[]): GivenKeys => ({ place, role, keys });

describe('sharedKeys', () => {
  test.each<[string, GivenKeys[], string, string]>([
    [
      'a log and its witness',
      [given('A', 'log', key(1)), given('B', 'witness', witness(2), witness(1, 'w.example'))],
      'B',
      'the witness w.example has the key of the log (A); each needs a key of its own',
    ],
    [
      'a witness and its log',
      [given('A', 'witness', witness(1, 'w.example')), given('B', 'log', key(1))],
      'B',
      'the log has the key of the witness w.example (A)',
    ],
    [
      'a log that is called as its witness',
      [given('A', 'log', key(1)), given('A', 'witness', cosignatureKey(key(1)))],
      'A',
      'the witness logs.example.com/prod has the key of the log (A)',
    ],
    [
      'a log and its auditor, by two names',
      [given('A', 'log', key(1)), given('B', 'auditor', key(1, 'logs.example.com/prod/auditor'))],
      'B',
      'the auditor has the key of the log (A)',
    ],
    [
      'an auditor and a witness',
      [given('A', 'auditor', key(1)), given('B', 'witness', witness(1))],
      'B',
      'the witness w1.example has the key of the auditor (A)',
    ],
    [
      'one witness under two names',
      [given('A', 'witness', witness(1, 'a.example')), given('B', 'witness', witness(1, 'b.example'))],
      'B',
      'the witness b.example has the key of the witness a.example (A)',
    ],
    [
      'a key in a vault, by its URL',
      [given('A', 'log', URL), given('B', 'auditor', URL)],
      'B',
      'the auditor has the key of the log (A)',
    ],
  ])('finds %s', (_what, keys, place, said) => {
    expect(sharedKeys(keys)).toEqual([{ place, why: expect.stringContaining(said) as string }]);
  });

  test('finds nothing in keys of different people, nor in what is given twice', () => {
    expect(sharedKeys([])).toEqual([]);
    const all = [given('A', 'log', key(1), key(2)), given('B', 'witness', witness(3)), given('C', 'auditor', key(4))];
    expect(sharedKeys([...all, ...all])).toEqual([]);
    // Two logs of one owner are no witnesses of each other.
    expect(sharedKeys([given('A', 'log', key(1), key(1, 'logs.example.com/test'))])).toEqual([]);
  });
});
