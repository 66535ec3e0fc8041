import { LEDGER, forgeChain, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { SECOND, batch, read } from './loggedLedger.ts';
import type { Ledger } from './loggedLedger.ts';
import { integrateOf } from './logs.ts';
import { referenceRoot } from './referenceLedger.ts';
import { linesOf } from './resign.ts';
import { dayOf, signLines } from './sign.ts';

// What who has stolen a session's key can put into a ledger, and how the ledger goes on behind it.

/** Claim is what the last line of a batch says that it goes on from. */
export interface Claim {
  readonly previous: number;
  readonly size: number;
  readonly root: string;
}

/** grow adds segments to partition 0 up to so many, and takes them into the log at that second behind SECOND. */
export async function grow({ store, tiles }: Ledger, length: number, second: number): Promise<void> {
  for (const [name, bytes] of forgeChain(length)) if (!store.objects.has(name)) store.objects.set(name, bytes);
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + second)) }).run(new KeptLog());
}

/** headsLine is the heads of a batch. */
export const headsLine = ({ store }: Ledger, number: number): string =>
  linesOf(read(store, batch(number)))
    .lines.split('\n')
    .at(-2) as string;

/** claimBehind is what a batch behind `number` says, by all batches up to it. */
export function claimBehind({ store }: Ledger, number: number): Claim {
  const entries = Array.from({ length: number + 1 }, (_, i) =>
    linesOf(read(store, batch(i)))
      .lines.split('\n')
      .slice(0, -1),
  ).flat();
  return { previous: number, size: entries.length, root: referenceRoot(entries.map((line) => Buffer.from(line))) };
}

/** plantBatch puts a batch of these lines into a ledger, signed by a stolen session whose certificate is around that second. */
export function plantBatch(
  { store }: Ledger,
  number: number,
  lines: readonly string[],
  claim: Claim,
  second = number,
): void {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const session = { ...dayOf(timeOf(SECOND + second)), ledger: LEDGER };
  store.objects.set(batch(number), signLines(bytes, batch(number), claim, session));
}

/** entryLine is the entry of a segment that isn't so. */
export function entryLine(index: number, changes: object = {}): string {
  const zeros = '0'.repeat(64);
  return JSON.stringify({
    type: 'segment',
    name: `segments/0/${String(index).padStart(12, '0')}.jsonl.zst`,
    size: 1,
    sha256: zeros,
    root: zeros,
    prev: zeros,
    partition: '0',
    index,
    incarnation: 0,
    records: { first: 0, count: 0 },
    events: { first: 0, last: 0, count: 0 },
    time: { first: '2025-11-22T00:00:00.000Z', last: '2025-11-22T00:00:00.000Z' },
    categories: {},
    ...changes,
  });
}

/** foreignLine is the entry of a foreign object. */
export const foreignLine = (name: string): string => JSON.stringify({ type: 'foreign', name });
