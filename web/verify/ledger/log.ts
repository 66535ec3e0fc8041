import { decodeUtf8, toHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { parseNote } from '../note.ts';
import type { Note, SignatureLine } from '../note.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { LogSoFar } from './batches.ts';
import type { Batch } from './batches.ts';
import { Checkpoints } from './checkpoints.ts';
import type { ClockCheck } from './clock.ts';
import { Cosignatures } from './cosignatures.ts';
import type { CosignatureOutcome } from './cosignatures.ts';
import { EntryCheck } from './entryCheck.ts';
import type { EntryParts } from './entryCheck.ts';
import type { Findings } from './findings.ts';
import { TLOG } from './folder.ts';
import type { Folder } from './folder.ts';
import { batchName, checkpointName, parseBatchName, parseCheckpointName } from './names.ts';
import type { Anchor } from './reports.ts';
import { TileCheck } from './tiles.ts';

/** LogOutcome is what was done about the log. */
export interface LogOutcome {
  readonly batches: number;
  readonly entries: number;
  /** entries that were compared with their objects */
  readonly compared: number;
  readonly checkpoints: number;
  readonly signatures: number;
  readonly tiles: number;
  /** the newest checkpoint that fits the batches up to it */
  readonly head:
    { readonly number: number; readonly size: number; readonly root: string; readonly time: string } | undefined;
  readonly cosignatures: CosignatureOutcome;
  /** the newest batch, if it has no checkpoint */
  readonly unsigned: string | undefined;
  /** verifier keys that the log itself has announced */
  readonly announced: readonly string[];
  /** keys that verified signatures of checkpoints */
  readonly signedBy: readonly string[];
  /** who the signature lines of checkpoints name */
  readonly signers: readonly string[];
}

const PUBLISHED = `${TLOG}checkpoint`;

/** LogParts is what a check of the log works with. */
export interface LogParts extends EntryParts {
  readonly clock: ClockCheck;
  /** those that were given, and those that the log has announced, if one was given */
  readonly keys: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly anchor: Anchor | undefined;
}

/** LogCheck follows the log of a ledger from batch to batch. docs/format.md, section 9. */
export class LogCheck {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #clock: ClockCheck;
  readonly #log: LogSoFar;
  readonly #checkpoints: Checkpoints;
  readonly #cosignatures: Cosignatures;
  readonly entries: EntryCheck;
  readonly #tiles: TileCheck | undefined;
  readonly #anchor: Anchor | undefined;
  /** numbers of the batches that are in the log */
  readonly #numbers = new Set<number>();
  #next = 0;
  /** number of the batch that can't be read: nothing is known of the log from there on */
  #end = Infinity;
  /** the last batch has no checkpoint */
  #isUnsigned = false;
  #head: LogOutcome['head'];
  #isAnchorFound = false;
  #published: Note | undefined;
  #publishedAt: number | undefined;

  constructor(parts: LogParts) {
    const { folder, findings, clock, trust, keys, witnesses, anchor } = parts;
    this.#folder = folder;
    this.#findings = findings;
    this.#clock = clock;
    this.#log = new LogSoFar(trust);
    this.#checkpoints = new Checkpoints(findings, trust, keys);
    this.#cosignatures = new Cosignatures(folder, findings, clock, witnesses);
    this.entries = new EntryCheck(parts);
    this.#tiles = folder.under(TLOG).length > 0 ? new TileCheck(folder, findings) : undefined;
    this.#anchor = anchor;
  }

  /** follow checks the log, and gives false if there is none. */
  async follow(): Promise<boolean> {
    const published = await this.#folder.readSmall(PUBLISHED);
    this.#published = published && (await this.#checkpoints.open(PUBLISHED, published))?.note;
    for (const name of this.#folder.under('batches/')) {
      const number = parseBatchName(name);
      if (number !== undefined && number < this.#end) await this.#add(number);
    }
    for (const name of this.#folder.under('checkpoints/')) {
      const number = parseCheckpointName(name);
      if (number !== undefined && number < this.#end && !this.#numbers.has(number))
        this.#findings.say('checkpoint-inconsistent', name, 'no batch of the log has its number');
    }
    await this.#cosignatures.finish();
    this.#checkpoints.finish();
    this.entries.finish();
    await this.#finishTiles(published !== undefined);
    const known = this.#anchor?.report.log;
    if (known !== undefined && !this.#isAnchorFound && known.number < this.#end) {
      const why = `${this.#anchor?.name} knew it with ${known.size} entries and the root ${known.root}`;
      this.#findings.say('checkpoint-inconsistent', checkpointName(known.number), why);
    }
    return this.#numbers.size > 0;
  }

  async #add(number: number): Promise<void> {
    if (number > this.#next) {
      const why = `no object has this name, and ${batchName(number)} is there`;
      this.#findings.say('checkpoint-inconsistent', batchName(this.#next), why);
    }
    this.#next = number + 1;
    const batch = await this.#take(number);
    if (batch === undefined) return;
    const note = await this.#folder.readSmall(checkpointName(number));
    if (this.#isUnsigned) {
      const object = checkpointName(Math.max(...this.#numbers));
      this.#findings.say('checkpoint-inconsistent', object, 'it is missing, and the log goes on');
    }
    this.#isUnsigned = note === undefined && !this.#folder.has(checkpointName(number));
    this.#numbers.add(number);
    this.#clock.date('batch', batchName(number), batch.heads.time);
    await this.#compare(number, batch, note);
  }

  /** take gives the batch of a number, if it is in the log, and says why if it isn't. */
  async #take(number: number): Promise<Batch | undefined> {
    const bytes = await this.#folder.read(batchName(number));
    if (bytes === undefined) {
      this.#end = number;
      return undefined;
    }
    try {
      if (bytes === 'oversize') throw new Fault('FOREIGN_OBJECT', 'it has more than 192 MiB');
      return await this.#log.take(number, bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#findings.say('foreign-object', batchName(number), `it is no batch of the log: ${error.message}`);
      return undefined;
    }
  }

  /** compare compares a batch with its checkpoint, and with what its entries are of. */
  async #compare(number: number, batch: Batch, note: Bytes | undefined): Promise<void> {
    const { tree } = this.#log;
    const { time } = batch.heads;
    const files = tree.takeFiles();
    const opened = note && (await this.#checkpoints.open(checkpointName(number), note));
    const fit = opened === undefined ? 'unknown' : this.#checkpoints.compare(opened.checkpoint, number, tree);
    const text = opened?.note.text;
    await this.#cosignatures.add(number, text, fit === 'fits' ? time : undefined);
    const isPublished = text !== undefined && text === this.#published?.text;
    if (isPublished) this.#publishedAt = number;
    await this.entries.add(number, batch, fit === 'fits');
    if (fit !== 'differs') await this.#tiles?.add(number, files, isPublished);
    const { size } = tree;
    const root = toHex(tree.root());
    const known = this.#anchor?.report.log;
    if (number === known?.number) this.#isAnchorFound = known.size === size && known.root === root;
    if (fit === 'fits') this.#head = { number, size, root, time };
  }

  async #finishTiles(isPublished: boolean): Promise<void> {
    if (this.#tiles === undefined || this.#head === undefined || this.#end < Infinity) return;
    // Tiles come after their checkpoint.
    await this.#tiles.finish(this.#isUnsigned ? this.#log.last.number : this.#next);
    const { number } = this.#head;
    if (!isPublished) this.#findings.say('checkpoint-stale', PUBLISHED, 'it is missing');
    else if (this.#published === undefined) return;
    else if (this.#publishedAt === undefined) {
      const why = 'the log has no checkpoint of this text: its history was cut off, or this is another one';
      this.#findings.say('checkpoint-inconsistent', PUBLISHED, why);
    } else {
      await this.#comparePublished(this.#published, this.#publishedAt);
      if (this.#publishedAt === number) return;
      const why = `it is ${checkpointName(this.#publishedAt)}, and the newest is ${checkpointName(number)}`;
      if (this.#publishedAt < number) this.#findings.say('checkpoint-stale', PUBLISHED, why);
    }
  }

  /** comparePublished looks for signatures that the published checkpoint has, and no object has. */
  async #comparePublished({ signatures }: Note, number: number): Promise<void> {
    const bytes = await this.#folder.readSmall(checkpointName(number));
    if (bytes === undefined) return;
    const own = parseNote(decodeUtf8(bytes) ?? '').signatures;
    const stored = [...own, ...(await this.#cosignatures.storedBeside(number))].map(printed);
    const strays = signatures.filter((line) => !stored.includes(printed(line))).length;
    if (strays === 0) return;
    const why = `it has ${strays} signatures that ${checkpointName(number)} and its cosignatures have not`;
    this.#findings.say('checkpoint-invalid', PUBLISHED, why);
  }

  outcome(): LogOutcome {
    const { checkpoints, signatures, signers, signedBy } = this.#checkpoints;
    const { entries, compared } = this.entries;
    return {
      batches: this.#numbers.size,
      entries,
      compared,
      checkpoints,
      signatures,
      tiles: this.#tiles?.compared ?? 0,
      head: this.#head,
      cosignatures: this.#cosignatures.outcome(),
      unsigned: this.#isUnsigned ? batchName(this.#log.last.number) : undefined,
      announced: this.#log.last.keys.map(({ text }) => text),
      signedBy: [...signedBy],
      signers: [...signers],
    };
  }
}

const printed = ({ keyName, keyId, signature }: SignatureLine): string => `${keyName} ${keyId} ${toHex(signature)}`;
