import type { Ledger } from './ledger.ts';
import { openOperatorKeys, requireSigners } from '../adapters/logKeys.ts';
import { remoteWitness } from '../adapters/witnessClient.ts';
import { MAX_BATCH_OBJECTS } from '../core/objects/batch.ts';
import { Cosigning } from '../integrate/cosigning.ts';
import { Indexing } from '../integrate/indexing.ts';
import { Integrate } from '../integrate/integrate.ts';
import { Sessions } from '../ledger/session.ts';
import type { Logger } from '../ports/host.ts';
import { SEGMENTS_A_THREAD, SegmentWorkers } from '../threads/workers.ts';

/** A run begins no batch after 20 s, so that runs every 30 s hardly meet; a batch is what is read in a few seconds. */
const INTEGRATION = { budgetMs: 20_000, limits: { objects: MAX_BATCH_OBJECTS, storedBytes: 256 * 1024 * 1024 } };

/** So long a run goes on with the index; what is left the next one takes. */
const INDEXING_MS = 20_000;

/** Integration is what runs one after the other. */
export interface Integration {
  readonly integrating: Integrate;
  readonly cosigning: Cosigning;
}

/** openIntegration opens what enters segments into the log, and has its checkpoints cosigned. */
export async function openIntegration({ config, ...ledger }: Ledger): Promise<Integration> {
  requireSigners(config);
  const [store, tiles, keys, auditor] = await Promise.all([
    ledger.store(),
    ledger.tiles(),
    ledger.keys(),
    ledger.auditor(),
  ]);
  const { origin, verifyThreads, witnessPolicy } = config;
  const operators = await openOperatorKeys(config, [keys, auditor]);
  // Threads that are idle keep no process.
  const { summarize, index: indexSegment, build: buildUnit } = new SegmentWorkers(verifyThreads);
  const concurrency = verifyThreads * SEGMENTS_A_THREAD;
  const witnesses = witnessPolicy?.witnesses ?? [];
  return {
    integrating: new Integrate({
      ...keys,
      auditors: auditor.verifiers,
      operators,
      sessions: new Sessions({ ledger: origin, role: 'batches', signers: keys.signers, random: Math.random }),
      origin,
      store,
      tiles,
      now: Date.now,
      summarize,
      concurrency,
      indexing: new Indexing({
        store,
        tiles,
        now: Date.now,
        indexSegment,
        buildUnit,
        concurrency,
        budgetMs: INDEXING_MS,
      }),
      ...INTEGRATION,
    }),
    cosigning: new Cosigning({
      now: Date.now,
      origin,
      verifiers: keys.verifiers,
      store,
      tiles,
      witnesses: witnesses.map(({ verifierKey, url = '' }) => remoteWitness({ verifierKey, url })),
    }),
  };
}

/** integrate runs one integration. */
export async function integrate({ integrating, cosigning }: Integration, log: Logger): Promise<void> {
  await integrating.run(log);
  // Last, because witnesses may be slow: what is signed is stored and published by now.
  if (integrating.newest !== undefined) await cosigning.run(integrating.newest, log);
}
