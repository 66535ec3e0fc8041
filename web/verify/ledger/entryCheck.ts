import { printEntry } from '../entry.ts';
import type { SegmentEntry } from '../entry.ts';
import { Fault } from '../fault.ts';
import type { Trust } from '../signed/trust.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { NO_POSITION, isHeadsLine, nameIn, parseLogEntry, placeOf } from './entries.ts';
import type { FiledCounts, Heads, LogEntry, Position } from './entries.ts';
import type { Batch } from './batches.ts';
import type { FindingCode, Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { parseAction } from './action.ts';
import { actionName, batchName, parseFiledName, reportName, segmentName } from './names.ts';
import type { Filed, SegmentPlace } from './names.ts';
import type { Reports } from './reports.ts';
import type { Segment } from './segment.ts';
import type { Walked } from './walk.ts';

/** EntryParts is what entries are compared with. */
export interface EntryParts {
  readonly folder: Folder;
  readonly findings: Findings;
  readonly trust: Trust;
  readonly reports: Reports;
  /** gives the object in a place; undefined if there is none behind it either, 'hole' if there is, or it isn't looked at */
  readonly objectAt: (place: SegmentPlace, entry: LogEntry) => Promise<Walked | 'hole' | undefined>;
  /** is told each entry of a report where none is looked at, nor whether anything outside of an interval is there */
  readonly onReport?: () => void;
}

/** InBatch is an entry where it stands, and how to say what is wrong with it, or with its object. */
interface InBatch {
  readonly entry: LogEntry;
  readonly say: (code: FindingCode, object: string, detail: string) => void;
  /** wrong says what is wrong with the entry itself */
  readonly wrong: (why: string) => void;
}

/** EntryCheck compares the entries of the log with their objects, and with the order that they must have. */
export class EntryCheck {
  readonly #parts: EntryParts;
  readonly #positions = new Map<string, Position>();
  /** per partition, the first object that has an entry and is gone, and how many there are */
  readonly #gone = new Map<string, { readonly first: number; readonly count: number }>();
  /** keys that entries have announced */
  #keys: readonly VerifierKey[] = [];
  /** entries are missing, so that it isn't known where the log stands */
  #isLost = false;
  /** the numbers behind the last report and the last action that have an entry */
  filed: FiledCounts = { report: 0, action: 0 };
  /** where the heads of the newest batch say that each partition stands */
  positions: Heads['positions'] = new Map();
  /** when the newest batch was made */
  time = '';
  /** the SHA-256 that the entries of actions state, by number of the action */
  readonly actions = new Map<number, string>();
  entries = 0;
  compared = 0;
  readonly #reports = new Set<number>();

  constructor(parts: EntryParts) {
    this.#parts = parts;
  }

  /** lose says that entries are missing from here on; the next heads say where the log stands. */
  lose(keys: readonly VerifierKey[]): void {
    this.#isLost = true;
    this.#keys = keys;
  }

  /** has tells whether the log has come past a place. */
  has(partition: string, index: number): boolean {
    return index < this.#position(partition).next;
  }

  /** lacksReport tells whether the log is past a report that it has no entry of. */
  lacksReport(number: number): boolean {
    return number < this.filed.report && !this.#reports.has(number);
  }

  #position(partition: string): Position {
    return this.#positions.get(partition) ?? NO_POSITION;
  }

  /** add compares a batch of the log. */
  async add(number: number, { entries, heads }: Batch): Promise<void> {
    const { findings, trust } = this.#parts;
    const batch = batchName(number);
    // A segment has an entry only if a key that the entries before it announced certified its session.
    trust.trust(this.#keys);
    for (const [i, line] of entries.entries()) {
      this.entries += 1;
      if (isHeadsLine(line)) continue;
      const where = `entry ${i} of ${batch}`;
      try {
        const entry = await parseLogEntry(line);
        const say: InBatch['say'] = (code, object, detail) => findings.say(code, object, `${detail} (${where})`);
        const wrong: InBatch['wrong'] = (why) => findings.say('entry-mismatch', batch, `${where} ${why}`);
        await this.#compare({ entry, say, wrong }, heads);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        findings.say('entry-mismatch', batch, `${where}: ${error.message}`);
      }
    }
    this.#compareHeads(heads, batch);
  }

  /** `heads` is where the batch says that the log is behind it. */
  async #compare(it: InBatch, heads: Heads): Promise<void> {
    const { entry, wrong } = it;
    if (entry.type === 'unknown' || entry.type === 'operator') return;
    if (entry.type === 'key') return this.#announce(entry.key, heads.keys, wrong);
    const place = placeOf(entry);
    const filed = parseFiledName(nameIn(entry) ?? '');
    if (place !== undefined) await this.#comparePlace(it, place, heads);
    else if (filed === undefined || (filed.kind === 'report' && entry.type === 'foreign'))
      wrong('is of nothing that has an entry');
    else await this.#compareFiled(it, filed, heads);
  }

  /** `known` is the keys that the log knows behind the batch. */
  #announce(key: VerifierKey, known: readonly VerifierKey[], wrong: InBatch['wrong']): void {
    const isKey = ({ text }: VerifierKey): boolean => text === key.text;
    // In the log no other can stand. Behind what is lost, anybody may have signed it.
    if (!known.some(isKey)) return wrong('announces a key, and no key that the log is known to have signed that');
    if (this.#keys.some(isKey)) return;
    this.#keys = [...this.#keys, key];
    this.#parts.trust.trust(this.#keys);
  }

  async #comparePlace({ entry, say, wrong }: InBatch, place: SegmentPlace, heads: Heads): Promise<void> {
    const { partition, index } = place;
    const before = this.#position(partition);
    const isWithin = index < (heads.positions.get(partition) ?? NO_POSITION).next;
    const what = `is of index ${index} of partition ${partition}`;
    if (index !== before.next && !this.#isLost) wrong(`${what}, not ${before.next}`);
    else if (!isWithin) wrong(`${what}, and ${NOT_SO_FAR}`);
    // Whoever stole a session could else say that the log is past all there is.
    if (index < before.next || !isWithin) {
      const isAll = this.#parts.onReport === undefined;
      if (isAll && !this.#parts.folder.has(segmentName(partition, index))) this.#addGone(place);
      return;
    }
    const object = await this.#parts.objectAt(place, entry);
    const last =
      entry.type === 'segment' ? { index, root: entry.segment.root, sealed: sealedOf(entry.segment, object) } : before;
    this.#positions.set(partition, { ...last, next: index + 1 });
    if (object === undefined) return this.#addGone(place);
    // A hole between objects is found by the chain.
    if (object === 'hole' || object.reading === undefined) return;
    this.compared += 1;
    if (entry.type === 'segment') await this.#compareSegment(entry.segment, object, say);
    else if (object.isOfChain) wrong(`calls ${object.name} foreign, and it continues its chain`);
  }

  #addGone({ partition, index }: SegmentPlace): void {
    const gone = this.#gone.get(partition);
    this.#gone.set(partition, { first: Math.min(index, gone?.first ?? index), count: (gone?.count ?? 0) + 1 });
  }

  async #compareSegment(entry: SegmentEntry, { name, size, reading }: Walked, say: InBatch['say']): Promise<void> {
    if (reading === undefined) return;
    const digest = reading.sha256 ?? (await this.#hashOf(name));
    if (digest === 'unreadable') return;
    if (digest !== entry.sha256)
      return say('segment-changed', name, 'its stored bytes are not those that the log has the SHA-256 of');
    if (!reading.isSegment) return say('entry-mismatch', name, `the log has it as a segment, and ${reading.why}`);
    if (printEntry(entry) !== printEntry(entryOf(name, size, reading)))
      say('entry-mismatch', name, 'the log says something else of it than it says itself');
  }

  /** hashOf hashes what was dismissed by its end, and has an entry all the same. */
  async #hashOf(name: string): Promise<string> {
    const stored = await this.#parts.folder.read(name);
    return stored === undefined ? 'unreadable' : stored === 'oversize' ? stored : sha256(stored);
  }

  /** compareFiled compares a report or an action with its entry. Reports that nobody signed who may have none. */
  async #compareFiled({ entry, say, wrong }: InBatch, { kind, number }: Filed, heads: Heads): Promise<void> {
    const next = this.filed[kind];
    const isInOrder = number === next || (number > next && (kind === 'report' || this.#isLost));
    if (kind === 'report') this.#reports.add(number);
    if (isInOrder && number < heads.filed[kind]) {
      this.filed = { ...this.filed, [kind]: number + 1 };
      if (entry.type === 'action') this.actions.set(number, entry.sha256);
    } else if (isInOrder) wrong(`is of ${kind} ${number}, and ${NOT_SO_FAR}`);
    else if (!this.#isLost) wrong(`is of ${kind} ${number}, not ${next}`);
    const { folder, onReport } = this.#parts;
    if (kind === 'report' && onReport !== undefined) return onReport();
    const name = kind === 'report' ? reportName(number) : actionName(number);
    if (!folder.has(name)) return say('entry-mismatch', name, 'the log has an entry of it, and it is gone');
    const bytes = await folder.readSmall(name);
    if (bytes === undefined) return;
    this.compared += 1;
    if ('sha256' in entry && entry.sha256 !== sha256(bytes))
      return say('entry-mismatch', name, 'its bytes are not those that the log has the SHA-256 of');
    const fault = await this.#filedFault(entry, name, bytes);
    if (fault !== undefined) say('entry-mismatch', name, fault);
  }

  /** filedFault says what isn't so of what the entry of a report or an action says of it. */
  async #filedFault(entry: LogEntry, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    const untrue = 'the log says something of it that it is not';
    if (entry.type === 'report') {
      const report = await this.#parts.reports.open(name, bytes);
      if (typeof report === 'string') return `the log has it as a report, and ${report}`;
      return report.status === entry.status ? undefined : untrue;
    }
    const action = parseAction(bytes);
    if (entry.type !== 'action') return action === undefined ? undefined : untrue;
    return action?.kind === entry.action && action.outcome === entry.outcome ? undefined : untrue;
  }

  #compareHeads({ time, keys, filed, positions }: Heads, batch: string): void {
    this.time = time;
    this.positions = positions;
    if (!this.#isLost && !this.#isAt({ keys, filed, positions }))
      this.#parts.findings.say('entry-mismatch', batch, 'its heads are not where the entries up to it lead');
    if (this.#isLost) {
      for (const [partition, position] of positions) this.#positions.set(partition, position);
      this.filed = filed;
      this.#isLost = false;
    }
    this.#keys = keys;
    this.#parts.trust.trust(keys);
  }

  #isAt({ keys, filed, positions }: Pick<Heads, 'keys' | 'filed' | 'positions'>): boolean {
    return (
      keys.length === this.#keys.length &&
      keys.every(({ text }, i) => text === this.#keys[i]?.text) &&
      filed.report === this.filed.report &&
      filed.action === this.filed.action &&
      positions.size === this.#positions.size &&
      [...positions].every(([partition, { next, index, root, sealed }]) => {
        const own = this.#positions.get(partition);
        const isSealed = own?.sealed === undefined || own.sealed === sealed;
        return own?.next === next && own.index === index && own.root === root && isSealed;
      })
    );
  }

  /** finish says what has an entry and is gone. */
  finish(): void {
    for (const [partition, { first, count }] of this.#gone) {
      const others = count === 1 ? '' : `, and of the ${count - 1} after it`;
      const why = `no object has this name, and the log has an entry of it${others}`;
      this.#parts.findings.say('segment-missing', segmentName(partition, first), why);
    }
  }
}

/** sealedOf gives when a segment was sealed, by its own header if that is the one of its entry, or by the entry of a heartbeat. */
function sealedOf({ root, events, time }: SegmentEntry, object: Walked | 'hole' | undefined): string | undefined {
  const reading = typeof object === 'object' ? object.reading : undefined;
  if (reading?.isSegment === true && reading.root === root) return reading.header.sealed;
  return events.count === 0 ? time.first : undefined;
}

const NOT_SO_FAR = 'the heads of its batch say that the log has not come so far';

/** entryOf makes the entry that the log must have of a segment. */
function entryOf(
  name: string,
  size: number,
  { sha256: digest, root, header, categories, earliest, latest }: Segment,
): SegmentEntry {
  const { partition, index, incarnation, sealed, prev, records, events } = header;
  const { first, last, count } = events;
  return {
    name,
    size,
    sha256: digest,
    root,
    prev,
    partition,
    index,
    incarnation,
    records,
    events: { first, last, count },
    time: count === 0 ? { first: sealed, last: sealed } : { first: earliest, last: latest },
    categories: Object.fromEntries(categories),
  };
}
