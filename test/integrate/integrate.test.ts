import { formatEntry, parseEntry } from '../../src/core/objects/entry.ts';
import { ZERO_HASH, parseHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { formatNote, parseNote } from '../../src/core/note/note.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import { sealHeartbeats } from '../../src/ingest/heartbeat.ts';
import { formatHeads, headsOf } from '../../src/core/objects/heads.ts';
import type { LogPosition } from '../../src/core/objects/heads.ts';
import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import { segmentEntryOf } from '../../src/core/objects/judge.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { check } from '../support/checking.ts';
import { deriveLog, expectWholeLog, namesIn } from '../support/deriveLog.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { coded } from '../support/logVectors.ts';
import { KEY, integrateOf, keyOf, logDeps, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const batch = (number: number): string => `batches/${String(number).padStart(12, '0')}.jsonl`;
const checkpoint = (number: number): string => `checkpoints/${String(number).padStart(12, '0')}`;
const linesOf = (store: MemoryStore, number: number): string[] =>
  (store.objects.get(batch(number)) as Buffer).toString('utf8').split('\n').slice(0, -1);

let store: MemoryStore;
let tiles: MemoryTiles;
beforeEach(() => {
  store = new MemoryStore();
  tiles = new MemoryTiles();
});

const put = (objects: Iterable<readonly [string, Buffer]>): void => {
  for (const [name, bytes] of objects) store.objects.set(name, bytes);
};

describe('integrate', () => {
  test('gives each segment an entry that says what docs/format.md asks for, and ends with the heads', async () => {
    const body =
      '{"records":[{"category":"Audit","n":1},{"category": "Audit"},{"category":"B\\u0041"},{"properties":{"category":"Sign in"}},{}]}';
    await sealAll(ingestOf(store), [eventAt(7, 3, body), eventAt(8, 4, 'no JSON')]);
    const result = await integrateOf(store, tiles).run(new KeptLog());
    const stored = store.objects.get(nameOf(0)) as Buffer;
    const summary = summarizeSegment(stored);
    expect(result).toEqual({ batches: 1, segments: 1, foreign: 0, reports: 0, actions: 0, storedBytes: stored.length });
    const [line = '', heads = ''] = linesOf(store, 0);
    expect(line.replace(/[0-9a-f]{64}/g, '#')).toBe(
      `{"type":"segment","name":"${nameOf(0)}","size":${stored.length},"sha256":"#","root":"#","prev":"#",` +
        '"partition":"0","index":0,"incarnation":0,"records":{"first":0,"count":6},"events":{"first":7,"last":8,"count":2},' +
        `"time":{"first":"${timeOf(3)}","last":"${timeOf(4)}"},"categories":{"Audit":2,"Sign in":1}}`,
    );
    expect(parseEntry(Buffer.from(line))).toMatchObject(
      summary.ok ? { root: summary.root, sha256: summary.sha256 } : {},
    );
    expect(JSON.parse(heads)).toMatchObject({
      type: 'heads',
      time: timeOf(2_000_000),
      reports: 0,
      actions: 0,
      partitions: { 0: { next: 1, index: 0 } },
    });
    expect(
      parseNote(store.objects.get(checkpoint(0)) as Buffer)
        .text.split('\n')
        .slice(0, 2),
    ).toEqual([LEDGER, '2']);
    expect([...tiles.objects.keys()].sort()).toEqual(['checkpoint', 'tile/0/000.p/2', 'tile/entries/000.p/2']);
  });

  test('with nothing new writes nothing, and asks few questions', async () => {
    put(forgeChain(5));
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    const [before, written] = [{ ...store.requests }, tiles.requests.write];
    expect(await integrate.run(new KeptLog())).toMatchObject({ batches: 0, segments: 0 });
    expect(store.requests).toEqual({
      ...before,
      exists: before.exists + 3,
      read: before.read + 1,
      children: before.children + 1,
    });
    expect(tiles.requests.write).toBe(written);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect([store.requests.create, tiles.requests.write]).toEqual([2, written]);
  });

  test('takes a backlog in batches of at most so many objects and bytes, and stops when its time is up', async () => {
    put(forgeChain(10));
    put(forgeChain(3, '7'));
    const result = await integrateOf(store, tiles, { limits: { objects: 4, storedBytes: 1e9 } }).run(new KeptLog());
    expect(result).toMatchObject({ batches: 4, segments: 13 });
    const log = deriveLog(store.objects, KEY.verifierKey);
    expect(log.sizes).toEqual([5, 10, 15, 17]);
    // One of each partition in turn: a large backlog holds nobody up.
    expect(namesIn(log).slice(0, 4)).toEqual(
      [nameOf(0), nameOf(0, '7'), nameOf(1), nameOf(1, '7')].map((name) => `segment ${name}`),
    );
    put(forgeChain(40));
    let time = 0;
    const slow = { now: () => (time += 1000), budgetMs: 5000, limits: { objects: 1000, storedBytes: 1 } };
    const part = await integrateOf(store, tiles, slow).run(new KeptLog());
    expect(part.batches).toBeGreaterThan(0);
    expect(part.batches).toBeLessThan(10);
    expect(part.batches).toBe(part.segments);
  });

  test('enters what is foreign as foreign, loudly, and goes on behind it', async () => {
    const good = forgeChain(3);
    const { root } = summaryOf(good.get(nameOf(1)) as Buffer);
    put([...good].slice(0, 2));
    store.objects.set(nameOf(2), Buffer.from('junk'));
    store.objects.set(nameOf(3), forge({ index: 3, prev: 'e'.repeat(64), record: 2, events: [2] }).stored);
    const log = new KeptLog();
    const integrate = integrateOf(store, tiles);
    expect(await integrate.run(log)).toMatchObject({ segments: 2, foreign: 2 });
    expect(log.errors).toEqual(Array.from({ length: 2 }, () => 'foreign object in the place of a segment'));
    store.objects.set(nameOf(4), forge({ index: 4, prev: root, record: 2, events: [2], skipped: [2, 3] }).stored);
    // A cold start knows it from the heads.
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 0 });
    expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0']);
  });

  test('stops before a segment that a newer release wrote, and not before those of other partitions', async () => {
    put(forgeChain(1, '1'));
    put(forgeChain([{}, { header: { version: 2 } }]));
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ segments: 2, foreign: 0 });
    expect(log.errors).toEqual(['a newer release writes this partition']);
  });

  test('refuses the segments of another ledger', async () => {
    put(forgeChain([{ ledger: 'other' }]));
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded('CONFIG_INVALID'));
    expect(store.objects.size).toBe(1);
  });

  test('signs with all its signers, and opens what an older key signed', async () => {
    put(forgeChain(1));
    await integrateOf(store, tiles).run(new KeptLog());
    put(forgeChain(2));
    const next = keyOf(2);
    const verifiers = [next.verifierKey, KEY.verifierKey];
    await integrateOf(store, tiles, { signers: [signerOf(next), signerOf(KEY)], verifiers }).run(new KeptLog());
    const { signatures } = parseNote(store.objects.get(checkpoint(1)) as Buffer);
    expect(signatures.map(({ keyId }) => keyId)).toEqual([next.verifierKey.keyId, KEY.verifierKey.keyId]);
    put(forgeChain(3));
    const forgotten = integrateOf(store, tiles, { signers: [signerOf(keyOf(3))], verifiers: [keyOf(3).verifierKey] });
    await expect(forgotten.run(new KeptLog())).rejects.toEqual(coded('SIGNATURE_INVALID'));
    expect(store.objects.has(batch(2))).toBe(false);
  });

  test('does not store a checkpoint that its own keys do not open', async () => {
    put(forgeChain(1));
    const broken = { verifierKey: KEY.verifierKey, sign: async (text: string) => signNote(`${text}x`, KEY) };
    await expect(integrateOf(store, tiles, { signers: [broken] }).run(new KeptLog())).rejects.toEqual(
      coded('SIGNATURE_INVALID'),
    );
    expect(store.objects.has(batch(0))).toBe(true);
    expect(store.objects.has(checkpoint(0))).toBe(false);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect(store.objects.has(checkpoint(0))).toBe(true);
  });
});

const summaryOf = (stored: Buffer): { root: string } => {
  const summary = summarizeSegment(stored);
  return { root: summary.ok ? Buffer.from(summary.root, 'latin1').toString('hex') : '' };
};

describe('a log whose objects contradict each other: nothing is signed, nothing published', () => {
  const forked = (text: string): Buffer => formatNote({ text, signatures: [signNote(text, KEY)] });
  const root = Buffer.alloc(32, 9).toString('base64');
  test.each<[string, () => void, 'FORK_DETECTED' | 'BATCH_MALFORMED' | 'SIGNATURE_INVALID']>([
    ['a checkpoint is missing in the middle', () => store.objects.delete(checkpoint(1)), 'FORK_DETECTED'],
    [
      'two checkpoints are missing',
      () => [1, 2].forEach((number) => store.objects.delete(checkpoint(number))),
      'FORK_DETECTED',
    ],
    ['a batch is missing', () => store.objects.delete(batch(2)), 'FORK_DETECTED'],
    [
      'the newest checkpoint is of another tree',
      () => store.objects.set(checkpoint(2), forked(`${LEDGER}\n9\n${root}\n`)),
      'FORK_DETECTED',
    ],
    [
      'the checkpoint is of a stranger',
      () =>
        store.objects.set(
          checkpoint(2),
          formatNote({ text: `${LEDGER}\n9\n${root}\n`, signatures: [signNote(`${LEDGER}\n9\n${root}\n`, keyOf(5))] }),
        ),
      'SIGNATURE_INVALID',
    ],
    [
      'somebody else made the next checkpoint before its batch',
      () => store.objects.set(checkpoint(3), forked(`${LEDGER}\n9\n${root}\n`)),
      'FORK_DETECTED',
    ],
    [
      'the newest batch was changed',
      () => edit(batch(2), (text) => text.replace('"size":', '"size":1')),
      'FORK_DETECTED',
    ],
    ['somebody planted a batch of junk', () => store.objects.set(batch(3), Buffer.from('junk')), 'BATCH_MALFORMED'],
    ['somebody planted a batch that leaves a segment out', () => plant((lines) => lines.slice(1)), 'BATCH_MALFORMED'],
    [
      'somebody planted a batch with a wrong hash',
      () => plant(([line, ...rest]) => [(line as string).replace(/"root":"./, '"root":"x'.replace('x', 'a')), ...rest]),
      'BATCH_MALFORMED',
    ],
    [
      'somebody planted a batch with other heads',
      () => plant((lines) => lines.map((line) => line.replace(/"next":\d+/, '"next":77'))),
      'BATCH_MALFORMED',
    ],
    [
      'somebody planted a batch of a time to come, so that the log would not look stale',
      () => plant((lines) => lines.map((line) => line.replace('"heads","time":"2026', '"heads","time":"2027'))),
      'BATCH_MALFORMED',
    ],
    ['somebody planted a batch without heads', () => plant((lines) => lines.slice(0, -1)), 'BATCH_MALFORMED'],
    [
      'somebody planted a batch twice',
      () => store.objects.set(batch(3), store.objects.get(batch(2)) as Buffer),
      'BATCH_MALFORMED',
    ],
  ])('%s', async (_what, attack, code) => {
    for (let length = 1; length <= 3; length++) {
      put(forgeChain(length * 2));
      await integrateOf(store, tiles).run(new KeptLog());
    }
    put(forgeChain(8));
    attack();
    const before = new Map([...store.objects, ...tiles.objects]);
    await expect(integrateOf(store, tiles).run(new KeptLog())).rejects.toEqual(coded(code));
    expect(new Map([...store.objects, ...tiles.objects])).toEqual(before);
  });

  const edit = (name: string, change: (text: string) => string): void => {
    store.objects.set(name, Buffer.from(change((store.objects.get(name) as Buffer).toString('utf8'))));
  };

  /** plant makes what an integration would make, changed, without its checkpoint. */
  const plant = (change: (lines: string[]) => string[]): void => {
    const entries = [6, 7].map((index) => entryLine(store.objects.get(nameOf(index)) as Buffer));
    const heads = headsOf(linesOf(store, 2).map((line) => Buffer.from(line)));
    const { root } = summaryOf(store.objects.get(nameOf(7)) as Buffer);
    const positions = new Map([['0', { next: 8, index: 7, root: parseHash(root) as Hash, sealed: timeOf(1_000_007) }]]);
    const lines = [...entries, ...formatHeads({ ...heads, positions }).map(String)];
    store.objects.set(batch(3), Buffer.from(`${change(lines).join('\n')}\n`));
  };
  const entryLine = (stored: Buffer): string => {
    const summary = summarizeSegment(stored, true);
    if (!summary.ok) throw new Error(summary.why);
    return formatEntry(segmentEntryOf(summary, stored.length)).toString('utf8');
  };

  test('but what somebody else made as we would is signed', async () => {
    for (let length = 1; length <= 3; length++) {
      put(forgeChain(length * 2));
      await integrateOf(store, tiles).run(new KeptLog());
    }
    put(forgeChain(8));
    plant((lines) => [...lines.slice(0, 2), '{"type":"hold","who":"x"}', ...lines.slice(2)]);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect(store.objects.has(checkpoint(3))).toBe(true);
    expect((await check(store)).findings).toEqual([]);
  });

  test('tiles that lie or are gone are not believed: the tree is made from the batches', async () => {
    for (let length = 1; length <= 3; length++) {
      put(forgeChain(length * 2));
      await integrateOf(store, tiles).run(new KeptLog());
    }
    const good = new Map(tiles.objects);
    for (const attack of [
      () => Buffer.alloc(32),
      (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1)),
      () => undefined,
    ]) {
      for (const [name, bytes] of good) {
        const bad = attack(bytes);
        if (bad === undefined) tiles.objects.delete(name);
        else tiles.objects.set(name, bad);
      }
      await integrateOf(store, tiles).run(new KeptLog());
      for (const name of ['checkpoint', 'tile/0/000.p/9', 'tile/entries/000.p/9'])
        expect(tiles.objects.get(name)).toEqual(good.get(name));
    }
    await rebuildTiles(logDeps(store, tiles));
    expect(tiles.objects).toEqual(good);
    expect(await rebuildTiles(logDeps(store, tiles))).toMatchObject({ checkpoints: 3, files: 7, written: 0 });
    edit(batch(1), (text) => text.replace('"size":', '"size":1'));
    await expect(rebuildTiles(logDeps(store, new MemoryTiles()))).rejects.toEqual(coded('FORK_DETECTED'));
  });
});

describe('heads', () => {
  test('of more partitions than one entry has room for', () => {
    const position = { next: 10 ** 12, index: 10 ** 12 - 1, root: ZERO_HASH, sealed: timeOf(0) };
    const heads: LogPosition = {
      documents: { report: 5, action: 3 },
      time: timeOf(1),
      positions: new Map(Array.from({ length: 1024 }, (_, i) => [String(i), position])),
    };
    const lines = formatHeads(heads);
    expect(lines.length).toBe(4);
    for (const line of lines) expect(line.length).toBeLessThan(65_536);
    expect(headsOf([Buffer.from('{"type":"x"}'), ...lines])).toEqual(heads);
    expect(() => headsOf(lines.toReversed())).toThrow('heads');
  });
});

describe('heartbeats', () => {
  const beat = (heads: LogPosition, second: number, log = new KeptLog()): Promise<number> =>
    sealHeartbeats({ store, log, ledger: LEDGER, now: () => Date.parse(timeOf(second)), idleMs: 900_000 }, heads);

  test('are sealed where it has been quiet for too long, continue the chain, and hide no duplicate', async () => {
    await sealAll(ingestOf(store), eventsBetween(5, 9), '0');
    await sealAll(ingestOf(store), eventsBetween(0, 1), '3');
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    const heads = integrate.heads as LogPosition;
    expect(await beat(heads, 2_000_000 + 899)).toBe(0);
    expect(await beat(heads, 2_000_000 + 900)).toBe(2);
    // Not twice, even by who has not seen the first.
    expect(await beat(heads, 2_000_000 + 901)).toBe(0);
    await integrate.run(new KeptLog());
    expect(await beat(integrate.heads as LogPosition, 2_000_000 + 1799)).toBe(0);
    expect(await beat(integrate.heads as LogPosition, 2_000_000 + 1800)).toBe(2);
    expect(await integrate.run(new KeptLog())).toMatchObject({ segments: 2 });

    const reads = store.requests.read;
    const log = await sealAll(ingestOf(store), eventsBetween(5, 12), '0');
    expect(log.lines.at(-1)?.fields).toMatchObject({ events: 3, duplicates: 5, segments: 1 });
    expect(store.requests.read - reads).toBeLessThan(4);
    await integrate.run(new KeptLog());
    expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0', '3']);
    expect(await check(store)).toMatchObject({
      status: 'verified',
      findings: [],
      checked: { segments: 7, events: 10 },
    });
  });

  test('not where segments wait for their entry', async () => {
    await sealAll(ingestOf(store), eventsBetween(0, 1));
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    await sealAll(ingestOf(store), eventsBetween(2, 3));
    expect(await beat(integrate.heads as LogPosition, 3_000_000)).toBe(0);
  });
});
