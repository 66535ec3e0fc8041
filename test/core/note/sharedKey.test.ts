import { cosignatureKey } from '../../../src/core/note/cosignature.ts';
import { sharedKey } from '../../../src/core/note/sharedKey.ts';
import { createSignerKey } from '../../../src/core/note/signerKey.ts';
import type { VerifierKey } from '../../../src/core/note/verifierKey.ts';

const log = (seed: number, name = 'logs.example.com/prod'): VerifierKey =>
  createSignerKey(name, Buffer.alloc(32, seed)).verifierKey;
const witness = (seed: number, name = `w${seed}.example`): VerifierKey => cosignatureKey(log(seed, name));

describe('sharedKey', () => {
  test.each<[string, VerifierKey[], string]>([
    [
      'a log and its witness',
      [log(1), witness(2), witness(1, 'w.example')],
      'the witness w.example has a key of the log',
    ],
    ['a witness and its log', [witness(1, 'w.example'), log(1)], 'the witness w.example has a key of the log'],
    ['a log that is called as its witness', [log(1), cosignatureKey(log(1))], 'the witness logs.example.com/prod has'],
    [
      'one witness under two names',
      [witness(1, 'a.example'), log(3), witness(1, 'b.example')],
      'a.example and b.example',
    ],
  ])('finds %s', (_what, keys, said) => {
    expect(sharedKey(keys)).toContain(said);
  });

  test('finds nothing in keys of different people, nor in what is given twice', () => {
    expect(sharedKey([])).toBeUndefined();
    expect(sharedKey([log(1), log(2), witness(3), witness(4)])).toBeUndefined();
    expect(sharedKey([log(1), witness(3), log(1), witness(3)])).toBeUndefined();
    // Two logs of one owner are no witnesses of each other.
    expect(sharedKey([log(1), log(1, 'logs.example.com/test')])).toBeUndefined();
  });
});
