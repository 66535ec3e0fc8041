import { decodeUtf8, toHex } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { parseNote } from '../note.ts';
import type { Note, SignatureLine } from '../note.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { KnownLedger } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Fit } from './checkpoints.ts';
import { Cosignatures } from './cosignatures.ts';
import type { CosignatureOutcome } from './cosignatures.ts';
import { parseBatch } from './entries.ts';
import { EntryCheck } from './entryCheck.ts';
import type { Findings } from './findings.ts';
import { TLOG } from './folder.ts';
import type { Folder } from './folder.ts';
import { batchName, checkpointName, parseBatchName, parseCheckpointName } from './names.ts';
import type { Anchor } from './reports.ts';
import { TileCheck } from './tiles.ts';
import type { Walk } from './walk.ts';

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
  /** who the signature lines of checkpoints name */
  readonly signers: readonly string[];
}

const PUBLISHED = `${TLOG}checkpoint`;

/** LogCheck follows the log of a ledger from batch to batch. docs/format.md, section 9. */
export class LogCheck {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #checkpoints: Checkpoints;
  readonly #cosignatures: Cosignatures;
  readonly entries: EntryCheck;
  readonly #tiles: TileCheck | undefined;
  readonly #anchor: Anchor | undefined;
  #next = 0;
  /** the last batch has no checkpoint */
  #isUnsigned = false;
  #head: LogOutcome['head'];
  #isAnchorFound = false;
  #published: Note | undefined;
  #publishedAt: number | undefined;

  constructor(
    folder: Folder,
    findings: Findings,
    ledger: KnownLedger,
    keys: readonly VerifierKey[],
    walkOf: (partition: string) => Walk,
    anchor: Anchor | undefined,
  ) {
    this.#folder = folder;
    this.#findings = findings;
    const own = keys.filter(({ type }) => type !== 'cosignature');
    this.#checkpoints = new Checkpoints(findings, ledger, own);
    this.#cosignatures = new Cosignatures(folder, findings, keys);
    this.entries = new EntryCheck(folder, findings, walkOf);
    this.#tiles = folder.under(TLOG).length > 0 ? new TileCheck(folder, findings) : undefined;
    this.#anchor = anchor;
  }

  /** follow checks the log, and gives false if there is none. */
  async follow(): Promise<boolean> {
    const published = await this.#folder.readSmall(PUBLISHED);
    this.#published = published && (await this.#checkpoints.open(PUBLISHED, published))?.note;
    for (const name of this.#folder.under('batches/')) {
      const number = parseBatchName(name);
      if (number !== undefined) await this.#add(number);
    }
    for (const name of this.#folder.under('checkpoints/')) {
      const number = parseCheckpointName(name) ?? -1;
      if (number >= this.#next && !this.#folder.has(batchName(number))) {
        this.#findings.say('checkpoint-inconsistent', name, 'there is no batch of its number');
      }
    }
    await this.#cosignatures.finish();
    this.#checkpoints.finish();
    this.entries.finish();
    await this.#finishTiles(published !== undefined);
    const known = this.#anchor?.report.log;
    if (known !== undefined && !this.#isAnchorFound) {
      const why = `${this.#anchor?.name} knew it with ${known.size} entries and the root ${known.root}`;
      this.#findings.say('checkpoint-inconsistent', checkpointName(known.number), why);
    }
    return this.#next > 0;
  }

  async #add(number: number): Promise<void> {
    const note = await this.#folder.readSmall(checkpointName(number));
    if (this.#isUnsigned) {
      const object = checkpointName(this.#next - 1);
      this.#findings.say('checkpoint-inconsistent', object, 'it is missing, and the log goes on');
    }
    this.#isUnsigned = note === undefined;
    if (number > this.#next) {
      const why = `no object has this name, and ${batchName(number)} is there`;
      this.#findings.say('checkpoint-inconsistent', batchName(this.#next), why);
      this.#breakOff();
    }
    this.#next = number + 1;
    const lines = await this.#readBatch(number);
    if (lines === undefined) this.#breakOff();
    const { tree, isBroken, isDoubted } = this.#checkpoints;
    if (lines !== undefined) this.#checkpoints.append(lines);
    const files = tree.takeFiles();
    const fit = await this.#compare(number, note);
    if (lines === undefined) return;
    await this.entries.add(number, lines, fit === 'fits');
    if (fit !== 'differs' && !isBroken && !isDoubted) {
      const isPublished = this.#published !== undefined && this.#publishedAt === number;
      await this.#tiles?.add(number, files, isPublished);
    }
    const known = this.#anchor?.report.log;
    const { size } = tree;
    if (number === known?.number) this.#isAnchorFound = known.size === size && known.root === this.#checkpoints.root;
    if (fit === 'fits') this.#head = { number, size, root: this.#checkpoints.root, time: this.entries.time };
  }

  async #readBatch(number: number): Promise<Uint8Array[] | undefined> {
    const bytes = await this.#folder.readSmall(batchName(number));
    try {
      return bytes && parseBatch(bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#findings.say('entry-mismatch', batchName(number), error.message);
      return undefined;
    }
  }

  #breakOff(): void {
    this.#checkpoints.breakOff();
    this.entries.lose();
  }

  async #compare(number: number, bytes: Uint8Array | undefined): Promise<Fit> {
    const opened = bytes && (await this.#checkpoints.open(checkpointName(number), bytes));
    const fit = opened === undefined ? 'unknown' : this.#checkpoints.compare(opened.checkpoint, number);
    const text = opened?.note.text;
    await this.#cosignatures.add(number, text, fit === 'fits');
    if (text !== undefined && text === this.#published?.text) this.#publishedAt = number;
    return fit;
  }

  async #finishTiles(isPublished: boolean): Promise<void> {
    if (this.#tiles === undefined || this.#head === undefined) return;
    // Tiles come after their checkpoint.
    await this.#tiles.finish(this.#isUnsigned ? this.#next - 1 : this.#next);
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
    const { checkpoints, signatures, signers } = this.#checkpoints;
    const { entries, compared } = this.entries;
    const tiles = this.#tiles?.compared ?? 0;
    return {
      batches: this.#next,
      entries,
      compared,
      checkpoints,
      signatures,
      tiles,
      head: this.#head,
      cosignatures: this.#cosignatures.outcome(),
      unsigned: this.#isUnsigned ? batchName(this.#next - 1) : undefined,
      signers: [...signers],
    };
  }
}

const printed = ({ keyName, keyId, signature }: SignatureLine): string => `${keyName} ${keyId} ${toHex(signature)}`;
