import { reportName } from '../../src/core/objects/names.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatEvidence } from '../../src/core/objects/evidence.ts';
import { proveRecord } from '../../src/prove/prove.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { forgeActions } from './actions.ts';
import { LEDGER, forgeChain, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { SECOND, checkpoint } from './loggedLedger.ts';
import { integrateOf, keyOf, signerOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { auditorsOf, filingBehind } from './reports.ts';
import type { Objects } from './smallMirror.ts';

/** Story is what a ledger is made of: what its partitions 0 and 1 hold, its name, and the seed of the key that signs. */
export interface Story {
  readonly chains: readonly [readonly Spec[], readonly Spec[]];
  readonly seed: number;
  readonly ledger: string;
  /** how many of the integrations were made */
  readonly steps: number;
}

/** Seeds of keys of the log's name: its own, and the attacker's. */
export const TRUE = 1;
export const MINE = 2;

const PER_STEP = 2;
const TLOG = 'tlog/';

/** says makes a segment whose record says that. */
export const says = (n: number): Spec => ({
  edit: (lines) => lines.map((line) => line.replace(/^\{"n":\d+/, `{"n":${n}`)),
});

/** Partition 0 has six events; partition 1 has five, and then is idle. All say something else. */
export const STORY: Story = {
  chains: [
    [11, 12, 13, 14, 15, 16].map(says),
    [...[21, 22, 23, 24, 25].map(says).with(0, { ...says(21), events: [100] }), { kind: 'heartbeat', events: [104] }],
  ],
  seed: TRUE,
  ledger: LEDGER,
  steps: 3,
};

/** Long past on every clock: an attempt of a time to come may still get its outcome. */
const ACTED_SECOND = -200_100_000;
const REPORT_SECOND = SECOND + 10;
export const REPORT = reportName(0);

interface Stores {
  readonly store: MemoryStore;
  readonly tiles: MemoryTiles;
}

const integrateAt = ({ store, tiles }: Stores, second: number, { seed, ledger }: Story): Promise<unknown> =>
  integrateOf(store, tiles, {
    origin: ledger,
    verifiers: [keyOf(seed, ledger).verifierKey],
    signers: [signerOf(keyOf(seed, ledger))],
    now: () => Date.parse(timeOf(second)),
  }).run(new KeptLog());

/**
 * tell makes the objects of a ledger: two segments of each partition a step, actions that the first step takes in, and a
 * report that the last one does.
 */
export async function tell(story: Story): Promise<Objects> {
  const stores: Stores = { store: new MemoryStore(), tiles: new MemoryTiles() };
  const { seed, ledger, chains, steps } = story;
  const segments = chains.map((specs, partition) => [
    ...forgeChain(
      by(
        seed,
        specs.map((spec) => ({ ledger, ...spec })),
      ),
      String(partition),
    ),
  ]);
  for (const [name, bytes] of forgeActions(ACTED_SECOND)) stores.store.objects.set(name, bytes);
  for (let step = 0; step < steps; step++) {
    const end = step === STORY.steps - 1 ? Infinity : (step + 1) * PER_STEP;
    for (const chain of segments)
      for (const [name, bytes] of chain.slice(step * PER_STEP, end)) stores.store.objects.set(name, bytes);
    await integrateAt(stores, SECOND + step, story);
    if (step === 1) await checkAt(stores, REPORT_SECOND, story);
  }
  return joined(stores);
}

async function checkAt(stores: Stores, second: number, { seed, ledger }: Story): Promise<Report | undefined> {
  const key = keyOf(seed, ledger);
  return runVerifyJob({
    ...stores,
    auditors: auditorsOf(ledger),
    filing: await filingBehind(stores, key),
    log: new KeptLog(),
    concurrency: 2,
    fullVerifyHours: 24,
    verifiers: [key.verifierKey],
    now: () => Date.parse(timeOf(second)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
  });
}

const joined = ({ store, tiles }: Stores): Objects =>
  new Map([...store.objects, ...[...tiles.objects].map(([name, bytes]) => [`${TLOG}${name}`, bytes] as const)]);

/** parted puts objects into stores, as a program finds them. */
export function parted(objects: Objects): Stores {
  const stores: Stores = { store: new MemoryStore(), tiles: new MemoryTiles() };
  for (const [name, bytes] of objects) {
    if (name.startsWith(TLOG)) stores.tiles.objects.set(name.slice(TLOG.length), bytes);
    else stores.store.objects.set(name, bytes);
  }
  return stores;
}

/** Scene is what a verifier has before him, and what he has of his own. */
export interface Scene {
  objects: Objects;
  /** the key that he trusts */
  key: string;
  /** the checkpoint that he kept */
  kept: Buffer;
}

let untouched: Promise<Objects> | undefined;

/** sceneOf gives what is there before an attack. */
export async function sceneOf(): Promise<Scene> {
  untouched ??= tell(STORY);
  const objects = new Map(await untouched);
  return { objects, key: formatVerifierKey(keyOf(TRUE).verifierKey), kept: read(objects, checkpoint(STORY.steps - 1)) };
}

export function read(objects: Objects, name: string): Buffer {
  const bytes = objects.get(name);
  if (bytes === undefined) throw new Error(`there is no ${name}`);
  return bytes;
}

/** evidenceOf proves record 2 of partition 0, as whoever holds those objects. */
export async function evidenceOf(objects: Objects): Promise<Buffer> {
  const proved = await proveRecord({ ...parted(objects), verifiers: [] }, { partition: '0', record: 2 });
  if (!proved.ok) throw new Error(proved.why);
  return formatEvidence(proved.evidence);
}

/** by lets a session sign segments that the key of that seed certified. */
export const by = (seed: number, specs: readonly Spec[]): Spec[] =>
  specs.map((spec) => ({ session: { keys: [{ name: spec.ledger ?? LEDGER, seed }] }, ...spec }));

/**
 * rewriteChain puts other segments into a partition, each continuing the one before, signed by a session that the key of that
 * seed certified. What is the same as before stays as it was, with the rest of the ledger.
 */
export function rewriteChain({ objects }: Scene, partition: '0' | '1', specs: readonly Spec[], seed = TRUE): void {
  const before = new Map(objects);
  for (const name of objects.keys()) if (name.startsWith(`segments/${partition}/`)) objects.delete(name);
  const [made, genuine] = [seed, TRUE].map((each) => forgeChain(by(each, specs), partition));
  for (const [name, bytes] of made as Objects) {
    const old = before.get(name);
    objects.set(name, old !== undefined && genuine?.get(name)?.equals(old) === true ? old : bytes);
  }
}

/** rewriteAll makes the whole ledger anew from another story: segments, batches, checkpoints, tiles, the report. */
export async function rewriteAll(scene: Scene, changes: Partial<Story>): Promise<void> {
  scene.objects = await tell({ ...STORY, ...changes });
}

/** reportOf checks what is there in full, as the app does, files the report in the ledger, and gives it. */
export async function reportOf(scene: Scene): Promise<Report> {
  const stores = parted(scene.objects);
  const report = (await checkAt(stores, REPORT_SECOND + 100, STORY)) as Report;
  scene.objects = joined(stores);
  return report;
}

/** integrateAs takes what is new into the log, signed by the key of that seed, as the program does. */
export async function integrateAs(scene: Scene, seed: number): Promise<void> {
  const stores = parted(scene.objects);
  await integrateAt(stores, SECOND + 100, { ...STORY, seed });
  scene.objects = joined(stores);
}
