import { cosignatureKey, signCosignature } from '../../../src/core/note/cosignature.ts';
import { openCheckpoint } from '../../../src/core/note/checkpoint.ts';
import { formatNote, parseNote } from '../../../src/core/note/note.ts';
import type { VerifiedSignature } from '../../../src/core/note/note.ts';
import { MAX_POLICY_BYTES, evaluateQuorum, parsePolicy } from '../../../src/core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../../src/core/note/witnessPolicy.ts';
import { createSignerKey } from '../../../src/core/note/signerKey.ts';
import { createVerifierKey, formatVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { coded, damaged, expectExact } from '../../support/logVectors.ts';
import { LOG_KEY, TestLog, WITNESS_KEY } from '../../support/witnessLog.ts';

const WITNESSES = Array.from({ length: 40 }, (_, i) => createSignerKey(`w${i}.example`, Buffer.alloc(32, i)));
const KEYS = WITNESSES.map(({ verifierKey }) => formatVerifierKey(cosignatureKey(verifierKey)));
const LOG = formatVerifierKey(LOG_KEY.verifierKey);
const key = (i: number): string => KEYS[i] as string;

/** The example of the specification, with keys. */
const EXAMPLE = `# logs
log ${LOG} https://logs.example.com/

witness X1 ${key(1)}
witness X2 ${key(2)} https://w2.example/submit
\t witness \t X3  ${key(3)}\t
  # two of them
group X-witnesses 2 X1 X2 X3

witness Y1 ${key(4)}
witness Y2 ${key(5)}
witness Y3 ${key(6)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

/** Seeds, as numbers, that give the name w.example two keys of one ID; found by search. */
const COLLIDING = [7493, 65_813];

const parse = (text: string): WitnessPolicy => parsePolicy(Buffer.from(text));
const cosigned = (...numbers: readonly number[]): VerifiedSignature[] =>
  numbers.map((i) => ({ ...cosignatureKey((WITNESSES[i] as (typeof WITNESSES)[0]).verifierKey), timestamp: 1 }));

describe('parsePolicy', () => {
  test('reads the example', () => {
    const { logs, witnesses, groups, quorum } = parse(EXAMPLE);
    expect(logs.map(({ verifierKey, url }) => [formatVerifierKey(verifierKey), url])).toEqual([
      [LOG, 'https://logs.example.com/'],
    ]);
    expect(witnesses.map(({ name, verifierKey, url }) => [name, formatVerifierKey(verifierKey), url])).toEqual([
      ['X1', key(1), undefined],
      ['X2', key(2), 'https://w2.example/submit'],
      ['X3', key(3), undefined],
      ['Y1', key(4), undefined],
      ['Y2', key(5), undefined],
      ['Y3', key(6), undefined],
    ]);
    expect(groups).toEqual([
      { name: 'X-witnesses', threshold: 2, members: ['X1', 'X2', 'X3'] },
      { name: 'Y-witnesses', threshold: 1, members: ['Y1', 'Y2', 'Y3'] },
      { name: 'X-and-Y', threshold: 2, members: ['X-witnesses', 'Y-witnesses'] },
    ]);
    expect(quorum).toBe('X-and-Y');
  });

  test('reads policies at the edges', () => {
    expect(parse('quorum none\n')).toEqual({ logs: [], witnesses: [], groups: [], quorum: undefined });
    // A Kelvin sign is no K, and white space is space and tab alone.
    const { witnesses } = parse(
      `witness K ${key(1)}\nwitness \u212a ${key(2)}\nwitness a\u00a0b ${key(3)}\nquorum \u212a\n`,
    );
    expect(witnesses.map(({ name }) => name)).toEqual(['K', '\u212a', 'a\u00a0b']);
    expect(parse(`witness constructor ${key(1)}\nquorum constructor\n`).quorum).toBe('constructor');
    // 40 each, nested 40 deep.
    const many = KEYS.map((it, i) => `witness w${i} ${it}\ngroup g${i} all w${i}${i === 0 ? '' : ` g${i - 1}`}\n`);
    const policy = parse(`${many.join('')}quorum g39\n`);
    expect(evaluateQuorum(policy, cosigned(...KEYS.keys())).isMet).toBe(true);
    expect(evaluateQuorum(policy, cosigned(...[...KEYS.keys()].slice(1))).isMet).toBe(false);
  });

  test.each([
    ['behind its log line', (log: string, witness: string) => `log ${log}\nwitness w ${witness}\nquorum w\n`],
    ['before its log line', (log: string, witness: string) => `witness w ${witness}\nlog ${log}\nquorum w\n`],
    ['that no quorum asks', (log: string, witness: string) => `log ${log}\nwitness w ${witness}\nquorum none\n`],
  ])('refuses a log as its own witness, whatever its key is called there, %s', (_what, policy) => {
    for (const name of [LOG_KEY.verifierKey.keyName, 'w.example']) {
      const own = formatVerifierKey(createVerifierKey(name, 'cosignature', LOG_KEY.verifierKey.material));
      expect(() => parse(policy(LOG, own))).toThrow(coded('POLICY_MALFORMED'));
      expect(() => parse(policy(LOG, own))).toThrow(
        /^line 2 of the policy: the (log|witness \S+) has the key of the (log|witness \S+) \(an earlier line\)/,
      );
    }
    expect(parse(policy(LOG, key(1))).witnesses).toHaveLength(1);
  });

  test('refuses one witness under two names', () => {
    const again = formatVerifierKey(
      createVerifierKey('other.example', 'cosignature', createSignerKey('w', Buffer.alloc(32, 1)).verifierKey.material),
    );
    expect(() => parse(`witness a ${key(1)}\nwitness b ${again}\ngroup g all a b\nquorum g\n`)).toThrow(
      'line 2 of the policy: the key stands in an earlier line',
    );
  });

  const two = `witness a ${key(1)}\nwitness b ${key(2)}\n`;
  test.each([
    ['no line', ''],
    ['no quorum', two],
    ['comments only', '# quorum none\n'],
    ['two quorums', 'quorum none\nquorum none\n'],
    ['a quorum that is nobody', `${two}quorum c\n`],
    ['a quorum before its witness', `quorum a\n${two}`],
    ['a quorum of two', `${two}quorum a b\n`],
    ['a last line without its end', 'quorum none'],
    ['CRLF', 'quorum none\r\n'],
    ['a form feed', 'quorum\fnone\n'],
    ['NUL', 'quorum none\n#\0\n'],
    ['DEL', 'quorum none\n#\x7f\n'],
    ['a byte order mark', '\ufeffquorum none\n'],
    ['no-break space between words', 'quorum\u00a0none\n'],
    ['a comment behind a line', 'quorum none # none\n'],
    ['an unknown line', 'quorum none\nlogs a\n'],
    ['an upper-case word', 'Quorum none\n'],
    ['a witness without key', `witness a\nquorum none\n`],
    ['a witness with too much', `witness a ${key(1)} https://a b\nquorum none\n`],
    ['a log without key', 'log\nquorum none\n'],
    ['a log with too much', `log ${LOG} https://a b\nquorum none\n`],
    ['a key that is none', `log ${LOG.slice(0, -4)}\nquorum none\n`],
    ['a witness key for a log', `log ${key(1)}\nquorum none\n`],
    ['a log key for a witness', `witness a ${formatVerifierKey(WITNESS_KEY.verifierKey)}\nquorum none\n`],
    ['a log twice', `log ${LOG}\nlog ${LOG}\nquorum none\n`],
    ['a witness called none', `witness none ${key(1)}\nquorum none\n`],
    ['a group called none', `${two}group none any a\nquorum none\n`],
    ['a name twice', `witness a ${key(1)}\nwitness a ${key(2)}\nquorum none\n`],
    ['a group with the name of a witness', `${two}group a any b\nquorum none\n`],
    ['a key twice', `witness a ${key(1)}\nwitness b ${key(1)}\nquorum none\n`],
    ['a group of nobody', `${two}group g any\nquorum none\n`],
    ['a group without number', `${two}group g a b\nquorum none\n`],
    ['a group that needs none', `${two}group g 0 a b\nquorum none\n`],
    ['a group that needs more than it has', `${two}group g 3 a b\nquorum none\n`],
    ['a leading zero', `${two}group g 01 a b\nquorum none\n`],
    ['a number of another kind', `${two}group g constructor a b\nquorum none\n`],
    ['a member twice', `${two}group g 1 a a\nquorum none\n`],
    ['a member of two groups', `${two}group g any a\ngroup h any a\nquorum none\n`],
    ['a member that comes later', `witness a ${key(1)}\ngroup g any a b\nwitness b ${key(2)}\nquorum none\n`],
    ['a group in itself', `${two}group g any a g\nquorum none\n`],
    ['none for a member', `${two}group g any a none\nquorum none\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => parse(text)).toThrow(coded('POLICY_MALFORMED'));
  });

  test('refuses the same key under another name', () => {
    const renamed = createVerifierKey('other.example', 'cosignature', cosignatureKey(WITNESS_KEY.verifierKey).material);
    const lines = [cosignatureKey(WITNESS_KEY.verifierKey), renamed].map(
      (it, i) => `witness ${i} ${formatVerifierKey(it)}`,
    );
    expect(() => parse(`${lines.join('\n')}\nquorum none\n`)).toThrow(coded('POLICY_MALFORMED'));
  });

  test('refuses two keys that no signature line tells apart', () => {
    const [one, other] = COLLIDING.map((seed) => {
      const bytes = Buffer.alloc(32);
      bytes.writeUInt32BE(seed, 28);
      return cosignatureKey(createSignerKey('w.example', bytes).verifierKey);
    });
    expect(one?.keyId).toBe(other?.keyId);
    expect(one?.material).not.toEqual(other?.material);
    const lines = [one, other].map((it, i) => `witness ${i} ${formatVerifierKey(it as NonNullable<typeof it>)}`);
    expect(() => parse(`${lines.join('\n')}\nquorum none\n`)).toThrow(coded('POLICY_MALFORMED'));
  });

  test('refuses what is too large or no UTF-8, and names the line', () => {
    const comment = (length: number): string => `quorum none\n#${'x'.repeat(length - 14)}\n`;
    expect(parse(comment(MAX_POLICY_BYTES)).quorum).toBeUndefined();
    expect(() => parse(comment(MAX_POLICY_BYTES + 1))).toThrow(coded('POLICY_MALFORMED'));
    expect(() => parsePolicy(Buffer.from('quorum none\n#\xff\n', 'latin1'))).toThrow(coded('POLICY_MALFORMED'));
    expect(() => parse(`\n# a\nlog ${key(1)}\n`)).toThrow('line 3 of the policy');
  });

  test('reads or refuses whatever is done to a policy', () => {
    const names = (it: Buffer): undefined => void parsePolicy(it);
    expect(expectExact(damaged(Buffer.from(EXAMPLE), 7, 1000), ['POLICY_MALFORMED'], names)).toBe(0);
  });
});

describe('evaluateQuorum', () => {
  const policy = parse(EXAMPLE);

  test.each([
    ['nobody', [], false, []],
    ['two of X and one of Y', [1, 3, 5], true, ['X1', 'X3', 'Y2']],
    ['everybody', [1, 2, 3, 4, 5, 6], true, ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3']],
    ['one of X and all of Y', [1, 4, 5, 6], false, ['X1', 'Y1', 'Y2', 'Y3']],
    ['all of X', [1, 2, 3], false, ['X1', 'X2', 'X3']],
    ['one of X twice', [1, 1, 4], false, ['X1', 'Y1']],
    ['strangers', [7, 8, 9], false, []],
  ])('%s', (_who, numbers, isMet, names) => {
    expect(evaluateQuorum(policy, cosigned(...numbers))).toEqual({ isMet, cosigned: names });
  });

  test('demands nobody if the policy does not', () => {
    expect(evaluateQuorum(parse(`witness a ${key(1)}\nquorum none\n`), [])).toEqual({ isMet: true, cosigned: [] });
  });

  test('one witness is a quorum', () => {
    const one = parse(`witness a ${key(1)}\nquorum a\n`);
    expect(evaluateQuorum(one, cosigned(1)).isMet).toBe(true);
    expect(evaluateQuorum(one, cosigned(2)).isMet).toBe(false);
  });

  test('a signature that is no cosignature, or by another key of that name, does not count', () => {
    const [own] = cosigned(1) as [VerifiedSignature];
    const one = parse(`witness a ${key(1)}\nquorum a\n`);
    expect(evaluateQuorum(one, [{ ...own, type: 'ed25519' }]).isMet).toBe(false);
    expect(evaluateQuorum(one, [{ ...own, keyId: '00000000' }]).isMet).toBe(false);
    expect(evaluateQuorum(one, [{ ...own, keyName: 'w2.example' }]).isMet).toBe(false);
  });

  test('of a checkpoint that is opened with the keys of the policy', () => {
    const { text, signatures } = parseNote(new TestLog().checkpoint(5));
    const cosignatures = [1, 2, 6].map((i) =>
      signCosignature(text, WITNESSES[i] as (typeof WITNESSES)[0], 1_700_000_000),
    );
    const note = formatNote({ text, signatures: [...signatures, ...cosignatures] });
    const verifiers = [...policy.logs, ...policy.witnesses].map(({ verifierKey }) => verifierKey);
    const opened = openCheckpoint(note, LOG_KEY.verifierKey.keyName, verifiers);
    expect(evaluateQuorum(policy, opened.cosignatures)).toEqual({ isMet: true, cosigned: ['X1', 'X2', 'Y3'] });
  });
});
