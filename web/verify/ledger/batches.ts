import { equalBytes, toHex, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { openBatch } from '../signed/batchSignature.ts';
import type { SignedBatch } from '../signed/batchSignature.ts';
import { openKeyNotice } from '../signed/keyNotice.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { headsOf, parseBatch, parseLogEntry } from './entries.ts';
import type { FiledCounts, Heads } from './entries.ts';
import type { Folder } from './folder.ts';
import { batchName, parseBatchName } from './names.ts';
import { LogTree } from './tiles.ts';

/** Batch is one that is in the log. */
export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly heads: Heads;
}

const NO_BATCH = {
  number: -1,
  time: '',
  keys: [] as readonly VerifierKey[],
  filed: { report: 0, action: 0 },
  size: 0,
};

const KEY_START = utf8('{"type":"key",');

const badBatch = (why: string): Fault => new Fault('BATCH_MALFORMED', why);

/** LogSoFar is the log up to a batch. With the next batch's own bytes, it decides whether that one is in the log. */
export class LogSoFar {
  /** over the entries up to the last batch, or to the last before the log was lost */
  readonly tree = new LogTree();
  /** of the newest batch that is in the log; `size` is how many entries there are up to it */
  last = NO_BATCH;
  /** a batch on which a later one goes on isn't there, or isn't one: what the tree is since then is only said */
  isLost = false;
  readonly #trust: Trust;
  readonly #given: readonly VerifierKey[] | undefined;

  /** Of the first batch those keys count that were given, or if none were, those that it announces. */
  constructor(trust: Trust, given: readonly VerifierKey[] | undefined) {
    this.#trust = trust;
    this.#given = given;
  }

  /**
   * take gives the batch of that number if it is in the log, and goes on behind it. It throws FOREIGN_OBJECT,
   * BATCH_MALFORMED or VERSION_UNKNOWN for everything else: that is void. docs/format.md, section 9.1.
   */
  async take(number: number, bytes: Bytes): Promise<Batch> {
    try {
      const trusted = await this.#keysFor(number, bytes);
      this.#trust.trust(trusted);
      const signed = await openBatch(bytes, batchName(number), this.#trust);
      const entries = parseBatch(signed.lines);
      const heads = await headsOf(entries);
      this.#goOn(signed, heads);
      if (!this.isLost) await this.#checkKeys(entries, heads, trusted);
      if (!this.isLost) for (const entry of entries) this.tree.append(entry);
      const { time, keys, filed } = heads;
      this.last = { number, time, keys, filed, size: signed.size + entries.length };
      this.#trust.ledger ??= signed.certificate.ledger;
      return { entries, heads };
    } finally {
      this.#trust.trust(this.last.number < 0 ? this.#given : this.last.keys);
    }
  }

  async #keysFor(number: number, bytes: Bytes): Promise<readonly VerifierKey[]> {
    if (this.last.number >= 0) return this.last.keys;
    if (this.#given !== undefined) return this.#given;
    const { lines } = await openBatch(bytes, batchName(number), this.#trust);
    return (await headsOf(parseBatch(lines))).keys;
  }

  /** The heads have the keys of before, and those that the entries announce and a key of before signed. */
  async #checkKeys(entries: readonly Uint8Array[], { keys }: Heads, trusted: readonly VerifierKey[]): Promise<void> {
    const known = this.last.keys.map(({ text }) => text);
    for (const line of entries) {
      if (!equalBytes(line.subarray(0, KEY_START.length), KEY_START)) continue;
      const entry = await parseLogEntry(line);
      if (entry.type === 'key') known.push((await openKeyNotice(entry.note, trusted)).text);
    }
    if (new Set(known).size !== known.length) throw badBatch('it announces a key that the log has');
    if (known.join() !== keys.map(({ text }) => text).join())
      throw badBatch('its heads have other keys than the log and its entries');
  }

  /** Behind a batch that isn't there, what one of the log's sessions signed shows what was before. */
  #goOn({ previous, size, root, certificate }: SignedBatch, { time }: Heads): void {
    const { last, tree } = this;
    const isNext = previous === last.number && size === last.size && (this.isLost || root === toHex(tree.root()));
    if (!isNext && previous <= last.number) {
      const stated = `it goes on from batch ${previous} and ${size} entries`;
      throw badBatch(`${stated}, and the log has batch ${last.number} and ${last.size}`);
    }
    if (time < last.time) throw badBatch(`it is dated ${time}, and the batch before it ${last.time}`);
    if (time < certificate.from || time > certificate.until)
      throw badBatch(`it is dated ${time}, and its certificate is not for then`);
    if (!isNext) this.isLost = true;
  }
}

/** readLog gives how far the log of a folder comes, and which keys it announces. It looks at nothing but batches. */
export async function readLog(
  folder: Folder,
  given: readonly VerifierKey[] | undefined,
): Promise<{ readonly announced: readonly VerifierKey[]; readonly filed: FiledCounts }> {
  const log = new LogSoFar(new Trust(undefined, given), given);
  for (const name of folder.under('batches/')) {
    const number = parseBatchName(name);
    const bytes = number === undefined ? undefined : await folder.read(name);
    if (number === undefined || bytes === undefined || bytes === 'oversize') continue;
    try {
      await log.take(number, bytes);
      log.tree.takeFiles();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return { announced: log.last.keys, filed: log.last.filed };
}
