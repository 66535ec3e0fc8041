import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as check } from '../../src/cli/commands/check.ts';
import { parseEvidence } from '../../src/core/objects/evidence.ts';
import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { writeLogMirror } from '../support/logMirror.ts';
import { oneByteChanges } from '../support/logVectors.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { picked } from '../support/sample.ts';
import { auditseal, inProcess } from '../support/program.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const OTHER = formatVerifierKey(keyOf(9).verifierKey);
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u202e\u2028<script>alert(1)</script>';

let folder = '';
let mirror = '';
let evidence = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  evidence = join(folder, 'evidence.json');
  const hostile = (lines: string[]): string[] =>
    lines.map((line) => line.replace('{"n":2,', `{"n":2,"text":${JSON.stringify(HOSTILE)},`));
  const specs = [0, 1, 2, 3, 4].map((n) => (n === 2 ? { events: [n], edit: hostile } : { events: [n] }));
  await writeLogMirror(mirror, [...forgeChain(specs), ...forgeChain(3, '1')]);
  const made = await auditseal('prove', mirror, '--partition', '0', '--record', '2', '--key', VKEY, '--out', evidence);
  if (made.code !== 0 || made.stdout !== '') throw new Error(made.stderr);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** checked runs check without a process of its own. */
const checked = (...args: readonly string[]): ReturnType<typeof inProcess> => inProcess(() => check.run(args));

describe('prove and check', () => {
  test('a record is proved to whoever has the key and the file', async () => {
    const { code, stdout, stderr } = await auditseal('check', evidence, '--key', OTHER, '--key', VKEY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('proved: this is record 2 of partition 0 of logs.example.com/audit,');
    expect(stdout).toContain(`signed by     ${KEY.verifierKey.keyName}, key ${KEY.verifierKey.keyId} (ed25519)`);
    expect(stdout).toContain('no witness says when');
    expect(stdout).toContain(nameOf(2));
    const size = (await readFile(join(mirror, 'tlog/checkpoint'), 'utf8')).split('\n')[1] as string;
    expect(stdout).toContain(`in the log that was signed at ${size} entries`);
  });

  test('the record is shown without what would act on a terminal', async () => {
    for (const more of [[], ['--json']]) {
      const { stdout } = await auditseal('check', evidence, '--key', VKEY, ...more);
      expect(stdout).toMatch(/\\u001b/);
      expect(stdout).toMatch(/\\u202e/);
      expect(stdout).not.toMatch(/[\u001b\u0007\u202e\u2028]/);
    }
  });

  test('as JSON it says the same, and the record in it is the one that was sealed', async () => {
    const { code, stdout } = await auditseal('check', evidence, '--key', VKEY, '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    const { line } = parseEvidence(await readFile(evidence));
    expect(result).toMatchObject({
      status: 'proved',
      ledger: 'logs.example.com/audit',
      partition: '0',
      record: 2,
      segment: nameOf(2),
      line: 1,
      recordLine: line.toString(),
      signedBy: [{ keyName: KEY.verifierKey.keyName, keyId: KEY.verifierKey.keyId, type: 'ed25519' }],
      cosignedBy: [],
    });
    expect(line.toString()).toContain(JSON.stringify(HOSTILE));
  });

  test('by segment and line to standard output it is the same file', async () => {
    const args = ['prove', mirror, '--segment', nameOf(2), '--line', '1', '--key', VKEY];
    const { code, stdout } = await auditseal(...args, '--tlog', join(mirror, 'tlog'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: await readFile(evidence, 'utf8') });
  });

  test('prove without a key says that it verified no signature', async () => {
    const { code, stdout, stderr } = await auditseal('prove', mirror, '--partition', '1', '--record', '0');
    expect(code).toBe(0);
    expect(stderr).toContain('no signature is verified');
    expect(parseEvidence(Buffer.from(stdout)).verifierKeys).toEqual([]);
  });

  test('check without a key checks nothing, and does not take the keys in the file for an answer', async () => {
    const { code, stdout, stderr } = await auditseal('check', evidence);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('nothing was checked');
    expect(stderr).toContain(VKEY);
    const asJson = await checked(evidence, '--json');
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.out)).toMatchObject({ status: 'unchecked', untrustedKeys: [VKEY] });
  });

  test('every one-byte change of the file is found, but of the keys that it names', async () => {
    const good = await readFile(evidence);
    const changed = join(folder, 'changed.json');
    const keys = good.indexOf('"verifierKeys"');
    const codes = new Set<number>();
    for (const bad of picked([...oneByteChanges(good)], 150, 200)) {
      await writeFile(changed, bad);
      const { code, out } = await checked(changed, '--key', VKEY);
      codes.add(code);
      if (code !== 0) expect(out).toMatch(/^(refuted|unreadable): /);
      else if (!bad.subarray(0, keys).equals(good.subarray(0, keys))) throw new Error(`taken: ${bad.toString()}`);
    }
    expect(codes).toEqual(new Set([0, 1, 2]));
  });

  test.each([
    ['cut', (text: string) => text.slice(0, -20), 2],
    ['empty', () => '', 2],
    ['of another version', (text: string) => text.replace('"version":1', '"version":2'), 2],
    ['with another record', (text: string) => text.replace('\\"n\\":2', '\\"n\\":3'), 1],
    ['with another size of the tree', (text: string) => text.replace(/(audit\\n)\d+/, '$19'), 1],
  ])('evidence %s proves nothing', async (_name, change, code) => {
    const text = await readFile(evidence, 'utf8');
    expect(change(text)).not.toBe(text);
    const changed = join(folder, 'changed.json');
    await writeFile(changed, change(text));
    expect((await checked(changed, '--key', VKEY, '--json')).code).toBe(code);
  });

  test('evidence signed by somebody else is refuted', async () => {
    const { code, out } = await checked(evidence, '--key', OTHER);
    expect(code).toBe(1);
    expect(out).toMatch(/^refuted: /);
  });
});

describe('what can not be done', () => {
  test.each([
    [['prove', 'MIRROR', '--partition', '0', '--record', '5'], 2, 'the log has no record 5 of partition 0, or not yet'],
    [['prove', 'MIRROR', '--segment', nameOf(2), '--line', '2'], 2, 'none on line 2'],
    [['prove', 'MIRROR', '--partition', '0', '--record', '2', '--key', OTHER], 2, 'no trusted key'],
    [['prove', 'MIRROR', '--partition', '0', '--record', '2', '--out', 'EVIDENCE'], 2, 'is there already'],
    [['prove', 'MIRROR', '--partition', '0', '--record', '2', '--tlog', 'MIRROR'], 2, 'rebuild the tiles'],
    [['prove', 'MIRROR', '--partition', '0'], 64, 'give --partition and --record, or --segment and --line'],
    [['prove', 'MIRROR', '--partition', '0', '--record', '2', '--line', '1'], 64, 'give --partition'],
    [['prove', 'MIRROR', '--segment', '../x', '--line', '1'], 64, '--segment must be a name'],
    [['prove', 'MIRROR', '--segment', nameOf(2), '--line', '0'], 64, '--line must be'],
    [
      ['prove', 'MIRROR', '--partition', '0', '--record', '2', '--key', 'secret'],
      64,
      '--key: the key is not of the form',
    ],
    [['check', 'NOWHERE', '--key', VKEY], 2, "can't be read"],
    [['check', 'MIRROR', '--key', VKEY], 2, 'is a mirror: auditseal verify checks it'],
    [['keygen', '--name', 'https://logs.example.com', '--out', 'NOWHERE'], 64, '--name must be'],
    [['keygen', '--name', 'a b', '--out', 'NOWHERE'], 64, '--name must be'],
    [['keygen', '--name', 'logs.example.com', '--out', 'EVIDENCE'], 2, 'is there already'],
  ])('%j ends with %d', async (args, code, said) => {
    const places = new Map(Object.entries({ MIRROR: mirror, EVIDENCE: evidence, NOWHERE: join(folder, 'nowhere') }));
    const ended = await auditseal(...args.map((arg) => places.get(arg) ?? arg));
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(said);
  });

  test('a segment that is not what the log says has no evidence', async () => {
    const path = join(mirror, nameOf(1));
    const before = await readFile(path);
    await writeFile(path, await readFile(join(mirror, nameOf(2))));
    const { code, stderr } = await auditseal('prove', mirror, '--partition', '0', '--record', '1');
    await writeFile(path, before);
    expect(code).toBe(1);
    expect(stderr).toContain('is not what its entry in the log says');
  });
});

test('keygen makes a key that only its owner can read, and prints the public part alone', async () => {
  const path = join(folder, 'log.key');
  const { code, stdout, stderr } = await auditseal('keygen', '--name', 'logs.example.com/prod', '--out', path);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const secret = (await readFile(path, 'utf8')).trim();
  const { verifierKey } = parseSignerKey(secret);
  expect(stdout).toBe(`${formatVerifierKey(verifierKey)}\n`);
  expect(parseVerifierKey(stdout.trim())).toMatchObject({ keyName: 'logs.example.com/prod', type: 'ed25519' });
  expect((await stat(path)).mode % 0o1000).toBe(0o600);
});

test.each(['prove', 'check', 'keygen'])('%s --help says what it does and ends with', async (name) => {
  const { code, stdout } = await auditseal(name, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^auditseal ${name} [^]*Exit status: 0 [^]*\n  auditseal ${name} `));
  expect((await auditseal('--help')).stdout).toContain(`auditseal ${name}`);
});
