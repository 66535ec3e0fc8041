import { attempt, faultIn } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import { documentEntry } from '../../core/objects/document.ts';
import { nameIn, parseEntry, placeOf } from '../../core/objects/entry.ts';
import type { ActionEntry, LogEntry, ReportEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { isHeadsLine } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import type { Batch } from '../../core/objects/batch.ts';
import { batchName, documentName, parseDocumentName, segmentName } from '../../core/objects/names.ts';
import type { DocumentPlace, SegmentPlace } from '../../core/objects/names.ts';
import type { FindingCode } from '../../core/objects/report.ts';
import type { WalkedObject } from '../chain/walk.ts';
import { judgeReport } from '../../ledger/reports.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import { readFor, trustKeys } from '../context.ts';
import type { Context, NeverRead } from '../context.ts';
import { CHANGED, whereOf } from './loggedAction.ts';
import type { LoggedAction } from './loggedAction.ts';
import type { PositionCheck } from './positionCheck.ts';
import { differenceOf, isPrinted } from './segmentDifference.ts';

/** LoggedObjects is the objects that the entries of a log are of, as they are looked at entry by entry. */
export interface LoggedObjects {
  /** only some of them are looked at, and no reports: whether the others are there isn't asked */
  readonly isPartial: boolean;
  /** expect is told the entries of a batch, before at is asked for their objects. */
  expect(entries: readonly Buffer[]): Promise<void>;
  /** at gives the object in a place, checked in its chain; undefined behind the last, 'hole' before others, 'outside' if it isn't looked at. */
  at(place: SegmentPlace, entry: LogEntry): Promise<WalkedObject | 'hole' | 'outside' | undefined>;
  /**
   * pass is told each entry of a segment and its number in the log, in order, with the object in its place where that is what the
   * entry says.
   */
  pass(leaf: number, entry: SegmentEntry, object: WalkedObject | undefined): Promise<void>;
  /** passReport takes notice of the entry of a report that isn't looked at. */
  passReport(): void;
}

/** InBatch is an entry where it stands, and how to say what is wrong with it. */
interface InBatch {
  readonly entry: LogEntry;
  readonly line: Buffer;
  /** where it stands, in words */
  readonly where: string;
  /** say reports a fault of the batch */
  readonly say: (detail: string) => void;
  /** differ reports that an object is not what the entry says */
  readonly differ: (code: FindingCode, object: string, detail: string) => void;
}

/** EntryCheck compares the entries of the log with the objects that they are of, and with the order that they must have. */
export class EntryCheck {
  readonly #context: Context;
  readonly #objects: LoggedObjects;
  readonly #position: PositionCheck;
  /** entries of objects that are gone, by partition */
  readonly #gone = new Map<string, { readonly first: number; readonly count: number }>();
  /** the entries of actions, by number of the action */
  readonly actions = new Map<number, LoggedAction>();
  entries = 0;
  compared = 0;

  constructor(context: Context, objects: LoggedObjects, position: PositionCheck) {
    this.#context = context;
    this.#objects = objects;
    this.#position = position;
  }

  /** add follows the entries of a batch of the log, and compares each object with its entry. */
  async add({ number, entries, heads }: Batch): Promise<void> {
    const { findings } = this.#context;
    const batch = batchName(number);
    await this.#objects.expect(entries);
    for (const [i, line] of entries.entries()) {
      this.entries += 1;
      if (isHeadsLine(line)) continue;
      const say = (detail: string): void => findings.error('entry-mismatch', batch, `entry ${i} ${detail}`);
      const where = whereOf(number, i);
      const differ = (code: FindingCode, object: string, detail: string): void =>
        findings.error(code, object, `${detail} (${where})`);
      const entry = entryOf(line, say);
      if (entry !== undefined) await this.#check({ entry, line, where, say, differ }, heads);
    }
    const fault = this.#position.takeHeads(heads);
    if (fault !== undefined) findings.error('entry-mismatch', batch, fault);
    trustKeys(this.#context.ledger, this.#position.keys);
  }

  /** `heads` is where the batch says that the log is behind it. */
  async #check(it: InBatch, heads: LogPosition): Promise<void> {
    const { entry } = it;
    const place = placeOf(entry);
    const name = nameIn(entry);
    const document = parseDocumentName(name ?? '');
    if (entry.type === 'key') {
      const fault = this.#position.takeKey(entry, heads.keys);
      if (fault !== undefined) it.say(fault);
      trustKeys(this.#context.ledger, this.#position.keys);
    } else if (place !== undefined) {
      const object = await this.#checkPlace(it, place, heads);
      if (entry.type === 'segment') await this.#objects.pass(this.entries - 1, entry, object);
    } else if (name === undefined)
      return; // of a type that is of no object, or that this version doesn't know
    else if (document !== undefined && !(entry.type === 'foreign' && document.type === 'report'))
      await this.#checkDocument(it, document, heads);
    else it.say('is of an object that has no entry');
  }

  /** checkPlace gives the object in a place where it is what the entry says. */
  async #checkPlace(it: InBatch, place: SegmentPlace, heads: LogPosition): Promise<WalkedObject | undefined> {
    const { partition, index } = place;
    const name = segmentName(partition, index);
    const fault = this.#position.placeFault(place, heads);
    if (fault !== undefined) it.say(fault);
    if (!this.#position.isExpected(place, heads)) {
      if (!this.#objects.isPartial && !(await this.#context.store.exists(name))) this.#addGone(place);
      return undefined;
    }
    const found = await this.#objects.at(place, it.entry);
    const object = typeof found === 'object' ? found : undefined;
    this.#position.takePlace(place, it.entry, object);
    // A hole between other objects is found by the chain, and what is behind the last one, here.
    if (found === undefined) this.#addGone(place);
    // The walk is past that index, or the object can't be read.
    if (object?.summary === undefined) return undefined;
    this.compared += 1;
    if (it.entry.type === 'segment') return (await this.#isAsEntered(it, it.entry, name, object)) ? object : undefined;
    if (object.isOfChain) it.say(`calls ${name} foreign, and it continues its chain`);
    return undefined;
  }

  #addGone({ partition, index }: SegmentPlace): void {
    const gone = this.#gone.get(partition);
    this.#gone.set(partition, { first: Math.min(index, gone?.first ?? index), count: (gone?.count ?? 0) + 1 });
  }

  async #isAsEntered(it: InBatch, entry: SegmentEntry, name: string, object: WalkedObject): Promise<boolean> {
    const { summary } = object;
    if (summary === undefined) return false;
    const isUnhashed = summary.ok === false && summary.sha256 === undefined;
    const stored = isUnhashed ? await this.#hashOf(name) : summary.sha256;
    if (stored === 'unreadable') return false;
    const difference = differenceOf({ entry, line: it.line }, { ...object, stored });
    if (difference !== undefined) it.differ(difference.code, name, difference.detail);
    return difference === undefined;
  }

  /** hashOf hashes what was dismissed by its end, and has an entry all the same. */
  async #hashOf(name: string): Promise<Hash | 'unreadable' | undefined> {
    const stored = await readFor(this.#context, this.#context.store, name);
    if (typeof stored === 'object') return sha256(stored);
    return stored === 'unreadable' ? stored : undefined;
  }

  /** checkDocument compares a report or an action with its entry. */
  async #checkDocument(it: InBatch, place: DocumentPlace, heads: LogPosition): Promise<void> {
    const { type, number } = place;
    const { store } = this.#context;
    const outOfOrder = this.#position.takeDocument(place, heads);
    if (outOfOrder !== undefined) it.say(outOfOrder);
    else if (it.entry.type === 'action') this.actions.set(number, { sha256: it.entry.sha256, where: it.where });
    if (type === 'report' && this.#objects.isPartial) return this.#objects.passReport();
    const name = documentName(type, number);
    const bytes = await readFor(this.#context, store, name);
    if (bytes === 'unreadable') return;
    if (bytes === undefined)
      return it.differ('entry-mismatch', name, 'it has an entry in the log, and no object has this name any more');
    this.compared += 1;
    const fault = typeof bytes === 'string' ? unreadFault(it, bytes) : documentFault(it, place, bytes, this.#context);
    if (fault !== undefined) it.differ('entry-mismatch', name, fault);
  }

  /** finish says which entries have no object any more. */
  finish(): void {
    for (const [partition, { first, count }] of this.#gone) {
      const others = count === 1 ? '' : `, and of the ${count - 1} after it`;
      const detail = `no object has this name, and it has an entry in the log${others}`;
      this.#context.findings.error('segment-missing', segmentName(partition, first), detail);
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

/** unreadFault says what is wrong with an entry's document that nobody reads: only a foreign one may be so. */
const unreadFault = ({ entry }: InBatch, unread: NeverRead): string | undefined =>
  entry.type === 'foreign' ? undefined : WHY_UNREAD[unread];

/** documentFault says what is wrong with an entry's document, or gives undefined. */
function documentFault(
  { entry, line }: InBatch,
  place: DocumentPlace,
  bytes: Buffer,
  { auditors }: Pick<Context, 'auditors'>,
): string | undefined {
  const own = attempt(() => documentEntry(place, bytes, auditors), 'malformed');
  if (entry.type === 'foreign')
    return own && `its entry in the log calls it foreign, and it is one of the ledger's ${place.type}s`;
  if ((entry as ReportEntry | ActionEntry).sha256 !== sha256(bytes)) return CHANGED;
  if (own === undefined && place.type === 'report')
    return `its entry in the log says that it is a report, and ${judgeReport(bytes, documentName(place.type, place.number), auditors) as string}`;
  if (own === undefined) return 'its entry in the log says that it is an action, and its bytes are not one';
  return isPrinted(own, line) ? undefined : 'its entry in the log says something else of it than its own bytes';
}
