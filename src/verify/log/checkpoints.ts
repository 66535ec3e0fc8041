import { attempt, faultIn } from '../../core/errors.ts';
import { openCheckpoint, parseCheckpoint } from '../../core/note/checkpoint.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import { parseVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import type { Context, NeverRead, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';
import type { Fit } from './treeCheck.ts';

/** VouchedCheckpoint is a checkpoint of the ledger that a trusted key signed. */
export interface VouchedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** what was signed */
  readonly text: string;
  /** the bytes that were opened */
  readonly note: Buffer;
}

/** WantedCheckpoint is a checkpoint that was seen elsewhere. Its signatures may not be verified yet. */
export type WantedCheckpoint = Pick<VouchedCheckpoint, 'checkpoint' | 'text'>;

/** Seen is where a wanted checkpoint stands in the log, and how it fits the batches up to it. */
export interface Seen {
  readonly number: number;
  readonly fit: Fit;
}

/** EARLIER stands for the number of a checkpoint of which it is only known that the log goes on from it. */
export const EARLIER = -1;

/**
 * Checkpoints opens checkpoints, wherever they come from, and knows which ones have to be among the log's. Keys that were
 * given are trusted; if none were, those that the log itself announces.
 */
export class Checkpoints {
  readonly #findings: Findings;
  readonly #ledger: KnownLedger;
  readonly #isGiven: boolean;
  #verifiers: readonly VerifierKey[];
  #announced = '';
  /** where keys were given, those that the log has announced */
  #others: readonly VerifierKey[] = [];
  /** by text */
  readonly #wanted = new Map<string, { readonly wanted: WantedCheckpoint; seen?: Seen }>();
  /** how many were opened */
  signatures = 0;
  /** keys that verified signatures, each as `name+id` */
  readonly signedBy = new Set<string>();

  /** something on the way couldn't be read, so that nobody knows what isn't there */
  isIncomplete = false;
  /** how many there are whose tree isn't known, because a batch up to them is lost or can't be read */
  uncompared = 0;

  constructor({ findings, ledger }: Context, verifiers: readonly VerifierKey[]) {
    this.#findings = findings;
    this.#ledger = ledger;
    this.#isGiven = verifiers.length > 0;
    this.#verifiers = verifiers;
  }

  /** announce takes notice of all keys that the log has announced, as formatVerifierKey prints them. */
  announce(keys: readonly string[]): void {
    if (keys.join() === this.#announced) return;
    this.#announced = keys.join();
    const verifiers = keys.map(parseVerifierKey);
    if (this.#isGiven) this.#others = verifiers;
    else this.#verifiers = verifiers;
  }

  /** open reads a checkpoint and checks its signatures. One that is wrong is a finding. */
  open(object: string, note: Buffer | NeverRead): VouchedCheckpoint | undefined {
    try {
      if (typeof note === 'string') return this.#refuse(object, WHY_UNREAD[note]);
      const { text } = parseNote(note);
      const checkpoint = parseCheckpoint(text);
      if (this.#ledger.name !== undefined && checkpoint.origin !== this.#ledger.name)
        return this.#refuse(object, 'it is of another log');
      const { signatures } = openCheckpoint(note, checkpoint.origin, this.#verifiers);
      this.#ledger.name ??= checkpoint.origin;
      this.signatures += 1;
      for (const { keyName, keyId } of signatures) this.signedBy.add(`${keyName}+${keyId}`);
      return { checkpoint, text, note };
    } catch (error) {
      const { message } = faultIn(error, 'malformed', 'contradicted');
      const isOthers = this.#isGiven && typeof note === 'object' && !this.#isByKnown(note);
      return this.#refuse(object, (isOthers ? 'none of the given keys signed it' : message) + this.#lacking(note));
    }
  }

  /**
   * openUncompared takes notice of a checkpoint whose batch nobody can read. One by keys that aren't known is no fault: that batch
   * may announce them.
   */
  openUncompared(object: string, number: number, note: Buffer | NeverRead): VouchedCheckpoint | undefined {
    this.uncompared += 1;
    if (typeof note === 'object' && !this.#isByKnown(note)) return undefined;
    const opened = this.open(object, note);
    if (opened !== undefined) this.markSeen(opened.text, number, 'unknown');
    return opened;
  }

  #isByKnown(note: Buffer): boolean {
    const { signatures } = attempt(() => parseNote(note), 'malformed') ?? {};
    return (
      signatures?.some((line) =>
        this.#verifiers.some(({ keyName, keyId }) => keyName === line.keyName && keyId === line.keyId),
      ) !== false
    );
  }

  #refuse(object: string, why: string): undefined {
    this.#findings.error('checkpoint-invalid', object, why);
  }

  /** lacking names the keys that signed a note, and that the checker lacks. */
  #lacking(note: Buffer | NeverRead): string {
    const name = this.#ledger.name ?? '';
    if (typeof note === 'string' || this.#others.length === 0) return '';
    const opened = attempt(() => openCheckpoint(note, name, this.#others), 'malformed', 'contradicted');
    if (opened === undefined) return '';
    const keys = opened.signatures.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(', ');
    return `; ${keys} did, which the log announces and which was not given`;
  }

  /** want asks for a checkpoint that was seen elsewhere. */
  want(wanted: WantedCheckpoint): void {
    if (!this.#wanted.has(wanted.text)) this.#wanted.set(wanted.text, { wanted });
  }

  /** wanted gives those that were asked for. */
  get wanted(): readonly WantedCheckpoint[] {
    return [...this.#wanted.values()].map(({ wanted }) => wanted);
  }

  /** markSeen says that the log's checkpoint of that number has this text. */
  markSeen(text: string, number: number, fit: Fit): void {
    const wanted = this.#wanted.get(text);
    // One that fits is enough: another object of the same text is found by itself.
    if (wanted !== undefined && wanted.seen?.fit !== 'fits') wanted.seen = { number, fit };
  }

  /** seenAt gives where the log has a wanted text. */
  seenAt(text: string): Seen | undefined {
    return this.#wanted.get(text)?.seen;
  }
}
