import { AuditsealError } from '../core/errors.ts';

/**
 * What can interrupt sealing, and what is done about it:
 *
 * - a name is taken: no fault but an answer of the store. What stands there is read, and the rest planned anew (Ingest)
 * - something foreign stands there: it is passed over (findChainHead)
 * - passing: the store, the hub or a key doesn't answer now. Tried again while the invocation lasts, then thrown, and the host
 *   delivers again
 * - ending: this process is to end, or writers kept meeting. Thrown at once; the host delivers again
 * - lasting: somebody has to mend it. Thrown; the trigger's retry policy holds the partition, and nothing is skipped
 *
 * Nothing that arrives interrupts sealing for good: what can't be read is sealed as it is.
 */
export type Interruption = 'passing' | 'ending' | 'lasting';

/** interruptionOf tells what kind of interruption an error is. One that nobody foresaw lasts. */
export function interruptionOf(error: unknown): Interruption {
  if (!(error instanceof AuditsealError) || error.kind !== 'unavailable') return 'lasting';
  return error.code === 'STOPPING' || error.code === 'CHAIN_CONTENDED' ? 'ending' : 'passing';
}
