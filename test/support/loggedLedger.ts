import { forgeChain, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { KEY, integrateOf, logDeps } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { AUDITORS, filingBehind } from './reports.ts';
import { formatNote, parseNote } from '../../src/core/note/note.ts';
import { signNote } from '../../src/core/note/signerKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SummarizeSegment } from '../../src/core/segment/summary.ts';
import type { Logger } from '../../src/ports/host.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import type { VerifyDeps } from '../../src/verify/context.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

export interface Ledger {
  readonly store: MemoryStore;
  readonly tiles: MemoryTiles;
}

export const SECOND = 2_000_000;
export const batch = (number: number): string => `batches/${String(number).padStart(12, '0')}.jsonl`;
export const checkpoint = (number: number): string => `checkpoints/${String(number).padStart(12, '0')}`;

/** ledgerOf makes a ledger whose segments go into the log in `steps` steps, so that there are as many checkpoints. */
export async function ledgerOf(steps = 4, length = 12, changes: Parameters<typeof logDeps>[2] = {}): Promise<Ledger> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const chains = ['0', '1'].map((partition) => [...forgeChain(length, partition)]);
  for (let step = 1; step <= steps; step++) {
    for (const chain of chains)
      for (const [name, bytes] of chain.splice(0, length / steps)) store.objects.set(name, bytes);
    await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + step)), ...changes }).run(new KeptLog());
  }
  return { store, tiles };
}

export const checkLedger = (
  ledger: Ledger,
  options: VerifyOptions = {},
  second = SECOND + 60,
  summarize: SummarizeSegment = async (stored, question) => summarizeSegment(stored, question),
): Promise<Report> => verifyLedger(checkDeps(ledger, second, summarize), { verifiers: [KEY.verifierKey], ...options });

/** checkDeps is what a check of a ledger works with, at a second of the story. */
export const checkDeps = (
  { store, tiles }: Ledger,
  second: number,
  summarize: SummarizeSegment = async (stored, question) => summarizeSegment(stored, question),
): VerifyDeps => ({ store, tiles, now: () => Date.parse(timeOf(second)), summarize, concurrency: 3 });

export const live = { allowance: { delayMs: 600_000, ageMs: 1_200_000 } };

/** runJob runs the scheduled check on a ledger that is in use, at a second of the story; it ran a second before, unless another time is given. */
export const runJob = async (
  { store, tiles }: Ledger,
  second: number,
  {
    log = new KeptLog(),
    ...options
  }: Pick<VerifyOptions, 'policy'> & { readonly log?: Logger; readonly previousRun?: number } = {},
): Promise<Report> =>
  (await runVerifyJob({
    store,
    tiles,
    auditors: AUDITORS,
    filing: await filingBehind({ store, tiles }),
    log,
    concurrency: 2,
    fullVerifyHours: 24,
    previousRun: Date.parse(timeOf(second - 1)),
    ...live,
    verifiers: [KEY.verifierKey],
    now: () => Date.parse(timeOf(second)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
    ...options,
  })) as Report;

/** noteOf signs a text, whatever it says. */
export const noteOf = (text: string, key = KEY): Buffer => formatNote({ text, signatures: [signNote(text, key)] });

/** textOf gives the text of a checkpoint that is stored. */
export const textOf = ({ store }: Ledger, number: number): string => parseNote(read(store, checkpoint(number))).text;

export const read = (store: MemoryStore | MemoryTiles, name: string): Buffer => store.objects.get(name) as Buffer;

/** edit changes an object as text. */
export function edit(store: MemoryStore | MemoryTiles, name: string, change: (text: string) => string): void {
  const text = read(store, name).toString('latin1');
  expect(change(text)).not.toBe(text);
  store.objects.set(name, Buffer.from(change(text), 'latin1'));
}

/** A partial tile of each checkpoint, and their bundles: an entry of the key, and 7 entries a step. */
export const SIZES = [8, 15, 22, 29];
export const WRONG_ROOT = Buffer.alloc(32, 7).toString('base64');
