import { faultIn } from '../../core/errors.ts';
import { openCheckpoint, parseCheckpoint } from '../../core/note/checkpoint.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { TOO_LARGE } from '../../ports/store.ts';
import type { TooLarge } from '../../ports/store.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';

/** OpenedCheckpoint is a checkpoint of the ledger; if there are keys, one of them signed it. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** what was signed */
  readonly text: string;
}

/** Checkpoints opens checkpoints, wherever they come from, and knows which ones have to be among the log's. */
export class Checkpoints {
  readonly #findings: Findings;
  readonly #ledger: KnownLedger;
  readonly #verifiers: readonly VerifierKey[];
  /** by text; the number of the log's checkpoint that has it, once that is found */
  readonly #wanted = new Map<string, number | undefined>();
  /** how many were opened with a key */
  signatures = 0;
  /** keys that verified signatures, each as `name+id` */
  readonly signedBy = new Set<string>();

  /** something on the way couldn't be read, so that nobody knows what isn't there */
  isIncomplete = false;

  constructor({ findings, ledger }: Context, verifiers: readonly VerifierKey[]) {
    this.#findings = findings;
    this.#ledger = ledger;
    this.#verifiers = verifiers;
  }

  get hasKeys(): boolean {
    return this.#verifiers.length > 0;
  }

  /** open reads a checkpoint, and checks its signature if there are keys. One that is wrong is a finding. */
  open(object: string, note: Buffer | TooLarge): OpenedCheckpoint | undefined {
    if (note === 'too-large') {
      this.#findings.error('checkpoint-invalid', object, TOO_LARGE);
      return undefined;
    }
    try {
      const { text } = parseNote(note);
      const checkpoint = parseCheckpoint(text);
      this.#ledger.name ??= checkpoint.origin;
      if (checkpoint.origin !== this.#ledger.name) {
        const origin = JSON.stringify(checkpoint.origin).slice(0, 100);
        this.#findings.error('checkpoint-invalid', object, `it is of the log ${origin}`);
        return undefined;
      }
      if (this.hasKeys) {
        const { signatures } = openCheckpoint(note, checkpoint.origin, this.#verifiers);
        this.signatures += 1;
        for (const { keyName, keyId } of signatures) this.signedBy.add(`${keyName}+${keyId}`);
      }
      return { checkpoint, text };
    } catch (error) {
      this.#findings.error('checkpoint-invalid', object, faultIn(error, 'malformed', 'contradicted').message);
      return undefined;
    }
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

  /** seenAt gives the number of the log's checkpoint that has a wanted text. */
  seenAt(text: string): number | undefined {
    return this.#wanted.get(text);
  }
}
