import { parseAnswer } from '../verify/answer/answer.ts';
import type { Answer } from '../verify/answer/answer.ts';
import { checkAnswer } from '../verify/answer/checkAnswer.ts';
import type { AnswerOutcome } from '../verify/answer/checkAnswer.ts';
import { Fault } from '../verify/fault.ts';
import type { FaultCode } from '../verify/fault.ts';
import { verifyLedger } from '../verify/ledger/verifyLedger.ts';
import type { LedgerOutcome, Progress } from '../verify/ledger/verifyLedger.ts';
import type { Interval } from '../verify/ledger/slice.ts';
import { isOperator } from '../verify/signed/operatorNotice.ts';
import { isAuditor } from '../verify/signed/reportSignature.ts';
import { MAX_KEYS, readKeys } from '../verify/verifierKey.ts';
import type { Trust } from './path.ts';

/** MirrorWork asks the worker to check a mirror. */
export interface MirrorWork {
  readonly kind: 'mirror';
  /** by their paths within the mirror's folder */
  readonly files: readonly { readonly name: string; readonly file: File }[];
  /** verifier keys, one a line */
  readonly keys: string;
  /** the interval that alone is to be checked */
  readonly interval: Interval | undefined;
  /** what this device's clock says, in ms since the Unix epoch */
  readonly now: number;
}

/** AnswerWork asks the worker to check an answer. */
export interface AnswerWork {
  readonly kind: 'answer';
  readonly file: Blob;
  /** verifier keys, one a line; without any, those that the answer carries are taken */
  readonly keys: string;
}

/** SentFault is a fault as it comes from the worker: its class is lost on the way. */
export interface SentFault {
  readonly code: FaultCode;
  readonly message: string;
}

/** SentAnswer is what was found of an answer, and what of it is shown. */
export interface SentAnswer {
  readonly answer: Pick<Answer, 'query' | 'checkpoint' | 'verifierKeys'>;
  readonly outcome: Omit<AnswerOutcome, 'fault'>;
  readonly fault: SentFault | undefined;
  readonly trust: Trust;
  /** how many keys can be of a log */
  readonly logKeys: number;
}

/** Said is what the worker says: how far it is, or, once, what it found or why there is nothing. */
export type Said =
  | { readonly progress: Progress }
  | { readonly part: number }
  | { readonly outcome: LedgerOutcome }
  | { readonly checked: SentAnswer }
  | { readonly fault: SentFault }
  | { readonly failed: string };

const PROGRESS_MS = 100;

const say = (message: Said): void => self.postMessage(message, { transfer: [] });

async function mirror({ files, keys: text, interval, now }: MirrorWork): Promise<Said> {
  const { keys } = await readKeys(text);
  let told = 0;
  const onProgress = (progress: Progress): void => {
    const time = Date.now();
    if (time - told < PROGRESS_MS) return;
    told = time;
    say({ progress });
  };
  const stored = files.map(({ name, file }) => ({
    name,
    size: file.size,
    read: async (most?: number) =>
      new Uint8Array(await (most === undefined ? file : file.slice(0, most)).arrayBuffer()),
  }));
  return { outcome: await verifyLedger(stored, { keys, now, interval, onProgress }) };
}

async function answer({ file, keys: text }: AnswerWork): Promise<Said> {
  try {
    const read = parseAnswer(new Uint8Array(await file.arrayBuffer()));
    const { query, checkpoint, verifierKeys } = read;
    const trust = text.trim() === '' ? 'file' : 'user';
    const { keys } = await readKeys(trust === 'user' ? text : verifierKeys.slice(0, MAX_KEYS).join('\n'));
    const { fault, ...outcome } = await checkAnswer(read, keys, (part) => say({ part }));
    const logKeys = keys.filter((key) => key.type !== 'cosignature' && !isAuditor(key) && !isOperator(key)).length;
    return {
      checked: { answer: { query, checkpoint, verifierKeys }, outcome, fault: fault && sent(fault), trust, logKeys },
    };
  } catch (error) {
    if (error instanceof Fault) return { fault: sent(error) };
    throw error;
  }
}

const sent = ({ code, message }: Fault): SentFault => ({ code, message });

self.addEventListener('message', ({ data }: MessageEvent<MirrorWork | AnswerWork>) => {
  (data.kind === 'mirror' ? mirror(data) : answer(data)).then(say, (error: unknown) => say({ failed: String(error) }));
});
