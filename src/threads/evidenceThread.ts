import { MessageChannel } from 'node:worker_threads';
import type { EvidenceTask } from './evidenceWorker.ts';
import { Gate } from './gate.ts';
import { lendStores } from './lentStores.ts';
import { WorkerPool } from './pool.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import { BUSY } from '../prove/api.ts';
import type { EvidenceQuery, LogResponse } from '../prove/api.ts';
import type { ProveDeps } from '../prove/entryProof.ts';

/** How many requests wait, and how long; a request of the largest segment takes a few seconds. */
const MOST_WAITING = 8;
const WAIT_MS = 10_000;

/** Beside the heap, the thread has one object of the ledger at a time, stored and decompressed. */
const LIMITS = { maxOldGenerationSizeMb: 512 };

/**
 * EvidenceThread answers requests for evidence in a thread of its own, one at a time: to hash a segment again takes long, and
 * whoever has a key of the function can ask for the largest one at will.
 */
export class EvidenceThread {
  readonly #deps: ProveDeps;
  readonly #gate: Gate;
  readonly #pool = new WorkerPool<EvidenceTask, LogResponse>(1, 'evidenceWorker', LIMITS);

  constructor(deps: ProveDeps, waitMs = WAIT_MS) {
    this.#deps = deps;
    this.#gate = new Gate(MOST_WAITING, waitMs);
  }

  /** answer answers a request as answerEvidence does, or 503 if its turn doesn't come in time. */
  answer = async (query: EvidenceQuery): Promise<LogResponse> =>
    (await this.#gate.run(() => this.#answerNow(query))) ?? BUSY;

  async #answerNow(query: EvidenceQuery): Promise<LogResponse> {
    const { port1, port2: lender } = new MessageChannel();
    lendStores(port1, this.#deps);
    try {
      const verifierKeys = this.#deps.verifiers.map(formatVerifierKey);
      return await this.#pool.run({ query, verifierKeys, lender }, { moved: [lender] });
    } finally {
      port1.close();
    }
  }

  /** close ends the thread. What is under way, or waits, fails. */
  close = (): Promise<void> => this.#pool.close();
}
