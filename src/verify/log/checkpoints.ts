import { attempt, faultIn } from '../../core/errors.ts';
import { openCheckpoint, parseCheckpoint } from '../../core/note/checkpoint.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import { parseVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import type { Unread } from '../../ports/store.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';

/** OpenedCheckpoint is a checkpoint of the ledger that a trusted key signed. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** what was signed */
  readonly text: string;
  readonly note: Buffer;
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
  /** by text; the number of the log's checkpoint that has it, once that is found */
  readonly #wanted = new Map<string, number | undefined>();
  /** how many were opened */
  signatures = 0;
  /** keys that verified signatures, each as `name+id` */
  readonly signedBy = new Set<string>();

  /** something on the way couldn't be read, so that nobody knows what isn't there */
  isIncomplete = false;

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
  open(object: string, note: Buffer | Unread): OpenedCheckpoint | undefined {
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
      return this.#refuse(object, faultIn(error, 'malformed', 'contradicted').message + this.#lacking(note));
    }
  }

  #refuse(object: string, why: string): undefined {
    this.#findings.error('checkpoint-invalid', object, why);
  }

  /** lacking names the keys that signed a note, and that the checker lacks. */
  #lacking(note: Buffer | Unread): string {
    const name = this.#ledger.name ?? '';
    if (typeof note === 'string' || this.#others.length === 0) return '';
    const opened = attempt(() => openCheckpoint(note, name, this.#others), 'malformed', 'contradicted');
    if (opened === undefined) return '';
    const keys = opened.signatures.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(', ');
    return `; ${keys} did, which the log announces and which was not given`;
  }

  /** want asks for a checkpoint that was seen elsewhere. */
  want(text: string): void {
    this.#wanted.set(text, undefined);
  }

  /** wanted gives the texts that were asked for. */
  get wanted(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  /** markSeen says that the log's checkpoint of that number has this text. */
  markSeen(text: string, number: number): void {
    if (this.#wanted.has(text)) this.#wanted.set(text, number);
  }

  /** seenAt gives the number of the log's checkpoint that has a wanted text, EARLIER if only that much is known. */
  seenAt(text: string): number | undefined {
    return this.#wanted.get(text);
  }
}
