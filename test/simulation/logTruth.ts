import { Violation } from './scheduler.ts';
import { referenceRoot } from '../support/referenceLedger.ts';

interface Claim {
  readonly previous: number;
  readonly size: number;
  readonly root: string;
}

/** LogTruth follows the log batch by batch, as each is stored, and knows what may be signed of it. */
export class LogTruth {
  /** names of the segments that have an entry */
  readonly entered = new Set<string>();
  readonly #entries: Buffer[] = [];
  /** texts of the checkpoints over what is stored */
  readonly #final = new Set<string>();
  #newest = -1;
  #root = referenceRoot([]);
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** add checks the next batch that an honest process created. */
  add(name: string, stored: Buffer): void {
    const lines = stored.toString('utf8').split('\n').slice(0, -1);
    const { previous, size, root } = (JSON.parse(lines.pop() ?? '') as { batch: Claim }).batch;
    if (previous !== this.#newest || size !== this.#entries.length || root !== this.#root)
      throw new Violation(`${name}: it does not continue the log`);
    for (const line of lines) {
      this.#entries.push(Buffer.from(line));
      const { type, name: object } = JSON.parse(line) as { type: string; name?: string };
      if (type !== 'segment' || object === undefined) continue;
      if (this.entered.has(object)) throw new Violation(`${name}: ${object} has two entries`);
      this.entered.add(object);
    }
    this.#newest = Number(name.slice('batches/'.length, -'.jsonl'.length));
    this.#root = referenceRoot(this.#entries);
    const hash = Buffer.from(this.#root, 'hex').toString('base64');
    this.#final.add(`${this.#origin}\n${this.#entries.length}\n${hash}\n`);
  }

  /** checkSigned checks a text that the log's key is asked to sign: of checkpoints, only what is stored already. */
  checkSigned(text: string): void {
    const isCheckpoint = text.startsWith(`${this.#origin}\n`);
    if (isCheckpoint && !this.#final.has(text))
      throw new Violation(`a checkpoint of ${text.split('\n')[1]} entries is signed before they are final`);
  }
}
