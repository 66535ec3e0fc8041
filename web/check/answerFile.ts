import { Fault } from '../verify/fault.ts';
import type { SentAnswer, SentFault } from './worker.ts';
import { runWorker } from './workerRun.ts';
import type { Running } from './workerRun.ts';

/** faultOf makes a fault of one that came from another thread. */
export const faultOf = ({ code, message }: SentFault): Fault => new Fault(code, message);

/**
 * checkAnswerFile checks an answer in another thread, and says which part of that is done. What comes of it is thrown as a Fault
 * where the file is no answer.
 */
export const checkAnswerFile = (file: Blob, keys: string, onPart: (part: number) => void): Running<SentAnswer> =>
  runWorker({ kind: 'answer', file, keys }, (said) => {
    if ('fault' in said) throw faultOf(said.fault);
    if ('part' in said) onPart(said.part);
    return 'checked' in said ? said.checked : undefined;
  });
