import { attempt, faultIn } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import { documentEntry } from '../../core/objects/document.ts';
import { formatEntry, nameIn, parseEntry, placeOf } from '../../core/objects/entry.ts';
import type { LogEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { isHeadsLine } from '../../core/objects/heads.ts';
import { segmentEntryOf } from '../../core/objects/judge.ts';
import { batchName, documentName, parseDocumentName, segmentName } from '../../core/objects/names.ts';
import type { DocumentPlace, SegmentPlace } from '../../core/objects/names.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import type { WalkedObject } from '../chain/walk.ts';
import { TOO_LARGE } from '../../ports/store.ts';
import { readFor } from '../context.ts';
import type { Context } from '../context.ts';
import type { PositionCheck } from './positionCheck.ts';

/** ObjectAt gives the object in a place, checked in its chain; undefined behind the last, 'hole' before others. */
export type ObjectAt = (partition: string, index: number) => Promise<WalkedObject | 'hole' | undefined>;

/** InBatch is an entry where it stands, and how to say what is wrong with it. */
interface InBatch {
  readonly entry: LogEntry;
  readonly line: Buffer;
  /** say reports a fault of the batch */
  readonly say: (detail: string) => void;
  /**
   * differ reports that an object is not what the entry says. If no checkpoint vouches for the entry, it is a fault of the
   * batch, not of the object.
   */
  readonly differ: (code: FindingCode, object: string, detail: string) => void;
  readonly isSigned: boolean;
}

/** EntryCheck compares the entries of the log with the objects that they are of, and with the order that they must have. */
export class EntryCheck {
  readonly #context: Context;
  readonly #objectAt: ObjectAt;
  readonly #position: PositionCheck;
  /** entries of objects that are gone, by partition */
  readonly #gone = new Map<string, { readonly name: string; count: number }>();
  entries = 0;
  compared = 0;

  constructor(context: Context, objectAt: ObjectAt, position: PositionCheck) {
    this.#context = context;
    this.#objectAt = objectAt;
    this.#position = position;
  }

  /** add compares the entries of a batch; `isSigned` says that a checkpoint fits them. */
  async add(number: number, lines: readonly Buffer[], isSigned: boolean): Promise<void> {
    const { findings } = this.#context;
    const batch = batchName(number);
    for (const [i, line] of lines.entries()) {
      this.entries += 1;
      if (isHeadsLine(line)) continue;
      const say = (detail: string): void => findings.error('entry-mismatch', batch, `entry ${i} ${detail}`);
      const differ = (code: FindingCode, object: string, detail: string): void =>
        isSigned
          ? findings.error(code, object, `${detail} (entry ${i} of ${batch})`)
          : say(`differs from ${object}: ${detail}`);
      const entry = entryOf(line, say);
      if (entry !== undefined) await this.#check({ entry, line, say, differ, isSigned });
    }
    const fault = this.#position.takeHeads(lines);
    if (fault !== undefined) findings.error('entry-mismatch', batch, fault);
  }

  async #check(it: InBatch): Promise<void> {
    const place = placeOf(it.entry);
    const name = nameIn(it.entry);
    const document = parseDocumentName(name ?? '');
    if (place !== undefined) await this.#checkPlace(it, place);
    else if (name === undefined)
      return; // of a type that this version doesn't know
    else if (document !== undefined) await this.#checkDocument(it, document);
    else it.say('is of an object that has no entry');
  }

  async #checkPlace(it: InBatch, place: SegmentPlace): Promise<void> {
    const { partition, index } = place;
    const fault = this.#position.placeFault(place);
    if (fault !== undefined) it.say(fault);
    const found = await this.#objectAt(partition, index);
    const object = typeof found === 'object' ? found : undefined;
    const isBehind = index >= this.#position.next(partition);
    this.#position.takePlace(place, it.entry, object);
    // A hole between other objects is found by the chain, and what is behind the last one, here.
    if (found === undefined && isBehind) this.#sayGone(it, place);
    // The walk is past that index, or the object can't be read.
    if (object?.summary === undefined) return;
    this.compared += 1;
    comparePlace(it, segmentName(partition, index), object);
  }

  #sayGone({ isSigned, differ }: InBatch, { partition, index }: SegmentPlace): void {
    const name = segmentName(partition, index);
    if (!isSigned) return differ('segment-missing', name, 'no object has this name');
    const gone = this.#gone.get(partition);
    if (gone === undefined) this.#gone.set(partition, { name, count: 1 });
    else gone.count += 1;
  }

  /** checkDocument compares a report or an action with its entry. */
  async #checkDocument(it: InBatch, place: DocumentPlace): Promise<void> {
    const { type, number } = place;
    const { store } = this.#context;
    const outOfOrder = this.#position.takeDocument(place);
    if (outOfOrder !== undefined) it.say(outOfOrder);
    const name = documentName(type, number);
    const bytes = await readFor(this.#context, store, name);
    if (bytes === 'unreadable') return;
    if (bytes === undefined)
      return it.differ('entry-mismatch', name, 'it has an entry in the log, and no object has this name any more');
    this.compared += 1;
    const fault =
      bytes === 'too-large' ? await this.#tooLargeFault(it, name) : documentFault(it, place, bytes, this.#context);
    if (fault !== undefined) it.differ('entry-mismatch', name, fault);
  }

  /** tooLargeFault compares an object too large to be read with an entry: one that was so already has a size alone. */
  async #tooLargeFault({ entry }: InBatch, name: string): Promise<string | undefined> {
    if (entry.type !== 'foreign' || entry.sha256 !== undefined) return TOO_LARGE;
    for await (const object of this.#context.store.list(name)) {
      if (object.name === name && object.size !== entry.size)
        return `its entry in the log states ${entry.size} bytes, and it has ${object.size}`;
    }
    return undefined;
  }

  /** finish says which entries have no object any more. */
  finish(): void {
    for (const { name, count } of this.#gone.values()) {
      const others = count === 1 ? '' : `, and of the ${count - 1} after it`;
      const detail = `no object has this name, and it has an entry in the log${others}`;
      this.#context.findings.error('segment-missing', name, detail);
    }
  }
}

function entryOf(line: Buffer, say: InBatch['say']): LogEntry | undefined {
  try {
    return parseEntry(line);
  } catch (error) {
    say(`is malformed: ${faultIn(error, 'malformed').message}`);
    return undefined;
  }
}

const sha256In = (entry: LogEntry): Hash | undefined => ('sha256' in entry ? entry.sha256 : undefined);

/** documentFault says what is wrong with an entry's document, or gives undefined. */
function documentFault(
  { entry, line }: InBatch,
  place: DocumentPlace,
  bytes: Buffer,
  { auditors }: Pick<Context, 'auditors'>,
): string | undefined {
  if (sha256In(entry) !== sha256(bytes)) return 'its bytes have another SHA-256 than its entry in the log';
  const own = attempt(() => formatEntry(documentEntry(place, bytes, auditors)), 'malformed');
  if (entry.type === 'foreign')
    return (
      own && `its entry in the log calls it foreign, and it is ${place.type === 'action' ? 'an action' : 'a report'}`
    );
  if (own === undefined)
    return `the log has it as ${entry.type === 'action' ? 'an action' : 'a report'}, and its bytes are not one`;
  return own.equals(line) ? undefined : 'its entry in the log says something else of it than its own bytes';
}

function comparePlace(it: InBatch, name: string, object: WalkedObject): void {
  const { entry } = it;
  if (entry.type === 'segment') compareSegment(it, entry, name, object);
  else if (entry.type !== 'foreign') return;
  else if (object.summary?.sha256 !== entry.sha256 || isOfOtherSize(object, entry.size))
    it.differ('segment-changed', name, 'its stored bytes have another SHA-256 or size than its entry in the log');
  else if (object.isOfChain) it.say(`calls ${name} foreign, and it continues its chain`);
}

/** A quick check knows no size of what is too large. */
const isOfOtherSize = ({ summary, size }: WalkedObject, stated: number): boolean =>
  size !== stated && !(summary?.ok === undefined && summary?.sha256 === undefined);

function compareSegment({ line, differ }: InBatch, entry: SegmentEntry, name: string, object: WalkedObject): void {
  const { summary, size } = object;
  if (summary === undefined) return;
  if (summary.sha256 !== entry.sha256)
    differ('segment-changed', name, 'its stored bytes have another SHA-256 than its entry in the log');
  else if (size !== entry.size)
    differ('entry-mismatch', name, `its entry in the log states ${entry.size} bytes, and it has ${size}`);
  else if (summary.ok === undefined)
    return; // a quick check knows no more of it
  else if (!summary.ok)
    differ('entry-mismatch', name, `its entry in the log says that it is a segment; ${summary.why}`);
  else if (!formatEntry(segmentEntryOf(summary, size)).equals(line))
    differ('entry-mismatch', name, 'its entry in the log says something else of it than its own bytes');
}
