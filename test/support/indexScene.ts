import { createHash } from 'node:crypto';
import { integrateOf } from './logs.ts';
import type { MemoryStore } from './memoryStore.ts';
import type { MemoryTiles } from './memoryTiles.ts';
import { referenceRoot, referenceTerms } from './referenceIndex.ts';
import type { ReferenceSegment } from './referenceIndex.ts';
import { referenceLines } from './referenceLedger.ts';
import { segmentStart } from './segments.ts';
import { timeOf } from './forge.ts';
import { buildUnitHere } from '../../src/core/index/build.ts';
import type { SegmentPart } from '../../src/core/index/build.ts';
import { rowOf } from '../../src/core/index/segmentRow.ts';
import { indexSegment, indexStored } from '../../src/core/index/terms.ts';
import { WholeUnit } from '../../src/core/index/wholeUnit.ts';
import { originalRecord, readSeal } from '../../src/core/segment/recordLine.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { decompress } from '../../src/core/segment/zstd.ts';
import { ZERO_HASH } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { Indexing } from '../../src/integrate/indexing.ts';
import type { IndexingDeps } from '../../src/integrate/indexing.ts';
import type { Integrate, IntegrateDeps } from '../../src/integrate/integrate.ts';
import type { ObjectStore, TileStore } from '../../src/ports/store.ts';

/** referenceRecords gives the records of a segment's frames, as the reference reads them. */
const referenceRecords = (frames: Buffer): ReferenceSegment['records'] =>
  referenceLines(frames)
    .slice(1, -1)
    .map((line) => ({ text: originalRecord(line) as Buffer, form: readSeal(line, 0, line.length)?.form }));

/** sealedSegment seals bodies as the segment of that index, whose entry in the log has that number. */
export function sealedSegment(
  index: number,
  leaf: number,
  bodies: readonly string[],
): { readonly part: SegmentPart; readonly reference: ReferenceSegment } {
  const enqueued = timeOf(1000 + ((index * 7919) % 500));
  const events = [...bodies, '[]'].map((body, i) => ({
    body: Buffer.from(body),
    sequenceNumber: 100 * index + i,
    enqueued,
  }));
  const start = segmentStart({ index, previous: index - 1, sealed: timeOf(2000) });
  const { frames, header, root } = sealSegment(start, events as [(typeof events)[0]], 64 * 1024 * 1024);
  const { earliest, latest } = readSegment(frames);
  const entry = {
    type: 'segment' as const,
    size: frames.length,
    sha256: ZERO_HASH,
    root,
    prev: ZERO_HASH,
    partition: '3',
    index,
    incarnation: 2,
    records: header.records,
    events: { first: header.events.first, last: header.events.last, count: header.events.count },
    time: { first: earliest, last: latest },
    categories: new Map<string, number>(),
  };
  return {
    part: { row: rowOf(leaf, entry), terms: indexSegment(decompress(frames)) },
    reference: { leaf, entry, records: referenceRecords(frames) },
  };
}

/** indexingOf makes what indexes as a process that has just started. */
export const indexingOf = (store: ObjectStore, tiles: TileStore, changes: Partial<IndexingDeps> = {}): Indexing =>
  new Indexing({
    store,
    tiles,
    now: Date.now,
    indexSegment: async (stored, segment) => indexStored(stored, segment),
    buildUnit: buildUnitHere,
    concurrency: 3,
    budgetMs: 60_000,
    ...changes,
  });

/** indexedLog gives what integrates and indexes, as a process that has just started. */
export const indexedLog = (store: ObjectStore, tiles: TileStore, changes: Partial<IntegrateDeps> = {}): Integrate =>
  integrateOf(store, tiles, { indexing: indexingOf(store, tiles), ...changes });

interface StatedIndex {
  readonly entries: number;
  readonly rules: number;
  readonly manifest: string;
}

/** ReferenceManifest is a manifest as it is stored, read by nothing of the product. */
export interface ReferenceManifest {
  readonly version: number;
  readonly rules: number;
  readonly entries: number;
  readonly units: readonly {
    readonly entries: readonly [number, number];
    readonly segments: number;
    readonly records: number;
    readonly time?: readonly [string, string];
    readonly terms: number;
    readonly root: string;
  }[];
}

/** statedIndex gives what the newest batch says of the index. */
export function statedIndex(store: MemoryStore): StatedIndex | undefined {
  const last =
    [...store.objects.keys()]
      .filter((name) => name.startsWith('batches/'))
      .sort()
      .at(-1) ?? '';
  const lines = (store.objects.get(last) ?? Buffer.alloc(0)).toString('utf8').trimEnd().split('\n');
  const heads = JSON.parse(lines.at(-2) ?? '{}') as { readonly index?: StatedIndex };
  return heads.index;
}

/**
 * expectIndex compares the index that the newest batch states with one that is made by the reference of what the ledger holds, and
 * gives its manifest.
 */
export function expectIndex(store: MemoryStore, tiles: MemoryTiles): ReferenceManifest {
  const stated = statedIndex(store);
  const bytes = tiles.objects.get(`index/manifests/${stated?.manifest}`) as Buffer;
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(stated?.manifest);
  const manifest = JSON.parse(bytes.toString('utf8')) as ReferenceManifest;
  expect([manifest.entries, manifest.rules]).toEqual([stated?.entries, stated?.rules]);
  const segments = segmentsInLog(store);
  let next = 0;
  for (const { entries, records, time, root, terms, ...unit } of manifest.units) {
    expect(entries[0]).toBe(next);
    next = entries[1];
    const some = segments.filter(({ leaf }) => leaf >= entries[0] && leaf < entries[1]);
    const reference = referenceTerms(some, entries[0]);
    const times = some.flatMap(({ entry }) => [entry.time.first, entry.time.last]).sort();
    expect({ ...unit, records, terms, root, time }).toEqual({
      segments: some.length,
      records: some.reduce((sum, segment) => sum + segment.records.length, 0),
      terms: reference.size,
      root: referenceRoot(reference),
      time: some.length === 0 ? undefined : [times[0], times.at(-1)],
    });
    if (some.length > 0) {
      const tree = { size: terms, rootHash: Buffer.from(root, 'hex').toString('latin1') as Hash };
      const file = new WholeUnit(tiles.objects.get(`index/units/${root}`) as Buffer, tree);
      expect([...file.terms()].length).toBe(terms);
    }
  }
  expect(next).toBe(manifest.entries);
  return manifest;
}

/** segmentsInLog gives the segments that have an entry, in the log's order, from the batches as they are stored. */
function segmentsInLog(store: MemoryStore): ReferenceSegment[] {
  const names = [...store.objects.keys()].filter((name) => name.startsWith('batches/')).sort();
  const entries = names.flatMap((name) =>
    (store.objects.get(name) as Buffer).toString('utf8').trimEnd().split('\n').slice(0, -1),
  );
  return entries.flatMap((line, leaf) => {
    const entry = JSON.parse(line) as ReferenceSegment['entry'] & { readonly type: string; readonly name: string };
    if (entry.type !== 'segment') return [];
    const stored = store.objects.get(entry.name) as Buffer;
    return [
      {
        leaf,
        entry,
        records: referenceRecords(stored.subarray(0, stored.lastIndexOf(Buffer.from('5a2a4d18', 'hex')))),
      },
    ];
  });
}
