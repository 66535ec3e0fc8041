import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { AuditsealError } from '../../src/core/errors.ts';
import { parseHash } from '../../src/core/hash.ts';
import { LogTree as CoreTree } from '../../src/core/merkle/logTree.ts';
import { createVerifierKey, formatVerifierKey, parseVerifierKey as coreKey } from '../../src/core/note/verifierKey.ts';
import { NO_LOG, openNextBatch } from '../../src/core/objects/batch.ts';
import type { LogSoFar as CoreLog } from '../../src/core/objects/batch.ts';
import { openReportSignature } from '../../src/core/signed/reportSignature.ts';
import { Fault } from '../../web/verify/fault.ts';
import { LogSoFar } from '../../web/verify/ledger/batches.ts';
import { signerOf, splitSigned } from '../../web/verify/signed/documentSignature.ts';
import { parseVerifierKey } from '../../web/verify/verifierKey.ts';
import { LEDGER, TRUST, ZEROS, timeOf } from '../support/forge.ts';
import { picked } from '../support/sample.ts';
import { keyText, noticeOf, signLines, signReport } from '../support/sign.ts';
import type { HandKey, HandSession } from '../support/sign.ts';
import { GIVEN, OTHER, SIGNED_SAMPLE, SIGNED_USUAL, changesOf, trustOf, withStrangers } from './signedTools.ts';
import type { Given } from './signedTools.ts';

const BATCH = 'batches/000000000000.jsonl';
const REPORT = 'reports/000000000000.json';
const NO_ENTRIES = createHash('sha256').digest('hex');

const keyEntry = (key: string, by: HandKey): string =>
  JSON.stringify({ type: 'key', note: noticeOf(LEDGER, key, [by]) });
const KEY_ENTRY = keyEntry(TRUST.keys[0] as string, { name: LEDGER, seed: 1 });
const heads = (changes: object = {}): string =>
  JSON.stringify({
    type: 'heads',
    time: timeOf(10),
    keys: TRUST.keys,
    reports: 0,
    actions: 0,
    partitions: {},
    ...changes,
  });
const linesOf = (...lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const around = { from: timeOf(0), until: timeOf(100) };

interface BatchSpec {
  readonly lines?: Buffer;
  readonly claim?: object;
  readonly name?: string;
  readonly session?: Partial<HandSession>;
}

const batchOf = ({ lines = linesOf(KEY_ENTRY, heads()), claim, name = BATCH, session }: BatchSpec = {}): Buffer =>
  signLines(
    lines,
    name,
    { previous: -1, size: 0, root: NO_ENTRIES, ...claim },
    { ledger: LEDGER, ...around, ...session },
  );

/** coreBatch and pageBatch say whether each takes a batch into a log, and where that leads. */
function coreBatch(bytes: Buffer, number: number, keys: Given, before: CoreLog = NO_LOG): unknown {
  try {
    const batch = openNextBatch(bytes, number, before, { ledger: LEDGER, ...(keys !== undefined && { keys }) });
    const { time, keys: announced, documents } = batch.heads;
    return { entries: batch.entries.map(String), time, announced, documents };
  } catch (error) {
    if (error instanceof AuditsealError) return error.code === 'VERSION_UNKNOWN' ? 'later' : 'void';
    throw error;
  }
}

async function pageBatch(log: LogSoFar, bytes: Buffer, number: number): Promise<unknown> {
  try {
    const taken = await log.take(number, new Uint8Array(bytes));
    // Whether it waits for a loss that others show is the checker's question; in the log it is not.
    if ('waitsFor' in taken) return 'void';
    const { entries, heads } = taken;
    const text = entries.map((line) => Buffer.from(line).toString());
    return { entries: text, time: heads.time, announced: heads.keys.map((key) => key.text), documents: heads.filed };
  } catch (error) {
    if (error instanceof Fault) return error.code === 'VERSION_UNKNOWN' ? 'later' : 'void';
    throw error;
  }
}

/** logOf begins a log with the keys that were given. */
const logOf = async (keys: Given): Promise<LogSoFar> =>
  new LogSoFar(await trustOf(keys), keys && (await Promise.all(keys.map((text) => parseVerifierKey(text)))));

/** believed is who may begin a log where no key was given: the keys that its first batch announces. */
function believed(bytes: Buffer): readonly string[] {
  const line = bytes.toString().split('\n').at(-3) ?? '';
  const heads = /^\{"type":"heads".*"keys":\[("[^\]]*")?\]/.exec(line);
  return heads?.[1]?.slice(1, -1).split('","') ?? [];
}

async function expectSameBatch(bytes: Buffer, number = 0): Promise<unknown> {
  for (const keys of GIVEN)
    expect({ keys, read: await pageBatch(await logOf(keys), bytes, number) }).toEqual({
      keys,
      read: coreBatch(bytes, number, keys ?? believed(bytes)),
    });
  return pageBatch(await logOf(TRUST.keys), bytes, number);
}

const BATCHES: readonly [string, BatchSpec, unknown][] = [
  ['is right', {}, undefined],
  ['has heads alone', { lines: linesOf(heads({ keys: [] })) }, undefined],
  ['is of a later version', { claim: { version: 2 } }, 'later'],
  ['is of version 0', { claim: { version: 0 } }, 'void'],
  ['goes on from a batch', { claim: { previous: 0 } }, 'void'],
  ['goes on from what there is not', { claim: { previous: -2 } }, 'void'],
  ['goes on from an entry', { claim: { size: 1 } }, 'void'],
  ['goes on from another root', { claim: { root: ZEROS } }, 'void'],
  ['goes on from no root', { claim: { root: 'x' } }, 'void'],
  ['is signed for another name', { name: 'batches/000000000001.jsonl' }, 'void'],
  ['is certified for segments', { session: { role: 'segments' } }, 'void'],
  ['is certified by a stranger', { session: { keys: [OTHER] } }, 'void'],
  ['is certified for another ledger', { session: { ledger: 'other.example.com' } }, 'void'],
  ['is dated at the end of its certificate', { session: { until: timeOf(10) } }, undefined],
  ['is dated after its certificate', { session: { until: timeOf(9) } }, 'void'],
  ['is dated before its certificate', { session: { from: timeOf(11) } }, 'void'],
  ['has no entries', { lines: Buffer.alloc(0) }, 'void'],
  ['has an empty line', { lines: linesOf('', KEY_ENTRY, heads()) }, 'void'],
  ['has entries that are not ended', { lines: linesOf(KEY_ENTRY, heads()).subarray(0, -1) }, 'void'],
  [
    'has an entry that is too long',
    { lines: linesOf(`{"type":"x","x":"${'x'.repeat(65_519)}"}`, KEY_ENTRY, heads()) },
    'void',
  ],
  [
    'has an entry that is just not too long',
    { lines: linesOf(`{"type":"x","x":"${'x'.repeat(65_515)}"}`, KEY_ENTRY, heads()) },
    undefined,
  ],
  ['has no heads', { lines: linesOf(KEY_ENTRY) }, 'void'],
  ['has heads without keys', { lines: linesOf(KEY_ENTRY, heads({ keys: undefined })) }, 'void'],
  ['has heads with a key that is none', { lines: linesOf(KEY_ENTRY, heads({ keys: ['x+00000000+AA=='] })) }, 'void'],
  ['has heads with a number for a key', { lines: linesOf(KEY_ENTRY, heads({ keys: [7] })) }, 'void'],
  ['has heads with an object for keys', { lines: linesOf(KEY_ENTRY, heads({ keys: {} })) }, 'void'],
  ['has heads with a key that no entry announces', { lines: linesOf(heads()) }, 'void'],
  ['announces a key that its heads lack', { lines: linesOf(KEY_ENTRY, heads({ keys: [] })) }, 'void'],
  [
    'announces a key that a stranger signed',
    { lines: linesOf(keyEntry(TRUST.keys[0] as string, OTHER), heads()) },
    'void',
  ],
  ['has heads that say more', { lines: linesOf(KEY_ENTRY, heads({ x: 1 })) }, 'void'],
  ['has heads of a bad time', { lines: linesOf(KEY_ENTRY, heads({ time: '2026-02-30T00:00:00.000Z' })) }, 'void'],
  ['has heads that count reports below 0', { lines: linesOf(KEY_ENTRY, heads({ reports: -1 })) }, 'void'],
  ['has heads of a bad partition', { lines: linesOf(KEY_ENTRY, heads({ partitions: { '00': {} } })) }, 'void'],
  ['has heads in two lines that one has room for', { lines: linesOf(KEY_ENTRY, heads(), heads()) }, 'void'],
  ['has heads with white space', { lines: linesOf(KEY_ENTRY, heads().replace(',', ', ')) }, 'void'],
];

describe('a batch', () => {
  test.each(BATCHES)('that %s', async (_what, spec, wanted) => {
    const read = await expectSameBatch(batchOf(spec));
    if (wanted === undefined) expect(read).toMatchObject({ time: timeOf(10) });
    else expect(read).toBe(wanted);
  });

  test('of which any byte is changed, or that is cut or extended', async () => {
    const good = batchOf();
    const changes = [...changesOf(good, 0)];
    for (const changed of picked(changes, SIGNED_SAMPLE, SIGNED_USUAL))
      expect(await expectSameBatch(changed)).toBe('void');
  });

  test('whose last line is just not too long, and too long', async () => {
    // A note has at most 100 lines, so the bound is met by longer names.
    for (const count of [0, 1, 50, 98, 99, 100, 101])
      await expectSameBatch(batchOf({ session: { keys: withStrangers(count) } }));
    for (const count of [20, 30, 35, 36, 37, 38, 39, 40, 41, 42, 60])
      await expectSameBatch(batchOf({ session: { keys: withStrangers(count, 'x'.repeat(300)) } }));
  });

  test('that follows another, by the keys that the log has announced by then', async () => {
    const next = { name: LEDGER, seed: 7 };
    const tree = new CoreTree();
    const first = linesOf(KEY_ENTRY, heads());
    tree.append([Buffer.from(KEY_ENTRY), Buffer.from(heads())]);
    const { size, rootHash } = tree.head;
    const root = Buffer.from(rootHash, 'latin1').toString('hex');
    const before = { ...NO_LOG, number: 0, head: tree.head, time: timeOf(10), keys: TRUST.keys };
    const both = heads({ keys: [...TRUST.keys, keyText(next)], time: timeOf(20) });
    const announced = keyEntry(keyText(next), { name: LEDGER, seed: 1 });
    const name = 'batches/000000000001.jsonl';
    const second = (spec: BatchSpec): Buffer =>
      batchOf({ lines: linesOf(announced, both), name, ...spec, claim: { previous: 0, size, root, ...spec.claim } });
    const cases: readonly [BatchSpec, string][] = [
      [{}, 'taken'],
      [{ session: { keys: [next] } }, 'void'],
      [{ session: { keys: [next, { name: LEDGER, seed: 1 }] } }, 'taken'],
      [{ claim: { previous: -1 } }, 'void'],
      [{ claim: { size: size + 1 } }, 'void'],
      [{ claim: { root: NO_ENTRIES } }, 'void'],
      [{ lines: linesOf(heads({ time: timeOf(9) })) }, 'void'],
      [{ lines: linesOf(heads()) }, 'taken'],
      [{ lines: linesOf(both) }, 'void'],
      [{ lines: linesOf(keyEntry(keyText(next), next), both) }, 'void'],
    ];
    expect(parseHash(root)).toBe(rootHash);
    for (const [spec, wanted] of cases) {
      const log = await logOf(TRUST.keys);
      await pageBatch(log, batchOf({ lines: first }), 0);
      const read = await pageBatch(log, second(spec), 1);
      expect(read).toEqual(coreBatch(second(spec), 1, undefined, before));
      expect(read === 'void' ? 'void' : 'taken').toBe(wanted);
    }
  });
});

describe('a report', () => {
  const text = Buffer.from('{"report":{"version":1}');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = createPublicKey(pair.privateKey).export({ type: 'spki', format: 'der' });
  const vaultKey = createVerifierKey(`${LEDGER}/auditor`, 'ecdsa', spki);
  const keys = [keyText({ name: `${LEDGER}/auditor`, seed: 100 }), formatVerifierKey(vaultKey)];

  const vaultSigned = (name: string, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): Buffer => {
    const message = `${LEDGER}/auditor\nauditseal report\n${name}\n${createHash('sha256').update(text).digest('hex')}\n`;
    const signature = sign('sha256', Buffer.from(message), { key: pair.privateKey, dsaEncoding });
    return Buffer.concat([
      text,
      Buffer.from(`,"key":"${vaultKey.keyId}","signature":"${signature.toString('base64')}"}\n`),
    ]);
  };
  const inCore = (bytes: Buffer, name: string, verifiers: readonly string[]): boolean => {
    try {
      openReportSignature(bytes, LEDGER, name, verifiers.map(coreKey));
      return true;
    } catch (error) {
      if (error instanceof AuditsealError) return false;
      throw error;
    }
  };
  const inPage = async (bytes: Buffer, name: string, verifiers: readonly string[]): Promise<boolean> => {
    const end = splitSigned(new Uint8Array(bytes));
    const parsed = await Promise.all(verifiers.map((key) => parseVerifierKey(key)));
    return end !== undefined && (await signerOf(end, 'report', name, parsed)) !== undefined;
  };

  test('that an Ed25519 key or one of a vault signed counts under its name, by its key, byte for byte', async () => {
    for (const signed of [signReport(text, REPORT, LEDGER), vaultSigned(REPORT)]) {
      expect(await inPage(signed, REPORT, keys)).toBe(true);
      expect(inCore(signed, REPORT, keys)).toBe(true);
      const name = 'reports/000000000001.json';
      expect([await inPage(signed, name, keys), inCore(signed, name, keys)]).toEqual([false, false]);
      for (const changed of picked([...changesOf(signed, 0)], SIGNED_SAMPLE, SIGNED_USUAL))
        expect([await inPage(changed, REPORT, keys), inCore(changed, REPORT, keys)]).toEqual([false, false]);
    }
  });

  test('that somebody else signed, or in another way, does not count', async () => {
    const others = [
      signReport(text, REPORT, LEDGER, 101),
      signReport(text, REPORT, 'other.example.com'),
      vaultSigned(REPORT, 'der'),
      Buffer.concat([text, Buffer.from(`,"sha256":"${ZEROS}"}\n`)]),
      Buffer.alloc(0),
    ];
    for (const bytes of others)
      expect([await inPage(bytes, REPORT, keys), inCore(bytes, REPORT, keys)]).toEqual([false, false]);
    const logs = [keyText({ name: LEDGER, seed: 100 })];
    expect(await inPage(signReport(text, REPORT, LEDGER), REPORT, logs)).toBe(false);
  });
});
