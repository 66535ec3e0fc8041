import { decodeUtf8, toHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
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
import { followBatches } from './followBatches.ts';
import type { FollowedBatch } from './followBatches.ts';
import { TLOG } from './folder.ts';
import { batchName, checkpointName, parseCheckpointName } from './names.ts';
import type { Anchor } from './reports.ts';
import { TileCheck } from './tiles.ts';
import type { Operator } from './operators.ts';

/** LogOutcome is what was done about the log. */
export interface LogOutcome {
  readonly batches: number;
  readonly entries: number;
  /** entries that were compared with their objects */
  readonly compared: number;
  readonly checkpoints: number;
  /** checkpoints that were not compared, and batches that were not judged, because batches before them are lost */
  readonly uncompared: number;
  readonly unjudged: number;
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
}

const PUBLISHED = `${TLOG}checkpoint`;

/** LogParts is what a check of the log works with. */
export interface LogParts extends EntryParts {
  readonly clock: ClockCheck;
  /** the log's keys that were given; undefined if none were */
  readonly given: readonly VerifierKey[] | undefined;
  /** all keys that the log announces */
  readonly announced: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly anchor: Anchor | undefined;
}

/** LogCheck follows the log of a ledger from batch to batch. docs/format.md, section 9. */
export class LogCheck {
  readonly #parts: LogParts;
  readonly #log: LogSoFar;
  readonly #checkpoints: Checkpoints;
  readonly #cosignatures: Cosignatures;
  readonly entries: EntryCheck;
  readonly #tiles: TileCheck | undefined;
  #batches = 0;
  /** number of the newest batch */
  #newest = -1;
  /** something can't be read, so that nobody knows what isn't there */
  #isIncomplete = false;
  /** what has the name of a batch behind the last can't be read, and may be in the log */
  isEndUnknown = false;
  #unjudged = 0;
  /** the last batch has no checkpoint */
  #isUnsigned = false;
  #head: LogOutcome['head'];
  #isAnchorFound = false;
  #published: Note | undefined;
  #publishedAt: number | undefined;

  constructor(parts: LogParts) {
    const { folder, findings, clock, trust, given, witnesses } = parts;
    this.#parts = parts;
    this.#log = new LogSoFar(trust, given);
    this.#checkpoints = new Checkpoints(findings, trust, given);
    this.#cosignatures = new Cosignatures(folder, findings, clock, witnesses);
    this.entries = new EntryCheck(parts);
    this.#tiles = folder.under(TLOG).length > 0 ? new TileCheck(folder, findings) : undefined;
  }

  /** follow checks the log, and gives false if there is none. */
  async follow(): Promise<boolean> {
    const { folder, findings, announced, anchor } = this.#parts;
    const published = await folder.readSmall(PUBLISHED);
    this.#published = published && (await this.#checkpoints.open(PUBLISHED, published, announced))?.note;
    for await (const batch of followBatches(folder, this.#log)) await this.#add(batch);
    for (const name of folder.under('checkpoints/')) {
      const number = parseCheckpointName(name) ?? -1;
      if (number > this.#log.last.number && !folder.has(batchName(number)))
        findings.say('checkpoint-inconsistent', name, 'there is no batch of its number');
    }
    await this.#cosignatures.finish();
    this.#checkpoints.finish();
    this.entries.finish();
    await this.#finishTiles(published !== undefined);
    const known = anchor?.report.log;
    if (known !== undefined && !this.#isAnchorFound && !this.#isIncomplete) {
      const why = `${anchor?.name} knew it with ${known.size} entries and the root ${known.root}`;
      findings.say('checkpoint-inconsistent', checkpointName(known.number), why);
    }
    return this.#batches > 0;
  }

  async #add({ number, batch, holes, isBehindLoss }: FollowedBatch): Promise<void> {
    const { folder, findings, clock } = this.#parts;
    const note = await folder.readSmall(checkpointName(number));
    if (batch === undefined || (note === undefined && folder.has(checkpointName(number)))) this.#isIncomplete = true;
    if (batch === undefined || batch === 'unjudged') {
      this.isEndUnknown = true;
      if (batch === 'unjudged') this.#unjudged += 1;
      return this.#checkUncompared(number, note);
    }
    if ('why' in batch) {
      const why = `it has the name of a batch and is not in the log: ${batch.why}`;
      findings.say('foreign-object', batchName(number), why);
      return this.#checkStray(number, note);
    }
    this.isEndUnknown = false;
    if (this.#isUnsigned)
      findings.say('checkpoint-inconsistent', checkpointName(this.#newest), 'it is missing, and the log goes on');
    const why = `no object has this name, and ${batchName(number)} is there`;
    for (const hole of holes) findings.say('checkpoint-inconsistent', batchName(hole), why);
    if (isBehindLoss) {
      this.#checkpoints.finish();
      this.entries.lose(batch.heads.keys);
    }
    this.#newest = number;
    this.#batches += 1;
    this.#isUnsigned = !folder.has(checkpointName(number));
    clock.date('batch', batchName(number), batch.heads.time);
    await this.#compare(number, batch, note);
  }

  /** checkUncompared looks at a checkpoint of whose batch nobody knows whether it is in the log. */
  async #checkUncompared(number: number, note: Bytes | undefined): Promise<void> {
    if (note === undefined) return;
    const opened = await this.#checkpoints.openUncompared(checkpointName(number), note, this.#log.last.keys);
    const text = opened?.note.text;
    if (text !== undefined && text === this.#published?.text) this.#publishedAt ??= number;
    await this.#cosignatures.add(number, text, undefined);
  }

  /** checkStray says what is wrong with a checkpoint whose batch isn't in the log. */
  async #checkStray(number: number, note: Bytes | undefined): Promise<void> {
    if (note === undefined) return;
    const object = checkpointName(number);
    const opened = await this.#checkpoints.open(object, note, this.#log.last.keys);
    if (opened !== undefined)
      this.#parts.findings.say('checkpoint-inconsistent', object, 'no batch of the log has its number');
    await this.#cosignatures.add(number, undefined, undefined);
  }

  /** compare compares a batch with its checkpoint, and with what its entries are of. */
  async #compare(number: number, batch: Batch, note: Bytes | undefined): Promise<void> {
    const { tree } = this.#log;
    const isLost = this.#log.losses > 0;
    const { time, keys } = batch.heads;
    const files = isLost ? [] : tree.takeFiles();
    const opened = note && (await this.#checkpoints.open(checkpointName(number), note, keys));
    const fit = opened === undefined ? 'unknown' : this.#checkpoints.compare(opened.checkpoint, number, this.#log);
    const text = opened?.note.text;
    const isPublished = text !== undefined && text === this.#published?.text && fit !== 'differs';
    if (isPublished) this.#publishedAt = number;
    await this.entries.add(number, batch);
    if (fit !== 'differs') await this.#tiles?.add(number, files, isPublished);
    const { size } = tree;
    const root = toHex(tree.root());
    const known = this.#parts.anchor?.report.log;
    if (number === known?.number) this.#isAnchorFound = !isLost && known.size === size && known.root === root;
    if (fit === 'fits') this.#head = { number, size, root, time };
    if (note !== undefined) await this.#cosignatures.add(number, text, fit === 'fits' ? time : undefined);
  }

  async #finishTiles(isPublished: boolean): Promise<void> {
    if (this.#tiles === undefined || this.#head === undefined) return;
    // Tiles come after their checkpoint.
    await this.#tiles.finish(this.#isUnsigned ? this.#log.last.number : this.#log.last.number + 1);
    const { number } = this.#head;
    if (!isPublished) this.#parts.findings.say('checkpoint-stale', PUBLISHED, 'it is missing');
    else if (this.#published === undefined) return;
    else if (this.#publishedAt === undefined) {
      if (this.#isIncomplete) return;
      const why = 'the log has no checkpoint of this text: its history was cut off, or this is another one';
      this.#parts.findings.say('checkpoint-inconsistent', PUBLISHED, why);
    } else {
      await this.#comparePublished(this.#published, this.#publishedAt);
      if (this.#publishedAt === number) return;
      const why = `it is ${checkpointName(this.#publishedAt)}, and the newest is ${checkpointName(number)}`;
      if (this.#publishedAt < number) this.#parts.findings.say('checkpoint-stale', PUBLISHED, why);
    }
  }

  /** comparePublished looks for signatures that the published checkpoint has, and no object has. */
  async #comparePublished({ signatures }: Note, number: number): Promise<void> {
    const bytes = await this.#parts.folder.readSmall(checkpointName(number));
    if (bytes === undefined) return;
    const own = parseNote(decodeUtf8(bytes) ?? '').signatures;
    const stored = [...own, ...(await this.#cosignatures.storedBeside(number))].map(printed);
    const strays = signatures.filter((line) => !stored.includes(printed(line))).length;
    if (strays === 0) return;
    const why = `it has ${strays} signatures that ${checkpointName(number)} and its cosignatures have not`;
    this.#parts.findings.say('checkpoint-invalid', PUBLISHED, why);
  }

  /** claimed gives the keys that a log announces which no given key began, if there is none that one did. */
  /** operators is the operators whose keys the log has registered; none where entries are lost. */
  get operators(): readonly Operator[] {
    return this.#log.losses === 0 ? this.#log.last.operators : [];
  }

  get claimed(): readonly VerifierKey[] | undefined {
    return this.#batches === 0 ? this.#log.claimed : undefined;
  }

  /** lacksReport tells whether the log is past a report that it has no entry of; never where entries are lost. */
  lacksReport = (number: number): boolean =>
    this.#log.losses === 0 && !this.#isIncomplete && this.entries.lacksReport(number);

  /** signers is who the signature lines of checkpoints name, whoever made them. */
  get signers(): readonly string[] {
    return [...this.#checkpoints.signers];
  }

  outcome(): LogOutcome {
    const { checkpoints, uncompared, signatures, signedBy } = this.#checkpoints;
    const { entries, compared } = this.entries;
    return {
      batches: this.#batches,
      entries,
      compared,
      checkpoints,
      signatures,
      tiles: this.#tiles?.compared ?? 0,
      head: this.#head,
      cosignatures: this.#cosignatures.outcome(),
      uncompared,
      unjudged: this.#unjudged,
      unsigned: this.#isUnsigned ? batchName(this.#log.last.number) : undefined,
      announced: this.#log.last.keys.map(({ text }) => text),
      signedBy: [...signedBy],
    };
  }
}

const printed = ({ keyName, keyId, signature }: SignatureLine): string => `${keyName} ${keyId} ${toHex(signature)}`;
