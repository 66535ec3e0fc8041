import { faultIn } from '../../core/errors.ts';
import { openCheckpoint, parseCheckpoint } from '../../core/note/checkpoint.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { TOO_LARGE } from '../../ports/store.ts';
import type { TooLarge } from '../../ports/store.ts';
import type { Context, KnownLedger } from '../context.ts';
import type { Findings } from '../findings.ts';
import type { Fit } from './treeCheck.ts';

/** OpenedCheckpoint is a checkpoint of the ledger; if there are keys, one of them signed it. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** what was signed */
  readonly text: string;
  /** the bytes that were opened */
  readonly note: Buffer;
}

/** Seen is where a wanted checkpoint stands in the log, and how it fits the batches up to it. */
export interface Seen {
  readonly number: number;
  readonly fit: Fit;
}

/** Checkpoints opens checkpoints, wherever they come from, and knows which ones have to be among the log's. */
export class Checkpoints {
  readonly #findings: Findings;
  readonly #ledger: KnownLedger;
  readonly #verifiers: readonly VerifierKey[];
  /** by text */
  readonly #wanted = new Map<string, { readonly opened: OpenedCheckpoint; seen?: Seen }>();
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
      return { checkpoint, text, note };
    } catch (error) {
      this.#findings.error('checkpoint-invalid', object, faultIn(error, 'malformed', 'contradicted').message);
      return undefined;
    }
  }

  /** want asks for a checkpoint that was seen elsewhere. */
  want(opened: OpenedCheckpoint): void {
    if (!this.#wanted.has(opened.text)) this.#wanted.set(opened.text, { opened });
  }

  /** wanted gives those that were asked for. */
  get wanted(): readonly OpenedCheckpoint[] {
    return [...this.#wanted.values()].map(({ opened }) => opened);
  }

  /** markSeen says that the log's checkpoint of that number has this text. */
  markSeen(text: string, number: number, fit: Fit): void {
    const wanted = this.#wanted.get(text);
    // One that fits is enough: another object of the same text is found by itself.
    if (wanted !== undefined && wanted.seen?.fit !== 'fits') wanted.seen = { number, fit };
  }

  /** seenAt gives the log's checkpoint that has a wanted text. */
  seenAt(text: string): Seen | undefined {
    return this.#wanted.get(text)?.seen;
  }
}
