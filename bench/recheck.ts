import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AUDITOR, CONCURRENCY, KEY, LEDGER, NO_LOG, fail, integrateOf, summarize } from './ledger.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { SliceFiles } from './sliceFiles.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { FolderStore } from '../src/adapters/folderStore.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { keySigner } from '../src/adapters/logKeys.ts';
import type { RecheckQueue } from '../src/ports/recheck.ts';
import type { RecheckSoFar } from '../src/verify/options.ts';
import { Recheck } from '../src/verify/recheck/recheck.ts';
import { verifyLedger } from '../src/verify/verify.ts';

/** So many segments are in a batch, and so in a slice. */
const SEGMENTS_A_SLICE = 4;
const DUE = { isDue: true, canGoOn: false, lastFull: NaN, entries: 0 };

const NAMES = ['1 process', '2 processes', 'one run', 'join'] as const;

/** startWorker starts a process that works on slices. */
async function startWorker(...folders: readonly string[]): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('sliceWorker.ts', import.meta.url));
  const worker = fork(path, folders, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  await once(worker, 'message');
  return worker;
}

/** share gives each worker a message whenever it is free, until none is left. */
async function share(messages: readonly string[], workers: readonly ChildProcess[]): Promise<void> {
  const left = [...messages];
  await Promise.all(
    workers.map(async (worker) => {
      for (let message = left.shift(); message !== undefined; message = left.shift()) {
        worker.send(message);
        await once(worker, 'message');
      }
    }),
  );
}

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const [mirror, results] = [await folder(), await folder()];
  await writeMirror(mirror, await workload.segments());
  const [store, tiles, files] = [new FolderStore(mirror), new FolderTileStore(mirror), new SliceFiles(results)];
  await integrateOf(store, tiles, { limits: { objects: SEGMENTS_A_SLICE, storedBytes: Infinity } }).run(NO_LOG);
  const messages: string[] = [];
  const queue: RecheckQueue = {
    send: async (more) => void messages.push(...more),
    waiting: async () => 0,
    poisoned: async () => 0,
  };
  const auditors = { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] };
  const verifiers = [KEY.verifierKey];
  const recheck = new Recheck({
    files,
    tiles,
    queue,
    auditors,
    verifiers,
    signer: keySigner(AUDITOR),
    now: Date.now,
    log: NO_LOG,
    wholeBytes: 0,
    sliceBytes: 1,
    spreadMs: 0,
    planBytes: Infinity,
    joinMs: Infinity,
    mostMs: Infinity,
  });
  await recheck.turn(DUE);
  const slices = messages.splice(0);
  const workers = [await startWorker(mirror, results), await startWorker(mirror, results)];
  const verify = async (soFar?: RecheckSoFar): Promise<number> => {
    const { status, checked } = await verifyLedger(
      { store, tiles, now: Date.now, summarize, concurrency: CONCURRENCY },
      { verifiers, auditors, ledger: LEDGER, ...(soFar !== undefined && { recheck: soFar }) },
    );
    if (status !== 'verified') fail(`the ledger is ${status}`);
    if (soFar !== undefined && checked.rehashed?.segments !== checked.segments) fail('segments were read again');
    return workload.rawBytes;
  };
  const inSlices = (processes: number) => async (): Promise<number> => {
    await files.clear();
    await share(slices, workers.slice(0, processes));
    return workload.rawBytes;
  };
  try {
    const result = await race<(typeof NAMES)[number]>(
      [
        { name: '1 process', run: inSlices(1) },
        { name: '2 processes', run: inSlices(2) },
        { name: 'one run', run: () => verify() },
        { name: 'join', run: async () => verify((await recheck.turn(DUE)) as RecheckSoFar) },
      ],
      rounds,
    );
    return {
      figures: [
        ...NAMES.map((name) => figure(name, 'MB/s', result.rate(name))),
        figure('2 processes / 1', 'times', result.ratio('2 processes', '1 process'), { is: 'at least', value: 1.8 }),
        figure('1 process / one run', 'times', result.ratio('1 process', 'one run')),
      ],
    };
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** recheck measures slices of a full recheck on two processes against one, and the run that joins them. */
export const recheck: Subject = {
  name: 'recheck',
  title: 'a full recheck in slices, on two processes against one',
  measure,
};
