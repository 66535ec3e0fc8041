import { equalBytes, toHex, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { openBatch } from '../signed/batchSignature.ts';
import type { SignedBatch } from '../signed/batchSignature.ts';
import { openKeyNotice } from '../signed/keyNotice.ts';
import { openOperatorNotice } from '../signed/operatorNotice.ts';
import type { OperatorNotice } from '../signed/operatorNotice.ts';
import { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { headsOf, parseBatch, parseLogEntry } from './entries.ts';
import type { Heads } from './entries.ts';
import { batchName } from './names.ts';
import { operatorsAfter, printOperators } from './operators.ts';
import type { Operator } from './operators.ts';
import { LogTree } from './tiles.ts';

/** Batch is one that is in the log. */
export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly heads: Heads;
}

/**
 * WaitingBatch is what a session of the log signed as going on from a batch that is not in the log. Only what comes behind shows
 * what it is.
 */
export interface WaitingBatch {
  readonly number: number;
  /** number of the batch that it says it goes on from */
  readonly waitsFor: number;
}

const NO_BATCH = {
  number: -1,
  time: '',
  keys: [] as readonly VerifierKey[],
  operators: [] as readonly Operator[],
  filed: { report: 0, action: 0 },
  size: 0,
};

const STARTS = { key: utf8('{"type":"key",'), operator: utf8('{"type":"operator",') } as const;

const badBatch = (why: string): Fault => new Fault('BATCH_MALFORMED', why);

/** SignedLater is a batch that a session of the log signed, as going on from `previous` and `size` entries. */
interface SignedLater {
  readonly batch: Batch;
  readonly previous: number;
  readonly size: number;
}

/** LogSoFar is the log up to a batch. With the next batch's own bytes, it decides whether that one is in the log. */
export class LogSoFar {
  /** over the entries up to the last batch, or to the last before the log was lost */
  readonly tree = new LogTree();
  /** of the newest batch that is in the log; `size` is how many entries there are up to it */
  last = NO_BATCH;
  /** how often a batch on which a later one goes on wasn't there, or wasn't one: what the tree is since then is only said */
  losses = 0;
  /** where no batch counts by the keys that were given: those that the first which has the name of one announces, a claim */
  claimed: readonly VerifierKey[] | undefined;
  /** the next one that would wait is taken for the first behind what is lost */
  #isResuming = false;
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
  async take(number: number, bytes: Bytes): Promise<Batch | WaitingBatch> {
    try {
      return await this.#takeNext(number, bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (this.#given !== undefined && this.last.number < 0)
        this.claimed ??= await unlessFault(this.#keysIn(number, bytes));
      const later = await unlessFault(this.#openLater(number, bytes));
      if (later === undefined) throw error;
      const { batch, previous, size } = later;
      const isNext = this.losses > 0 && previous === this.last.number && size === this.last.size;
      if (!isNext && !this.#isResuming) return { number, waitsFor: previous };
      if (!isNext) this.losses += 1;
      this.#isResuming &&= isNext;
      return this.#goOn(number, batch, size);
    } finally {
      this.#trust.trust(this.last.number < 0 ? this.#given : this.last.keys);
    }
  }

  /** resume says that nothing goes on from the last batch, so that it is lost what came behind it. */
  resume(): void {
    this.#isResuming = true;
  }

  /** mayGoOn tells whether a batch that waits has to be looked at again. */
  mayGoOn({ waitsFor }: WaitingBatch): boolean {
    return this.#isResuming || waitsFor === this.last.number;
  }

  async #takeNext(number: number, bytes: Bytes): Promise<Batch> {
    const { last, tree } = this;
    const trusted = last.number < 0 ? (this.#given ?? (await this.#keysIn(number, bytes))) : last.keys;
    this.#trust.trust(trusted);
    const signed = await openBatch(bytes, batchName(number), this.#trust);
    const { previous, size, root } = signed;
    if (previous !== last.number || size !== last.size || root !== toHex(tree.root())) {
      const stated = `it goes on from batch ${previous} and ${size} entries`;
      throw badBatch(`${stated}, and the log has batch ${last.number} and ${last.size}`);
    }
    const batch = await this.#openLines(signed);
    await this.#checkKeys(batch, trusted);
    if ((batch.heads.index?.entries ?? 0) > last.size)
      throw badBatch('its heads state an index of more entries than there are before it');
    for (const entry of batch.entries) tree.append(entry);
    this.#trust.ledger ??= signed.certificate.ledger;
    return this.#goOn(number, batch, size);
  }

  /**
   * openLater gives what a session of the log signed under that number, if it can be of the log, whatever is lost. Keys count only
   * that were given, were announced before, or that one of those announces: heads may name any.
   */
  async #openLater(number: number, bytes: Bytes): Promise<SignedLater> {
    const { last } = this;
    const isFirst = this.#given === undefined && last.number < 0;
    const trusted = isFirst ? await this.#keysIn(number, bytes) : union(this.#given ?? [], last.keys);
    this.#trust.trust(trusted);
    const signed = await openBatch(bytes, batchName(number), this.#trust);
    const { previous, size } = signed;
    const isLater = previous > last.number || (this.losses > 0 && previous === last.number);
    if (!isLater || previous >= number || size < last.size)
      throw badBatch(`it goes on from batch ${previous}, which nothing can that is behind batch ${last.number}`);
    const { entries, heads } = await this.#openLines(signed);
    const keys = isFirst ? heads.keys : await keysBehind(trusted, entries);
    return { batch: { entries, heads: { ...heads, keys, operators: last.operators } }, previous, size };
  }

  async #openLines({ lines, certificate: { from, until } }: SignedBatch): Promise<Batch> {
    const entries = parseBatch(lines);
    const heads = await headsOf(entries);
    const { time } = heads;
    if (time < this.last.time) throw badBatch(`it is dated ${time}, and the batch before it ${this.last.time}`);
    if (time < from || time > until) throw badBatch(`it is dated ${time}, and its certificate is not for then`);
    return { entries, heads };
  }

  /** keysIn gives the keys that a batch announces: those that are believed of the first one, where none were given. */
  async #keysIn(number: number, bytes: Bytes): Promise<readonly VerifierKey[]> {
    this.#trust.trust(undefined);
    const { lines } = await openBatch(bytes, batchName(number), this.#trust);
    return (await headsOf(parseBatch(lines))).keys;
  }

  #goOn(number: number, batch: Batch, size: number): Batch {
    const { time, keys, operators, filed } = batch.heads;
    this.last = { number, time, keys, operators, filed, size: size + batch.entries.length };
    return batch;
  }

  /** The heads have the keys of before, and what the entries say of keys by notes that a key of before signed. */
  async #checkKeys({ entries, heads: { keys, operators } }: Batch, trusted: readonly VerifierKey[]): Promise<void> {
    const known = this.last.keys.map(({ text }) => text);
    for (const note of await noticesIn(entries, 'key')) known.push((await openKeyNotice(note, trusted)).text);
    if (new Set(known).size !== known.length) throw badBatch('it announces a key that the log has');
    if (known.join() !== keys.map(({ text }) => text).join())
      throw badBatch('its heads have other keys than the log and its entries');
    const notices: OperatorNotice[] = [];
    for (const note of await noticesIn(entries, 'operator')) notices.push(await openOperatorNotice(note, trusted));
    const wanted = operatorsAfter(this.last.operators, notices, this.last.filed.action);
    if (JSON.stringify(printOperators(wanted)) !== JSON.stringify(printOperators(operators)))
      throw badBatch('its heads have other operators than the log and its entries');
  }
}

const union = (some: readonly VerifierKey[], others: readonly VerifierKey[]): VerifierKey[] => [
  ...new Map([...some, ...others].map((key) => [key.text, key])).values(),
];

/** noticesIn gives the notes of a batch that say something of keys, whoever signed them. */
async function noticesIn(entries: readonly Uint8Array[], type: keyof typeof STARTS): Promise<string[]> {
  const notes: string[] = [];
  const start = STARTS[type];
  for (const line of entries) {
    if (!equalBytes(line.subarray(0, start.length), start)) continue;
    const entry = await parseLogEntry(line);
    if (entry.type === type) notes.push(entry.note);
  }
  return notes;
}

/** keysBehind gives the keys that were trusted, and those that entries announce by a note that one of them signed. */
async function keysBehind(
  trusted: readonly VerifierKey[],
  entries: readonly Uint8Array[],
): Promise<readonly VerifierKey[]> {
  const announced: VerifierKey[] = [];
  for (const note of await noticesIn(entries, 'key')) {
    const key = await unlessFault(openKeyNotice(note, trusted));
    if (key !== undefined) announced.push(key);
  }
  return union(trusted, announced);
}

async function unlessFault<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
