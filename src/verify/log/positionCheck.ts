import { openKeyNotice } from '../../core/signed/keyNotice.ts';
import type { KeyEntry, LogEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { NO_POSITION } from '../../core/objects/heads.ts';
import type { LogPosition, Position } from '../../core/objects/heads.ts';
import { DOCUMENT_TYPES } from '../../core/objects/names.ts';
import type { DocumentPlace, SegmentPlace } from '../../core/objects/names.ts';
import type { WalkedObject } from '../chain/walk.ts';

/** KnownPosition is where the log stands in a partition. When its newest segment was sealed isn't known of one that nobody read. */
interface KnownPosition extends Omit<Position, 'sealed'> {
  readonly sealed: string | undefined;
}

/**
 * PositionCheck follows where the log stands, entry by entry: entries come in order and without holes, and the heads that a
 * batch ends with say where they lead. Its methods give what is wrong in words, or undefined.
 */
export class PositionCheck {
  readonly #positions: Map<string, KnownPosition>;
  /** entries are missing, so that it isn't known where the log stands */
  #isLost = false;
  /** the number of the first report, and of the first action, without an entry */
  documents: LogPosition['documents'];
  /** where the check began, and the reports from there on that have an entry */
  readonly #firstReport: number;
  readonly #reports = new Set<number>();
  /** the keys that the log has announced */
  keys: LogPosition['keys'];
  /** the operators' keys that it has registered, by the heads of the last batch */
  operators: LogPosition['operators'];
  /** when the newest batch was made, '' if there is none */
  time: string;
  /** where the heads of the last batch say that each partition stands */
  heads: LogPosition['positions'];

  constructor({ positions, documents, keys, operators, time }: LogPosition) {
    this.#positions = new Map(positions);
    this.documents = documents;
    this.#firstReport = documents.report;
    this.keys = keys;
    this.operators = operators;
    this.time = time;
    this.heads = positions;
  }

  /** lacksReport tells whether the log is past a report that it has no entry of, as far as the check knows. */
  lacksReport(number: number): boolean {
    return number >= this.#firstReport && number < this.documents.report && !this.#reports.has(number);
  }

  /** break says that entries are missing from here on; the next heads tell where the log stands. */
  break(keys: LogPosition['keys']): void {
    this.#isLost = true;
    this.keys = keys;
  }

  /** next is the first index of a partition that has no entry. */
  next(partition: string): number {
    return (this.#positions.get(partition) ?? NO_POSITION).next;
  }

  /** placeFault says how an entry of that place is out of order, or beyond where its batch's heads lead. */
  placeFault({ partition, index }: SegmentPlace, heads: LogPosition): string | undefined {
    const next = this.next(partition);
    const what = `is of index ${index} of partition ${partition}`;
    if (index !== next && !this.#isLost) return `${what}, and index ${next} comes next`;
    return index < nextIn(heads, partition) ? undefined : `${what}, ${NOT_SO_FAR}`;
  }

  /**
   * isExpected tells whether an entry of that place moves the position: the next one does, and one behind a hole, but none moves it
   * beyond the heads of its own batch. Whoever stole a session could else say that the log is past all there is.
   */
  isExpected({ partition, index }: SegmentPlace, heads: LogPosition): boolean {
    return index >= this.next(partition) && index < nextIn(heads, partition);
  }

  /** takePlace goes on behind an entry of that place, and the object that was found there. */
  takePlace({ partition, index }: SegmentPlace, entry: LogEntry, object: WalkedObject | undefined): void {
    const before = this.#positions.get(partition) ?? NO_POSITION;
    const position =
      entry.type === 'segment' ? { index, root: entry.root, sealed: sealedOf(entry, object?.summary) } : before;
    this.#positions.set(partition, { ...position, next: index + 1 });
  }

  /** takeDocument goes on behind the entry of a report or an action, as far as the heads of its batch go. */
  takeDocument({ type, number }: DocumentPlace, { documents }: LogPosition): string | undefined {
    const next = this.documents[type];
    // What no auditor signed has no entry, but keeps its number.
    const isInOrder = number === next || (number > next && (type === 'report' || this.#isLost));
    if (type === 'report') this.#reports.add(number);
    if (isInOrder && number < documents[type]) this.documents = { ...this.documents, [type]: number + 1 };
    else if (isInOrder) return `is of ${type} ${number}, ${NOT_SO_FAR}`;
    return isInOrder || this.#isLost ? undefined : `is of ${type} ${number}, and ${type} ${next} comes next`;
  }

  /** takeKey goes on behind the entry that announces a key. `known` is those that the log knows behind its batch. */
  takeKey({ note }: KeyEntry, known: LogPosition['keys']): string | undefined {
    const key = openKeyNotice(note, undefined);
    // In the log no other can stand. Behind what is lost, anybody may have signed it.
    if (!known.includes(key)) return 'announces a key, and no key that the log is known to have signed that';
    if (!this.keys.includes(key)) this.keys = [...this.keys, key];
    return undefined;
  }

  /** takeHeads compares the heads of a batch: the next integration begins where they say, so they have to be right. */
  takeHeads(heads: LogPosition): string | undefined {
    const isRight = this.#isLost || this.#isAt(heads);
    this.time = heads.time;
    this.heads = heads.positions;
    this.keys = heads.keys;
    this.operators = heads.operators;
    if (this.#isLost) {
      for (const [partition, position] of heads.positions) this.#positions.set(partition, position);
      this.documents = heads.documents;
      this.#isLost = false;
    }
    return isRight ? undefined : 'its heads are not where the entries up to it lead';
  }

  #isAt({ documents, keys, positions }: LogPosition): boolean {
    const isSame = ([partition, { next, index, root, sealed }]: [string, Position]): boolean => {
      const own = this.#positions.get(partition);
      const isSealed = own?.sealed === undefined || own.sealed === sealed;
      return own?.next === next && own.index === index && own.root === root && isSealed;
    };
    const isSameSize = positions.size === this.#positions.size;
    const isSameCount = DOCUMENT_TYPES.every((type) => documents[type] === this.documents[type]);
    const isSameKeys = keys.length === this.keys.length && keys.every((key, i) => key === this.keys[i]);
    return isSameKeys && isSameCount && isSameSize && [...positions].every(isSame);
  }
}

/** sealedOf gives when a segment was sealed, by its own header if that is the one of its entry, or by the entry of a heartbeat. */
function sealedOf({ root, events, time }: SegmentEntry, summary: WalkedObject['summary']): string | undefined {
  if (summary?.ok === true && summary.root === root) return summary.header.sealed;
  return events.count === 0 ? time.first : undefined;
}

const NOT_SO_FAR = "and its batch's heads say that the log has not come so far";

const nextIn = ({ positions }: LogPosition, partition: string): number =>
  (positions.get(partition) ?? NO_POSITION).next;
