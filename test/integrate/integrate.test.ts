import { parseEntry } from '../../src/core/objects/entry.ts';
import { ZERO_HASH } from '../../src/core/hash.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { Watch } from '../../src/ingest/watch.ts';
import { formatHeads, headsOf } from '../../src/core/objects/heads.ts';
import type { LogPosition } from '../../src/core/objects/heads.ts';
import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { check } from '../support/checking.ts';
import { noticeOf, signReport } from '../support/sign.ts';
import { deriveLog, expectWholeLog, namesIn } from '../support/deriveLog.ts';
import { LEDGER, TRUST, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { coded } from '../support/logVectors.ts';
import { edit } from '../support/loggedLedger.ts';
import { KEY, certificatesOf, integrateOf, keyOf, logDeps, sessionsOf, signerOf } from '../support/logs.ts';
import { MemoryHub } from '../support/memoryHub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const batch = (number: number): string => `batches/${String(number).padStart(12, '0')}.jsonl`;
const checkpoint = (number: number): string => `checkpoints/${String(number).padStart(12, '0')}`;
/** linesOf gives the entries of a batch. */
const linesOf = (store: MemoryStore, number: number): string[] =>
  (store.objects.get(batch(number)) as Buffer).toString('utf8').split('\n').slice(0, -2);

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
    const summary = summarizeSegment(stored, { name: nameOf(0), trust: TRUST });
    expect(result).toEqual({ batches: 1, segments: 1, foreign: 0, reports: 0, actions: 0, storedBytes: stored.length });
    const [key, line = '', heads = ''] = linesOf(store, 0);
    const notice = noticeOf(LEDGER, TRUST.keys[0] as string, [{ name: LEDGER, seed: 1 }]);
    expect(key).toBe(JSON.stringify({ type: 'key', note: notice }));
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
      keys: TRUST.keys,
      reports: 0,
      actions: 0,
      partitions: { 0: { next: 1, index: 0 } },
    });
    expect(
      parseNote(store.objects.get(checkpoint(0)) as Buffer)
        .text.split('\n')
        .slice(0, 2),
    ).toEqual([LEDGER, '3']);
    expect([...tiles.objects.keys()].sort()).toEqual(['checkpoint', 'tile/0/000.p/3', 'tile/entries/000.p/3']);
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
    const log = whole();
    expect(log.sizes).toEqual([5, 10, 15, 18]);
    // One of each partition in turn: a large backlog holds nobody up.
    expect(namesIn(log).slice(0, 3)).toEqual([nameOf(0), nameOf(0, '7'), nameOf(1)].map((name) => `segment ${name}`));
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
    put([...good].slice(0, 2));
    store.objects.set(nameOf(2), Buffer.from('junk'));
    store.objects.set(nameOf(3), forge({ index: 3, record: 2, events: [2], isUnsigned: true }).stored);
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ segments: 2, foreign: 2 });
    expect(log.errors).toEqual(Array.from({ length: 2 }, () => 'foreign object in the place of a segment'));
    const prev = rootAt(good, 1);
    store.objects.set(nameOf(4), forge({ index: 4, previous: 1, prev, record: 2, events: [2] }).stored);
    // A cold start knows it from the heads.
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 0 });
    expectWholeLog(store.objects, whole(), ['0']);
  });

  test('stops before a segment that a newer release signed, and not before those of other partitions', async () => {
    put(forgeChain(1, '1'));
    put(forgeChain([{}, { statement: { version: 2 } }]));
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ segments: 2, foreign: 0 });
    expect(log.errors).toEqual(['a newer release writes this partition']);
  });

  test('waits for a segment in the archive tier, and for nothing of somebody else there; other partitions go on', async () => {
    put(forgeChain(3));
    put(forgeChain(1, '1'));
    store.objects.set(nameOf(1, '1'), Buffer.from('junk'));
    const archived = new Set([nameOf(1), nameOf(1, '1')]);
    store.beforeRead = (name) => (archived.has(name) ? 'archived' : undefined);
    const frame = (store.objects.get(nameOf(1)) as Buffer).subarray(-4096);
    const signature = frame.subarray(frame.lastIndexOf(Buffer.from('5a2a4d18', 'hex')) + 8).toString('base64');
    store.metadataOf.set(nameOf(1), { signature });
    store.metadataOf.set(nameOf(1, '1'), { signature });
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ segments: 2, foreign: 1 });
    expect(log.errors.toSorted()).toEqual([
      'a segment is in the archive tier',
      'foreign object in the place of a segment',
    ]);
    archived.delete(nameOf(1));
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ segments: 2, foreign: 0 });
    expect(namesIn(whole()).filter((name) => name.includes('segments/0/'))).toEqual(
      [0, 1, 2].map((index) => `segment ${nameOf(index)}`),
    );
  });

  test('makes no entry of a partition in which nobody signed a segment, and all of one in which somebody did', async () => {
    put(forgeChain(1));
    for (let partition = 1; partition < 500; partition++)
      store.objects.set(nameOf(0, String(partition)), forge({ partition: String(partition), ledger: 'evil' }).stored);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 0 });
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    put([[nameOf(1, '7'), forge({ partition: '7', index: 1, previous: -1, events: [0] }).stored]]);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 1 });
    expect(namesIn(whole())).toEqual([
      `segment ${nameOf(0)}`,
      `foreign ${nameOf(0, '7')}`,
      `segment ${nameOf(1, '7')}`,
    ]);
  });

  test('reads no more than the end of what is planted in a partition of nobody', async () => {
    for (const index of [0, 1, 2]) store.objects.set(nameOf(index, '9'), Buffer.alloc(10_000));
    const read = store.read.bind(store);
    store.read = async (name) => {
      if (name.startsWith('segments/')) throw new Error(`${name} is read whole`);
      return read(name);
    };
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    const before = store.requests.readEnd;
    await integrate.run(new KeptLog());
    // And once only, by one process.
    expect(store.requests.readEnd - before).toBeLessThanOrEqual(1);
  });

  test('a key of the log is announced before what it certifies counts, and a checkpoint bears all signatures', async () => {
    put(forgeChain(1));
    await integrateOf(store, tiles).run(new KeptLog());
    const next = keyOf(2);
    const both = [next, KEY];
    const verifiers = both.map(({ verifierKey }) => verifierKey);
    // Signed by a key that the log doesn't know yet.
    const session = { keys: [{ name: LEDGER, seed: 2 }] };
    const prev = rootAt(forgeChain(1), 0);
    store.objects.set(nameOf(1), forge({ index: 1, prev, record: 1, events: [1], session }).stored);
    expect(await integrateOf(store, tiles, { verifiers }).run(new KeptLog())).toMatchObject({
      segments: 0,
      foreign: 1,
    });
    const changes = { signers: both.map(signerOf), verifiers, sessions: sessionsOf('batches', both) };
    expect(await integrateOf(store, tiles, changes).run(new KeptLog())).toMatchObject({ batches: 1, segments: 0 });
    expect(whole().trust.keys).toHaveLength(2);
    const { signatures } = parseNote(store.objects.get(checkpoint(2)) as Buffer);
    expect(signatures.map(({ keyId }) => keyId)).toEqual(both.map(({ verifierKey }) => verifierKey.keyId));
    store.objects.set(nameOf(2), forge({ index: 2, previous: 0, prev, record: 1, events: [1], session }).stored);
    // By the new key alone: everybody who knows the old one has read of it in the log.
    const alone = { signers: [signerOf(next)], verifiers: [next.verifierKey], sessions: sessionsOf('batches', [next]) };
    expect(await integrateOf(store, tiles, alone).run(new KeptLog())).toMatchObject({ segments: 1, foreign: 0 });
    expect(namesIn(whole())).toEqual([`segment ${nameOf(0)}`, `foreign ${nameOf(1)}`, `segment ${nameOf(2)}`]);
  });

  test('takes in what a key sealed before the log knew it, in a process that has passed over it', async () => {
    const [store, tiles] = [new MemoryStore(forgeChain(2)), new MemoryTiles()];
    const early = forge({ partition: '7', session: { keys: [{ name: LEDGER, seed: 2 }] } }).stored;
    store.objects.set(nameOf(0, '7'), early);
    const running = integrateOf(store, tiles);
    expect(await running.run(new KeptLog())).toMatchObject({ segments: 2, foreign: 0 });
    store.objects.delete(nameOf(0, '7'));
    const both = [KEY, keyOf(2)];
    const verifiers = both.map(({ verifierKey }) => verifierKey);
    await integrateOf(store, tiles, { signers: both.map(signerOf), verifiers }).run(new KeptLog());
    store.objects.set(nameOf(0, '7'), early);
    expect(await running.run(new KeptLog())).toMatchObject({ segments: 1, foreign: 0 });
    expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0', '7']);
  });

  test('who knows no key of the log says so, and disturbs nobody who does', async () => {
    put(forgeChain(1));
    await integrateOf(store, tiles).run(new KeptLog());
    put(forgeChain(3));
    const stranger = keyOf(3);
    const changes = {
      signers: [signerOf(stranger)],
      verifiers: [stranger.verifierKey],
      sessions: sessionsOf('batches', [stranger]),
    };
    const log = new KeptLog();
    await integrateOf(store, new MemoryTiles(), changes).run(log);
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        message: 'foreign object in the place of a batch',
        fields: { object: batch(0), why: 'no trusted key of the log signed its certificate' },
      }),
    );
    expect(whole()).toMatchObject({ batches: [0], void: [1] });
    await integrateOf(store, tiles).run(new KeptLog());
    expect(whole()).toMatchObject({ batches: [0, 2], void: [1] });
    expectWholeLog(store.objects, whole(), ['0']);
  });

  test('does not store a checkpoint that its own keys do not open', async () => {
    put(forgeChain(1));
    const isCheckpoint = (text: string): boolean => text.startsWith(`${LEDGER}\n`);
    const broken = {
      verifierKey: KEY.verifierKey,
      sign: async (text: string) => signNote(isCheckpoint(text) ? `${text}x` : text, KEY),
    };
    await expect(integrateOf(store, tiles, { signers: [broken] }).run(new KeptLog())).rejects.toEqual(
      coded('SIGNATURE_INVALID'),
    );
    expect(store.objects.has(batch(0))).toBe(true);
    expect(store.objects.has(checkpoint(0))).toBe(false);
    expect(await integrateOf(store, tiles).run(new KeptLog())).toMatchObject({ batches: 0 });
    expect(store.objects.has(checkpoint(0))).toBe(true);
  });

  test('makes nothing with a certificate that its own keys do not open', async () => {
    put(forgeChain(1));
    const broken = { verifierKey: KEY.verifierKey, sign: async (text: string) => signNote(`${text}x`, KEY) };
    await expect(integrateOf(store, tiles, { signers: [broken] }).run(new KeptLog())).rejects.toEqual(
      coded('SIGNATURE_INVALID'),
    );
    expect(store.objects.size).toBe(1);
  });
});

const whole = (): ReturnType<typeof deriveLog> => deriveLog(store.objects, KEY.verifierKey);

/** rootAt gives the root of a segment of a chain. */
const rootAt = (objects: ReadonlyMap<string, Buffer>, index: number): string => {
  const summary = summarizeSegment(objects.get(nameOf(index)) as Buffer, { name: nameOf(index), trust: TRUST });
  return summary.ok ? Buffer.from(summary.root, 'latin1').toString('hex') : '';
};

describe('reports', () => {
  const name = (number: number): string => `reports/${String(number).padStart(12, '0')}.json`;

  test('that no auditor signed get no entry and hold up nothing, wherever they are planted', async () => {
    put(forgeChain(1));
    const unsigned = Buffer.from(`{"report":{"version":1},"sha256":"${'0'.repeat(64)}"}\n`);
    for (const number of [0, 1, 9999]) store.objects.set(name(number), unsigned);
    store.objects.set(name(2), signReport(Buffer.from('{"report":{}'), name(2), LEDGER, 7));
    const log = new KeptLog();
    expect(await integrateOf(store, tiles).run(log)).toMatchObject({ segments: 1, reports: 0 });
    expect(log.errors).toEqual(Array.from({ length: 3 }, () => 'foreign object in the place of a report'));
    expect(namesIn(whole())).toEqual([`segment ${nameOf(0)}`]);
  });
});

describe('tiles', () => {
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
    edit(store, batch(1), (text) => text.replace('"size":', '"size":1'));
    await expect(rebuildTiles(logDeps(store, new MemoryTiles()))).rejects.toEqual(coded('FORK_DETECTED'));
  });
});

describe('heads', () => {
  test('of more partitions than one entry has room for', () => {
    const position = { next: 10 ** 12, index: 10 ** 12 - 1, root: ZERO_HASH, sealed: timeOf(0) };
    const heads: LogPosition = {
      documents: { report: 5, action: 3 },
      time: timeOf(1),
      keys: TRUST.keys,
      operators: [],
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
  const hub = new MemoryHub(4);
  const sealer = { sessions: sessionsOf('segments'), certificates: certificatesOf(), maxSegmentBytes: 1e6 };
  const seal = (events: readonly SealableEvent[], partition: string): Promise<KeptLog> =>
    sealAll(ingestOf(store, { hub: () => Promise.resolve(hub) }), events, partition);
  /** Gives how many heartbeats a new process seals. */
  const beat = async (second: number): Promise<number> => {
    const log = new KeptLog();
    const now = (): number => Date.parse(timeOf(second));
    const times = { idleMs: 900_000, stuckMs: 900_000, fillMs: 60_000, wait: async () => {} };
    await new Watch({ ...sealer, store, hub, now, ledger: LEDGER, ...times }).run(log);
    return log.lines.filter(({ message }) => message === 'sealed a heartbeat').length;
  };

  test('get their entries, continue the chain, and hide no duplicate', async () => {
    hub.add(eventsBetween(5, 9), '0').add(eventsBetween(0, 1), '3');
    await seal(eventsBetween(5, 9), '0');
    await seal(eventsBetween(0, 1), '3');
    const integrate = integrateOf(store, tiles);
    await integrate.run(new KeptLog());
    // Of partitions that never had an event, too.
    expect(await beat(2_000_000 + 899)).toBe(2);
    expect(await beat(2_000_000 + 900)).toBe(2);
    expect(await beat(2_000_000 + 901)).toBe(0);
    expect(await integrate.run(new KeptLog())).toMatchObject({ segments: 4 });

    const reads = store.requests.read;
    hub.add(eventsBetween(10, 12), '0');
    const log = await seal(eventsBetween(5, 12), '0');
    expect(log.lines.at(-1)?.fields).toMatchObject({ events: 3, duplicates: 5, segments: 1 });
    expect(store.requests.read - reads).toBeLessThan(4);
    await integrate.run(new KeptLog());
    expectWholeLog(store.objects, whole(), ['0', '1', '2', '3']);
    expect(await check(store)).toMatchObject({
      status: 'verified',
      findings: [],
      checked: { segments: 7, events: 10 },
    });
  });
});
