import { acknowledge } from './acknowledged.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import type { Ledger } from './loggedLedger.ts';
import { KEY, OPERATOR, integrateOf, keyOf, signerOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { AUDITORS, filingBehind } from './reports.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../src/verify/job.ts';

// A ledger of 1,700 seconds, in hundreds of which its segments come: five partitions, two log keys, six batches, heartbeats, declared
// gaps, a hub that was created again, a clock that goes back, a foreign object, acknowledgements and a report.

/** The second log key, which the log announces in its third batch; it certifies the last segments alone. */
export const LATER_KEY = keyOf(2);
const BOTH = { verifiers: [KEY.verifierKey, LATER_KEY.verifierKey], signers: [signerOf(KEY), signerOf(LATER_KEY)] };
const OPERATORS = { operators: { registered: [OPERATOR.verifierKey], revoked: [] } };

const START = 1_000_000;
/** momentOf gives a time of the scene, in hundreds of seconds from its beginning. */
export const momentOf = (hundreds: number): string => timeOf(START + Math.round(hundreds * 100));

/** at makes the spec of a segment whose events came, and that was sealed, then. */
const at = (hundreds: number, spec: Spec = {}, sealed = hundreds): Spec => ({
  ...spec,
  second: START + hundreds * 100,
  header: { sealed: momentOf(sealed + 0.1), ...spec.header },
});

const PARTITIONS: Readonly<Record<string, readonly Spec[]>> = {
  '0': [
    at(0, { events: [0, 1] }),
    at(1),
    at(2, { kind: 'heartbeat' }),
    at(3, { events: [3, 4, 5] }),
    at(4, { kind: 'repair', events: [9], gaps: [{ first: 6, last: 8, reason: 'expired' }] }),
    // The hub's clock went back.
    at(2.5, {}, 5),
    at(6),
    at(7, { kind: 'repair', isEventless: true, gaps: [{ first: 12, last: 14, reason: 'unreadable' }] }),
    at(8, { events: [15, 16] }),
    at(9, { incarnation: 1 }),
    at(10, { incarnation: 1 }),
    at(11, { incarnation: 1, kind: 'heartbeat' }),
    at(12, { incarnation: 1, session: { keys: [{ name: LEDGER, seed: 2 }] } }),
  ],
  '1': [
    at(0.5),
    at(1.5),
    at(3.5),
    at(4.5),
    // Somebody planted an object under the name of index 4.
    at(6.5, { index: 5, previous: 3 }),
    at(8.5, { index: 6, previous: 5 }),
    at(10.5, { index: 7, previous: 6 }),
    at(12.5, { index: 8, previous: 7, session: { keys: [{ name: LEDGER, seed: 2 }] } }),
  ],
  '2': [0, 3, 6, 9, 12].map((hundreds) => at(hundreds, { kind: 'heartbeat' })),
  '3': [at(9.3), at(9.6)],
  '10': [at(0.2), at(2.2), at(3.2)],
};

/** PLANTED is the foreign object. */
export const PLANTED = nameOf(4, '1');

/** sliceScene makes the ledger. All that is wrong in it an operator acknowledged. */
export async function sliceScene(): Promise<Ledger> {
  const ledger = { store: new MemoryStore(), tiles: new MemoryTiles() };
  const { store, tiles } = ledger;
  const objects = Object.entries(PARTITIONS).flatMap(([partition, specs]) => [...forgeChain(specs, partition)]);
  const sealedBy = (hundreds: number): void => {
    for (const [partition, specs] of Object.entries(PARTITIONS))
      for (const [i, { header, index = i }] of specs.entries())
        if ((header?.['sealed'] as string) < momentOf(hundreds)) {
          const name = nameOf(index, partition);
          store.objects.set(name, objects.find(([own]) => own === name)?.[1] as Buffer);
        }
    if (hundreds > 5) store.objects.set(PLANTED, Buffer.from('planted'));
  };
  const integrate = async (hundreds: number, keys = {}): Promise<void> => {
    const now = (): number => Date.parse(momentOf(hundreds));
    await integrateOf(store, tiles, { now, ...OPERATORS, ...keys }).run(new KeptLog());
  };
  for (const hundreds of [2.9, 5.9, 8.3, 11, 13]) {
    sealedBy(hundreds);
    await integrate(hundreds, hundreds > 6 ? BOTH : {});
  }
  await runVerifyJob({
    store,
    tiles,
    auditors: AUDITORS,
    filing: await filingBehind(ledger),
    log: new KeptLog(),
    concurrency: 2,
    fullVerifyHours: 24,
    verifiers: BOTH.verifiers,
    now: () => Date.parse(momentOf(14)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
  });
  await acknowledge(ledger, 'sequence-gap', nameOf(4));
  await acknowledge(ledger, 'sequence-gap', nameOf(7));
  await acknowledge(ledger, 'hub-recreated', nameOf(9));
  await acknowledge(ledger, 'foreign-object', PLANTED);
  // An acknowledgement is dated later than all else.
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(2_000_100)), ...OPERATORS, ...BOTH }).run(
    new KeptLog(),
  );
  return ledger;
}
