import { attempt, faultIn } from '../../core/errors.ts';
import type { TreeHead } from '../../core/merkle/tree.ts';
import { parseCheckpoint } from '../../core/note/checkpoint.ts';
import { parseNote } from '../../core/note/note.ts';
import { formatSignatureLine } from '../../core/note/signatureLine.ts';
import { NEWEST_CHECKPOINT, TLOG, checkpointName, cosignaturePrefix } from '../../core/objects/names.ts';
import { storedCosignatures } from '../../ledger/cosignatures.ts';
import { hasGrownFrom } from '../../ledger/treeProof.ts';
import { readFor } from '../context.ts';
import type { Context, Read } from '../context.ts';
import { EARLIER } from './checkpoints.ts';
import type { Checkpoints, VouchedCheckpoint } from './checkpoints.ts';

const OBJECT = `${TLOG}${NEWEST_CHECKPOINT}`;

/** PublishedCheck holds the checkpoint that is published among the tiles against those of the ledger. */
export class PublishedCheck {
  readonly #context: Context;
  readonly #checkpoints: Checkpoints;
  readonly #note: Read;
  /** what its note says that it signs; undefined if it is no note. Nothing is verified before it is opened. */
  readonly text: string | undefined;

  private constructor(context: Context, checkpoints: Checkpoints, note: Read) {
    this.#context = context;
    this.#checkpoints = checkpoints;
    this.#note = note;
    this.text = typeof note === 'object' ? attempt(() => parseNote(note).text, 'malformed') : undefined;
    const { text } = this;
    const checkpoint = text === undefined ? undefined : attempt(() => parseCheckpoint(text), 'malformed');
    if (text !== undefined && checkpoint !== undefined) checkpoints.want({ checkpoint, text });
  }

  /** begin reads what is published. It must come first, so that this can't be newer than the batches that are listed. */
  static async begin(context: Context, checkpoints: Checkpoints): Promise<PublishedCheck> {
    const { tiles } = context;
    return new PublishedCheck(
      context,
      checkpoints,
      tiles && (await readFor(context, tiles, NEWEST_CHECKPOINT, OBJECT)),
    );
  }

  /** open checks its signatures, once it is known which keys count. */
  open(): VouchedCheckpoint | undefined {
    const note = this.#note;
    return note === undefined || note === 'unreadable' ? undefined : this.#checkpoints.open(OBJECT, note);
  }

  /**
   * finish compares it with the checkpoints that fit the batches, up to the newest, of the tree `head`. One from number `due` on may be
   * published: until the log is settled, the newest may not be yet.
   */
  async finish(opened: VouchedCheckpoint | undefined, due: number, head: TreeHead): Promise<void> {
    const { findings } = this.#context;
    if (this.#note === undefined && due >= 0) findings.error('checkpoint-stale', OBJECT, 'it is missing');
    if (opened === undefined) return;
    const seen = this.#checkpoints.seenAt(opened.text);
    if (seen === undefined && this.#checkpoints.isIncomplete) return;
    if (seen === undefined || seen.fit === 'differs') {
      const why = 'the log has no checkpoint of this text: its history was cut off, or this is another one';
      findings.error('checkpoint-inconsistent', OBJECT, why);
      return;
    }
    const { number } = seen;
    if (number !== EARLIER) await this.#compareSignatures(opened.note, number);
    if (number >= due || (await this.#hasMoved(due, head))) return;
    const which = number === EARLIER ? `of ${opened.checkpoint.size} entries` : `the same as ${checkpointName(number)}`;
    findings.error('checkpoint-stale', OBJECT, `it is ${which}, and newer ones are signed`);
  }

  /** hasMoved tells whether by now one is published that may be: a log in use grows while it is checked. */
  async #hasMoved(due: number, head: TreeHead): Promise<boolean> {
    const { tiles } = this.#context;
    const note = tiles && (await readFor(this.#context, tiles, NEWEST_CHECKPOINT, OBJECT));
    if (tiles === undefined || typeof note !== 'object' || (typeof this.#note === 'object' && note.equals(this.#note)))
      return false;
    const opened = this.#checkpoints.open(OBJECT, note);
    const seen = opened && this.#checkpoints.seenAt(opened.text);
    if (seen !== undefined) return seen.fit === 'fits' && seen.number >= due;
    if (opened === undefined || opened.checkpoint.size < head.size) return false;
    try {
      return await hasGrownFrom(tiles, head, opened.checkpoint);
    } catch (error) {
      faultIn(error, 'malformed');
      return false;
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
      tally.addUnreadable(cosignaturePrefix(number), faultIn(error).message);
      return undefined;
    }
  }
}

const signaturesOf = (note: Buffer): readonly string[] => parseNote(note).signatures.map(formatSignatureLine);
