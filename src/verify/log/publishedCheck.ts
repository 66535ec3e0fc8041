import { attempt, faultIn } from '../../core/errors.ts';
import { parseNote } from '../../core/note/note.ts';
import { formatSignatureLine } from '../../core/note/signatureLine.ts';
import { NEWEST_CHECKPOINT, TLOG, checkpointName, cosignatureName } from '../../core/objects/names.ts';
import { storedCosignatures } from '../../ledger/cosignatures.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import type { Checkpoints } from './checkpoints.ts';

const OBJECT = `${TLOG}${NEWEST_CHECKPOINT}`;

/** PublishedCheck holds the checkpoint that is published among the tiles against those of the ledger. */
export class PublishedCheck {
  readonly #context: Context;
  readonly #checkpoints: Checkpoints;
  readonly #note: Buffer | undefined;
  readonly #isThere: boolean;
  /** undefined if there is none, or it isn't one of this log */
  readonly text: string | undefined;

  private constructor(
    context: Context,
    checkpoints: Checkpoints,
    isThere: boolean,
    note: Buffer | undefined,
    text?: string,
  ) {
    this.#context = context;
    this.#checkpoints = checkpoints;
    this.#isThere = isThere;
    this.#note = note;
    this.text = text;
  }

  /** begin reads what is published. It must come first, so that this can't be newer than the batches that are listed. */
  static async begin(context: Context, checkpoints: Checkpoints): Promise<PublishedCheck> {
    const { tiles } = context;
    const note = tiles && (await readFor(context, tiles, NEWEST_CHECKPOINT, OBJECT));
    if (note === undefined) return new PublishedCheck(context, checkpoints, false, undefined);
    if (note === 'unreadable') return new PublishedCheck(context, checkpoints, true, undefined);
    const opened = checkpoints.open(OBJECT, note);
    if (opened !== undefined) checkpoints.want(opened);
    return new PublishedCheck(context, checkpoints, true, note === 'too-large' ? undefined : note, opened?.text);
  }

  /**
   * finish compares it with the newest checkpoint, of that number, that fits the batches. Until the log `isSettled`, the
   * newest checkpoint may not be published yet.
   */
  async finish(newest: number, isSettled: boolean): Promise<void> {
    const { findings } = this.#context;
    if (!this.#isThere && (isSettled || newest > 0)) findings.error('checkpoint-stale', OBJECT, 'it is missing');
    if (this.text === undefined || this.#note === undefined) return;
    const number = this.#checkpoints.seenAt(this.text)?.number;
    if (number === undefined) {
      const why = 'the log has no checkpoint of this text: its history was cut off, or this is another one';
      findings.error('checkpoint-inconsistent', OBJECT, why);
      return;
    }
    await this.#compareSignatures(this.#note, number);
    if (number < newest && (isSettled || number < newest - 1)) {
      const why = `it is the same as ${checkpointName(number)}, and ${checkpointName(newest)} is newer`;
      findings.error('checkpoint-stale', OBJECT, why);
    }
  }

  /** compareSignatures looks for signatures that it has, and the ledger has not. */
  async #compareSignatures(published: Buffer, number: number): Promise<void> {
    const { store, findings } = this.#context;
    const note = await readFor(this.#context, store, checkpointName(number));
    const own = typeof note === 'object' ? attempt(() => signaturesOf(note), 'malformed') : undefined;
    if (own === undefined) return;
    const others = signaturesOf(published).filter((line) => !own.includes(line));
    const stored = others.length === 0 ? [] : await this.#stored(number);
    const strays = stored && others.filter((line) => !stored.includes(line));
    if (strays === undefined || strays.length === 0) return;
    const why = `${strays.length} of its signatures stand neither in ${checkpointName(number)} nor in its cosignatures`;
    findings.error('checkpoint-invalid', OBJECT, why);
  }

  async #stored(number: number): Promise<readonly string[] | undefined> {
    const { store, tally } = this.#context;
    try {
      return (await storedCosignatures(store, number)).map(formatSignatureLine);
    } catch (error) {
      tally.addUnreadable(cosignatureName(number, ''), faultIn(error).message);
      return undefined;
    }
  }
}

const signaturesOf = (note: Buffer): readonly string[] => parseNote(note).signatures.map(formatSignatureLine);
