import { attempt, faultIn } from '../../core/errors.ts';
import type { Hash } from '../../core/hash.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { formatVerifierKey, parseVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { NO_LOG, noticesIn, openNextBatch, parseBatch } from '../../core/objects/batch.ts';
import type { Batch, LogSoFar } from '../../core/objects/batch.ts';
import { headsOf } from '../../core/objects/heads.ts';
import { batchName } from '../../core/objects/names.ts';
import { openBatch } from '../../core/signed/batchSignature.ts';
import { certificatesFor } from '../../core/signed/certificate.ts';
import type { Trust } from '../../core/signed/certificate.ts';
import { openKeyNotice } from '../../core/signed/keyNotice.ts';
import { logAfter } from '../../ledger/batches.ts';
import type { VoidBatch } from '../../ledger/batches.ts';
import type { KnownLedger } from '../context.ts';

/**
 * WaitingBatch is what a session of the log signed as going on from a batch that is not in the log: that was lost, or the session
 * was stolen. Only what comes behind shows which.
 */
export interface WaitingBatch {
  readonly number: number;
  /** number of the batch that it says it goes on from */
  readonly waitsFor: number;
}

/** Judgement is what came of a batch's bytes. */
export type Judgement = Batch | VoidBatch | WaitingBatch;

/** SignedLater is a batch that a session of the log signed, as going on from `previous` and `size` entries. */
interface SignedLater {
  readonly batch: Batch;
  readonly previous: number;
  readonly size: number;
  readonly root: Hash;
}

/** BatchOrder says which batches are in the log, one after the other. */
export class BatchOrder {
  readonly #ledger: KnownLedger;
  readonly #given: readonly string[] | undefined;
  /** the log up to the last batch; once that is lost, as far as the signed batches say */
  log: LogSoFar;
  /** a batch on which later ones go on isn't there, or isn't one: what the tree is since then is only said */
  isLost = false;
  /** the next one that would wait is taken for the first behind what is lost */
  #isResuming = false;

  /** It begins behind `log`. Without keys that were given, whoever made the first batch is believed. */
  constructor(ledger: KnownLedger, verifiers: readonly VerifierKey[], log: LogSoFar = NO_LOG) {
    this.#ledger = ledger;
    this.#given = verifiers.length > 0 ? verifiers.map(formatVerifierKey) : undefined;
    this.log = log;
  }

  /** take gives the batch of that number if it is in the log, or says why it is void. */
  take(bytes: Buffer, number: number): Judgement {
    try {
      return this.#open(bytes, number);
    } catch (error) {
      const { message } = faultIn(error, 'malformed');
      this.#noteClaim(bytes, number);
      const later = attempt(() => this.#openLater(bytes, number), 'malformed');
      if (later === undefined) return { number, why: message };
      const { batch, previous, size, root } = later;
      if (this.isLost && previous === this.log.number && size === this.log.head.size) return batch;
      if (!this.#isResuming) return { number, waitsFor: previous };
      this.isLost = true;
      this.#isResuming = false;
      this.log = { ...this.log, number: previous, head: { size, rootHash: root } };
      return batch;
    }
  }

  /** add goes on behind a batch, with the tree over all entries up to it if that is known. */
  add(batch: Batch, head: TreeHead): void {
    const { size } = this.log.head;
    // Of a tree that isn't known the next batch says the root.
    this.log = logAfter(batch, { head: this.isLost ? { ...head, size: size + batch.entries.length } : head });
  }

  /** resume says that nothing goes on from the last batch, so that it is lost what came behind it. */
  resume(): void {
    this.#isResuming = true;
  }

  /** noteClaim notes which keys a log announces that no given key began. */
  #noteClaim(bytes: Buffer, number: number): void {
    if (this.#given === undefined || this.log.number >= 0 || this.#ledger.claimed !== undefined) return;
    const claimed = attempt(() => keysIn(bytes, number, {}), 'malformed');
    if (claimed !== undefined) this.#ledger.claimed = claimed;
  }

  /** mayGoOn tells whether a batch that waits has to be looked at again. */
  mayGoOn({ waitsFor }: WaitingBatch): boolean {
    return this.#isResuming || waitsFor === this.log.number;
  }

  #open(bytes: Buffer, number: number): Batch {
    const ledger = this.#ledgerTrust;
    const keys = this.#given ?? (this.log.number < 0 ? keysIn(bytes, number, ledger) : undefined);
    const batch = openNextBatch(bytes, number, this.log, { ...ledger, ...(keys !== undefined && { keys }) });
    this.#ledger.name ??= openBatch(bytes, batchName(number), certificatesFor({})).certificate.ledger;
    return batch;
  }

  /**
   * openLater gives what a session of the log signed under that number, and undefined if it can't be of the log, whatever is
   * lost. Keys count only that were given, were announced before, or that one of those announces: heads may name any.
   */
  #openLater(bytes: Buffer, number: number): SignedLater | undefined {
    const ledger = this.#ledgerTrust;
    const isFirst = this.#given === undefined && this.log.number < 0;
    const trusted = isFirst ? keysIn(bytes, number, ledger) : [...(this.#given ?? []), ...this.log.keys];
    const signed = openBatch(bytes, batchName(number), certificatesFor({ ...ledger, keys: trusted }));
    const { previous, size, root, certificate } = signed;
    const entries = parseBatch(signed.lines);
    const heads = headsOf(entries);
    const { from, until } = certificate;
    const isPossible =
      previous >= this.log.number &&
      previous < number &&
      size >= this.log.head.size &&
      heads.time >= this.log.time &&
      heads.time >= from &&
      heads.time <= until;
    if (!isPossible || (previous === this.log.number && !this.isLost)) return undefined;
    const keys = isFirst ? heads.keys : keysBehind(trusted, entries);
    return {
      batch: { number, entries, heads: { ...heads, keys, operators: this.log.operators } },
      previous,
      size,
      root,
    };
  }

  get #ledgerTrust(): Trust {
    const { name } = this.#ledger;
    return name === undefined ? {} : { ledger: name };
  }
}

/** keysIn gives the keys that a batch announces: those that are believed of the first one, where none were given. */
function keysIn(bytes: Buffer, number: number, trust: Trust): readonly string[] {
  const { lines } = openBatch(bytes, batchName(number), certificatesFor(trust));
  return headsOf(parseBatch(lines)).keys;
}

/** keysBehind gives the keys that were trusted, and those that entries announce by a note that one of them signed. */
function keysBehind(trusted: readonly string[], entries: readonly Buffer[]): string[] {
  const verifiers = trusted.map(parseVerifierKey);
  const announced = noticesIn(entries, 'key').flatMap(
    (note) => attempt(() => openKeyNotice(note, verifiers), 'malformed') ?? [],
  );
  return [...new Set([...trusted, ...announced])];
}
