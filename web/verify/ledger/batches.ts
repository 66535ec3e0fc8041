import { toHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { openBatch } from '../signed/batchSignature.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { headsOf, parseBatch } from './entries.ts';
import type { FiledCounts, Heads } from './entries.ts';
import type { Folder } from './folder.ts';
import { batchName, parseBatchName } from './names.ts';
import { LogTree } from './tiles.ts';

/** Batch is one that is in the log. */
export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly heads: Heads;
}

const NO_BATCH = { number: -1, time: '', keys: [] as readonly VerifierKey[], filed: { report: 0, action: 0 } };

const badBatch = (why: string): Fault => new Fault('BATCH_MALFORMED', why);

/** LogSoFar is the log up to a batch. With the next batch's own bytes, it decides whether that one is in the log. */
export class LogSoFar {
  readonly tree = new LogTree();
  /** of the newest batch that is in the log */
  last = NO_BATCH;
  readonly #trust: Trust;

  /** `trust` is of those who may begin a log. */
  constructor(trust: Trust) {
    this.#trust = trust;
  }

  /**
   * take gives the batch of that number if it is in the log, and goes on behind it. It throws FOREIGN_OBJECT,
   * BATCH_MALFORMED or VERSION_UNKNOWN for everything else: that is void. docs/format.md, section 9.1.
   */
  async take(number: number, bytes: Bytes): Promise<Batch> {
    const { certificate, previous, size, root, lines } = await openBatch(bytes, batchName(number), this.#trust);
    const { last, tree } = this;
    if (previous !== last.number || size !== tree.size || root !== toHex(tree.root())) {
      const stated = `it goes on from batch ${previous} and ${size} entries`;
      throw badBatch(`${stated}, and the log has batch ${last.number} and ${tree.size}`);
    }
    const entries = parseBatch(lines);
    const heads = await headsOf(entries);
    const { time, keys, filed } = heads;
    if (time < last.time) throw badBatch(`it is dated ${time}, and the batch before it ${last.time}`);
    if (time < certificate.from || time > certificate.until)
      throw badBatch(`it is dated ${time}, and its certificate is not for then`);
    for (const entry of entries) tree.append(entry);
    this.last = { number, time, keys, filed };
    this.#trust.ledger ??= certificate.ledger;
    this.#trust.trust(keys);
    return { entries, heads };
  }
}

/** readLog gives how far the log of a folder comes, and which keys it announces. It looks at nothing but batches. */
export async function readLog(
  folder: Folder,
  given: readonly VerifierKey[] | undefined,
): Promise<{ readonly announced: readonly VerifierKey[]; readonly filed: FiledCounts }> {
  const log = new LogSoFar(new Trust(undefined, given));
  for (const name of folder.under('batches/')) {
    const number = parseBatchName(name);
    if (number === undefined) continue;
    const bytes = await folder.read(name);
    if (bytes === undefined) break;
    if (bytes === 'oversize') continue;
    try {
      await log.take(number, bytes);
      log.tree.takeFiles();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return { announced: log.last.keys, filed: log.last.filed };
}
