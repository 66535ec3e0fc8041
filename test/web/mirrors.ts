import { formatVerifierKey } from '../../src/core/verifierKey.ts';
import type { VerifierKey } from '../../src/core/verifierKey.ts';
import { newestReport } from '../../src/pipeline/report.ts';
import { summarizeSegment } from '../../src/pipeline/segmentSummary.ts';
import { verifyLedger } from '../../src/pipeline/verify.ts';
import { runVerifyJob } from '../../src/pipeline/verifyJob.ts';
import { verifyLedger as verifyInPage } from '../../web/verify/ledger/verifyLedger.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, ledgerOf } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

/** Mirror is a mirror folder: files by name. */
export type Mirror = Map<string, Buffer>;

/** Verdict is what a checker concludes of a mirror: its status, and what it found, as "code object", sorted. */
export interface Verdict {
  readonly status: string;
  readonly found: readonly string[];
}

const NOW = Date.parse(timeOf(SECOND + 200));
const TLOG = 'tlog/';

/** MIRROR_KEY is the key that signed the mirrors' logs. */
export const MIRROR_KEY = formatVerifierKey(KEY.verifierKey);

/** mirrorOf makes a mirror through the pipeline: two chains, so many checkpoints, a report, and tiles. */
export async function mirrorOf(steps = 3, length = 6): Promise<Mirror> {
  const { store, tiles } = await ledgerOf(steps, length);
  await runVerifyJob({
    store,
    tiles,
    // Before the clock of any browser, which would take no report of a time to come.
    now: () => Date.UTC(2024, 0, 2),
    summarize: async (stored) => summarizeSegment(stored),
    concurrency: 3,
    log: new KeptLog(),
    ledger: LEDGER,
    fullVerifyHours: 24,
    verifiers: [KEY.verifierKey],
  });
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 100)) }).run(new KeptLog());
  return new Map([...store.objects, ...[...tiles.objects].map(([name, bytes]) => [`${TLOG}${name}`, bytes] as const)]);
}

/** coreVerdict is what the core says, as `auditseal verify` asks it. */
export async function coreVerdict(mirror: Mirror, keys: readonly VerifierKey[] = [KEY.verifierKey]): Promise<Verdict> {
  const store = new MemoryStore([...mirror].filter(([name]) => !name.startsWith(TLOG)));
  const tiles = new MemoryTiles();
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
  const { anchor, malformed } = await newestReport(store, NOW);
  const report = await verifyLedger(
    {
      store,
      now: () => NOW,
      summarize: async (stored) => summarizeSegment(stored),
      concurrency: 3,
      ...(tiles.objects.size > 0 && { tiles }),
    },
    { verifiers: keys, malformedReports: malformed, ...(anchor !== undefined && { anchor }) },
  );
  return { status: report.status, found: [...new Set(saidOf(report))].sort() };
}

/** pageVerdict is what the page's own verifier says. */
export async function pageVerdict(mirror: Mirror, keyText = MIRROR_KEY): Promise<Verdict> {
  const { keys } = await readKeys(keyText);
  const files = [...mirror].map(([name, bytes]) => ({
    name,
    size: bytes.length,
    read: async () => new Uint8Array(bytes),
  }));
  const { status, findings } = await verifyInPage(files, { keys, now: NOW });
  return { status, found: [...new Set(findings.map(({ code, object }) => `${code} ${object}`))].sort() };
}

const flip = (mirror: Mirror, name: string, at: number): void => {
  const bytes = Buffer.from(mirror.get(name) as Buffer);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  mirror.set(name, bytes);
};
const swap = (mirror: Mirror, a: string, b: string): void => {
  const [first, second] = [mirror.get(a) as Buffer, mirror.get(b) as Buffer];
  mirror.set(a, second).set(b, first);
};
const named = (mirror: Mirror, start: string, end = ''): string[] =>
  [...mirror.keys()].filter((name) => name.startsWith(start) && name.endsWith(end)).sort();
const segment = (partition: number, index: number): string =>
  `segments/${partition}/${String(index).padStart(12, '0')}.jsonl.zst`;

/** A frame of 192 MiB and more, in blocks that repeat one byte. */
const BOMB = Buffer.concat([
  Buffer.from('28b52ffd0068', 'hex'),
  ...Array.from({ length: 1600 }, (_, i) => Buffer.of(i === 1599 ? 3 : 2, 0, 16, 0)),
]);

/** DAMAGE is what may be done to a mirror, and one finding that it must give. */
export const DAMAGE: readonly { name: string; damage: (mirror: Mirror) => void; finds: string }[] = [
  { name: 'a flipped bit in a segment', damage: (it) => flip(it, segment(0, 2), 80), finds: 'segment-changed' },
  {
    name: 'a flipped bit in a batch',
    damage: (it) => flip(it, 'batches/000000000001.jsonl', 300),
    finds: 'entry-mismatch',
  },
  {
    name: 'a flipped bit in a checkpoint',
    damage: (it) => flip(it, 'checkpoints/000000000001', 120),
    finds: 'checkpoint-invalid',
  },
  {
    name: 'a flipped bit in a report',
    damage: (it) => flip(it, named(it, 'reports/', '.json')[0] as string, 200),
    finds: 'foreign-object',
  },
  {
    name: 'a flipped bit in a tile',
    damage: (it) => flip(it, named(it, 'tlog/tile/0/')[0] as string, 3),
    finds: 'tile-mismatch',
  },
  { name: 'a segment missing in the middle', damage: (it) => it.delete(segment(1, 3)), finds: 'segment-missing' },
  {
    name: 'a cut tail of segments, with the log left',
    damage: (it) =>
      named(it, 'segments/1/')
        .slice(-2)
        .forEach((name) => it.delete(name)),
    finds: 'segment-missing',
  },
  {
    name: 'batches cut off, with later checkpoints left',
    damage: (it) =>
      named(it, 'batches/')
        .slice(-2)
        .forEach((name) => it.delete(name)),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'a log cut off whole, with its tiles left',
    damage: (it) =>
      [...named(it, 'batches/').slice(-2), ...named(it, 'checkpoints/').slice(-2)].forEach((name) => it.delete(name)),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'a batch missing in the middle',
    damage: (it) => it.delete('batches/000000000001.jsonl'),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'a checkpoint missing in the middle',
    damage: (it) => it.delete('checkpoints/000000000001'),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'swapped partitions',
    damage: (it) => named(it, 'segments/0/').forEach((name) => swap(it, name, name.replace('/0/', '/1/'))),
    finds: 'foreign-object',
  },
  {
    name: 'swapped checkpoints',
    damage: (it) => swap(it, 'checkpoints/000000000000', 'checkpoints/000000000001'),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'swapped batches',
    damage: (it) => swap(it, 'batches/000000000000.jsonl', 'batches/000000000001.jsonl'),
    finds: 'entry-mismatch',
  },
  {
    name: 'a foreign object',
    damage: (it) => it.set('segments/0/notes.txt', Buffer.from('hello')),
    finds: 'foreign-object',
  },
  {
    name: 'hostile names',
    damage: (it) =>
      [
        '<img src=x onerror=alert(1)>.zst',
        'segments/0/\u202egnp.zst',
        '__proto__',
        'segments/00/000000000000.jsonl.zst',
        'tlog/tile/0/<b>',
      ].forEach((name) => it.set(name, Buffer.from('x'))),
    finds: 'foreign-object',
  },
  { name: 'a bomb behind the last segment', damage: (it) => it.set(segment(0, 6), BOMB), finds: 'segment-malformed' },
  { name: 'a bomb in the place of a segment', damage: (it) => it.set(segment(0, 2), BOMB), finds: 'segment-malformed' },
  { name: 'a tile missing', damage: (it) => it.delete(named(it, 'tlog/tile/0/')[0] as string), finds: 'tile-mismatch' },
  { name: 'a tile too many', damage: (it) => it.set('tlog/tile/0/001', Buffer.alloc(32)), finds: 'tile-mismatch' },
  {
    name: 'a published checkpoint that is old',
    damage: (it) => it.set('tlog/checkpoint', it.get('checkpoints/000000000000') as Buffer),
    finds: 'checkpoint-stale',
  },
  { name: 'an empty segment', damage: (it) => it.set(segment(0, 0), Buffer.alloc(0)), finds: 'segment-malformed' },
];
