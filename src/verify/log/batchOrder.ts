import { attempt, faultIn } from '../../core/errors.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { formatVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { NO_LOG, openNextBatch, parseBatch } from '../../core/objects/batch.ts';
import type { Batch, FirstTrust, LogSoFar } from '../../core/objects/batch.ts';
import { headsOf } from '../../core/objects/heads.ts';
import { batchName } from '../../core/objects/names.ts';
import { openBatch } from '../../core/signed/batchSignature.ts';
import type { SignedBatch } from '../../core/signed/batchSignature.ts';
import { certificatesFor } from '../../core/signed/certificate.ts';
import type { Certificate } from '../../core/signed/certificate.ts';
import { logAfter } from '../../ledger/batches.ts';
import type { VoidBatch } from '../../ledger/batches.ts';
import type { KnownLedger } from '../context.ts';

/** BatchOrder says which batches are in the log, one after the other. */
export class BatchOrder {
  readonly #ledger: KnownLedger;
  readonly #given: readonly string[] | undefined;
  /** the log up to the last batch; once that is lost, as far as the signed batches say */
  log: LogSoFar;
  /** a batch on which later ones go on isn't there, or isn't one: what the tree is since then is only said */
  isLost = false;

  /** It begins behind `log`. Without keys that were given, whoever made the first batch is believed. */
  constructor(ledger: KnownLedger, verifiers: readonly VerifierKey[], log: LogSoFar = NO_LOG) {
    this.#ledger = ledger;
    this.#given = verifiers.length > 0 ? verifiers.map(formatVerifierKey) : undefined;
    this.log = log;
  }

  /** take gives the batch of that number if it is in the log, or says why it is void. */
  take(bytes: Buffer, number: number): Batch | VoidBatch {
    try {
      return this.#open(bytes, number);
    } catch (error) {
      const { message } = faultIn(error, 'malformed');
      return attempt(() => this.#goOn(bytes, number), 'malformed') ?? { number, why: message };
    }
  }

  /** add goes on behind a batch, with the tree over all entries up to it if that is known. */
  add(batch: Batch, head: TreeHead): void {
    const { size } = this.log.head;
    // Of a tree that isn't known the next batch says the root.
    this.log = logAfter(batch, { head: this.isLost ? { ...head, size: size + batch.entries.length } : head });
  }

  #open(bytes: Buffer, number: number): Batch {
    const { name } = this.#ledger;
    const ledger = name === undefined ? {} : { ledger: name };
    const keys = this.#given ?? (this.log.number < 0 ? keysIn(bytes, number, ledger) : undefined);
    const batch = openNextBatch(bytes, number, this.log, { ...ledger, ...(keys !== undefined && { keys }) });
    this.#ledger.name ??= openBatch(bytes, batchName(number), certificatesFor({})).certificate.ledger;
    return batch;
  }

  /**
   * goOn gives a batch behind one that is lost: one of the log's sessions signed that it goes on from a later one than the
   * last that is known, or, once that is so, from the last one.
   */
  #goOn(bytes: Buffer, number: number): Batch | undefined {
    const { name } = this.#ledger;
    const ledger = name === undefined ? {} : { ledger: name };
    const keys = this.log.number >= 0 ? this.log.keys : (this.#given ?? keysIn(bytes, number, ledger));
    const signed = openBatch(bytes, batchName(number), certificatesFor({ ...ledger, keys }));
    const { previous, size, root } = signed;
    const isNext = this.isLost && previous === this.log.number && size === this.log.head.size;
    if (previous <= this.log.number && !isNext) return undefined;
    const entries = parseBatch(signed.lines);
    const batch = { number, entries, heads: headsOf(entries) };
    if (batch.heads.time < this.log.time || !isFor(signed.certificate, batch.heads.time)) return undefined;
    this.isLost = true;
    this.log = { ...this.log, number: previous, head: { size, rootHash: root } };
    return batch;
  }
}

const isFor = ({ from, until }: Certificate, time: string): boolean => time >= from && time <= until;

/** keysIn gives the keys that a batch announces: those that are believed of the first one, where none were given. */
function keysIn(bytes: Buffer, number: number, trust: FirstTrust): readonly string[] {
  const { lines }: SignedBatch = openBatch(bytes, batchName(number), certificatesFor(trust));
  return headsOf(parseBatch(lines)).keys;
}
