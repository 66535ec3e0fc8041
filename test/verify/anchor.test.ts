import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AuditsealError } from '../../src/core/errors.ts';
import type { Report } from '../../src/core/objects/report.ts';
import type { Anchor } from '../../src/ledger/reports.ts';
import { check, saidOf } from '../support/checking.ts';
import { LEDGER, forge, forgeChain, nameOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { signFrames } from '../support/sign.ts';
import type { HandStatement } from '../support/sign.ts';

const chain = (length: number, changes: Readonly<Record<number, Spec>> = {}): Map<string, Buffer> =>
  forgeChain(Array.from({ length }, (_, i) => changes[i] ?? {}));

const anchorOf = async (store: MemoryStore): Promise<Anchor> => ({ name: 'kept.json', report: await check(store) });

/** An anchor over six segments, and a store that the test then damages. */
async function anchored(changes?: Readonly<Record<number, Spec>>): Promise<{ store: MemoryStore; anchor: Anchor }> {
  const store = new MemoryStore(chain(6, changes));
  return { store, anchor: await anchorOf(store) };
}

/** recompressed gives other bytes for the same lines, signed anew. */
function recompressed(bytes: Buffer): Buffer {
  const lines = zstdDecompressSync(bytes);
  const frames = [lines.subarray(0, 10), lines.subarray(10)].map((part) => zstdCompressSync(part));
  const [said] = /\{"version":1.*\}/.exec(bytes.toString('latin1')) as unknown as [string];
  const { frames: _frames, ...statement } = JSON.parse(said) as HandStatement;
  return signFrames(Buffer.concat(frames), nameOf(5), statement, { ledger: LEDGER });
}

/** replaced is another whole segment in the place of the last one. */
const replaced = (): Buffer => {
  const prev = /"prev":"([0-9a-f]+)"/.exec(
    zstdDecompressSync(chain(6).get(nameOf(5)) as Buffer).toString(),
  )?.[1] as string;
  return forge({ index: 5, record: 5, events: [5], prev, second: 77 }).stored;
};

describe.each([
  ['a full check', false],
  ['an incremental check', true],
])('%s with an earlier report as anchor', (_what, isIncremental) => {
  test('passes when nothing changed, and when the chain grew', async () => {
    const { store, anchor } = await anchored();
    expect(await check(store, { anchor, isIncremental })).toMatchObject({ status: 'verified', findings: [] });
    await sealAll(ingestOf(store), eventsBetween(6, 9));
    const report = await check(store, { anchor, isIncremental });
    expect(report).toMatchObject({ status: 'verified', findings: [], partitions: [{ index: 6, lastEvent: 9 }] });
    expect(report.checked).toMatchObject(
      isIncremental
        ? {
            mode: 'incremental',
            anchor: 'kept.json',
            segments: 2,
            segmentsNotRehashed: 5,
            lastFull: anchor.report.finished,
          }
        : { mode: 'full', anchor: 'kept.json', segments: 7, segmentsNotRehashed: 0, lastFull: report.finished },
    );
  });

  test.each<[string, (objects: Map<string, Buffer>) => unknown, string]>([
    ['the last segment is gone', (objects) => objects.delete(nameOf(5)), `segment-missing ${nameOf(5)}`],
    ['the whole partition is gone', (objects) => objects.clear(), `segment-missing`],
    ['the last segment is another one', (objects) => objects.set(nameOf(5), replaced()), `chain-broken ${nameOf(5)}`],
    ['the last segment is damaged', (objects) => objects.set(nameOf(5), Buffer.from('x')), `chain-broken ${nameOf(5)}`],
    [
      'the last segment has other bytes for the same lines',
      (objects) => objects.set(nameOf(5), recompressed(objects.get(nameOf(5)) as Buffer)),
      `segment-changed ${nameOf(5)}`,
    ],
  ])('%s: found, and not forgotten with the next report', async (_what2, damage, expected) => {
    const { store, anchor } = await anchored();
    damage(store.objects);
    let report = await check(store, { anchor, isIncremental });
    for (let again = 0; again < 3; again++) {
      expect(report.status).toBe('violated');
      expect(saidOf(report).join()).toContain(expected);
      expect(report.partitions).toEqual(anchor.report.partitions);
      report = await check(store, { anchor: { name: 'next.json', report }, isIncremental: again === 1 });
    }
  });

  test('an anchor of another ledger accuses every segment', async () => {
    const { anchor } = await anchored();
    const other = new MemoryStore(forgeChain([{ ledger: 'x.example.com/y' }]));
    expect(await check(other, { anchor, isIncremental })).toMatchObject({ status: 'violated' });
  });
});

describe('a full check with an anchor', () => {
  test('three segments cut from the end are one finding that names the first', async () => {
    const { store, anchor } = await anchored();
    for (const index of [3, 4, 5]) store.objects.delete(nameOf(index));
    const { findings } = await check(store, { anchor });
    expect(findings).toMatchObject([{ code: 'segment-missing', object: nameOf(3) }]);
    expect(findings[0]?.detail).toContain('up to index 5');
  });

  test('an anchor that could not read a part expects no less of it', async () => {
    const { store, anchor } = await anchored();
    store.beforeRead = () => {
      throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    const blind = await check(store, { anchor });
    expect(blind).toMatchObject({ status: 'unverified', findings: [], partitions: anchor.report.partitions });
    store.beforeRead = () => {};
    store.objects.delete(nameOf(5));
    expect(await check(store, { anchor: { name: 'blind.json', report: blind } })).toMatchObject({ status: 'violated' });
  });
});

describe('an incremental check', () => {
  test('reads only what is new, and the segment it begins at', async () => {
    const { store, anchor } = await anchored();
    await sealAll(ingestOf(store), eventsBetween(6, 6));
    store.requests.read = 0;
    await check(store, { anchor, isIncremental: true });
    expect(store.requests.read).toBe(2);
  });

  test('does not see what changed before it began, and says so', async () => {
    const { store, anchor } = await anchored();
    store.objects.set(nameOf(2), Buffer.from('junk'));
    const report = await check(store, { anchor, isIncremental: true });
    expect(report.status).toBe('verified');
    expect(report.notChecked.join()).toContain('5 segments before the heads of kept.json');
  });

  test('repeats what the anchor found once, however often it goes on', async () => {
    const store = new MemoryStore(chain(6, { 5: { events: [9], gaps: [{ first: 5, last: 8, reason: 'expired' }] } }));
    store.objects.set(nameOf(2), Buffer.from('junk'));
    store.objects.set('foreign', Buffer.from('x'));
    let anchor = await anchorOf(store);
    const found = saidOf(anchor.report);
    expect(found).toHaveLength(4);
    for (let i = 0; i < 4; i++) {
      const report = await check(store, { anchor, isIncremental: true });
      expect(saidOf(report).sort()).toEqual(found.sort());
      expect(report).toMatchObject({ status: 'violated', findingsOmitted: 0, checked: { findingsRepeated: 4 } });
      anchor = { name: 'next.json', report };
    }
  });

  test('keeps count of findings that the anchor left out', async () => {
    const store = new MemoryStore([
      ...chain(1),
      ...Array.from({ length: 1200 }, (_, i) => [`x/${i}`, Buffer.alloc(0)] as const),
    ]);
    const anchor = await anchorOf(store);
    expect(await check(store, { anchor, isIncremental: true })).toMatchObject({
      status: 'violated',
      findingsOmitted: 200,
    });
  });

  test('a violated report that omits its errors does not turn into a pass', async () => {
    const { store, anchor } = await anchored();
    const warning = { code: 'sequence-gap', severity: 'warning', detail: '' } as const;
    const warnings = Array.from({ length: 1000 }, (_, i) => ({ ...warning, object: `${i}` }));
    const report: Report = { ...anchor.report, findings: warnings };
    store.objects.set(nameOf(6), Buffer.from('junk'));
    const next = await check(store, { anchor: { name: 'w.json', report }, isIncremental: true });
    expect(next).toMatchObject({ status: 'violated', findingsOmitted: 0 });
    expect(next.findings.filter(({ severity }) => severity === 'error').map(({ object }) => object)).toEqual([
      nameOf(6),
    ]);
  });

  test.each<[string, (store: MemoryStore) => void]>([
    ['checked nothing', (store) => store.objects.clear()],
    [
      'could not read something',
      (store) => {
        store.objects.set('foreign', Buffer.alloc(0));
        store.beforeRead = (name) => {
          if (name === nameOf(2)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
        };
      },
    ],
  ])('refuses to go on from a report that %s', async (_what, damage) => {
    const store = new MemoryStore(chain(3));
    damage(store);
    const anchor = await anchorOf(store);
    await expect(check(store, { anchor, isIncremental: true })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });

  test('refuses to go on from nothing', async () => {
    await expect(check(new MemoryStore(chain(3)), { isIncremental: true })).rejects.toMatchObject({
      code: 'TARGET_INVALID',
    });
  });
});
