import { Fault } from '../fault.ts';
import { NO_POSITION, headsOf, isHeadsLine, nameIn, parseLogEntry, placeOf } from './entries.ts';
import type { FiledCounts, Heads, LogEntry, Position } from './entries.ts';
import type { FindingCode, Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { parseAction } from './action.ts';
import { actionName, batchName, parseFiledName, reportName } from './names.ts';
import type { Filed } from './names.ts';
import { parseReport } from './reports.ts';
import type { Walk, Walked } from './walk.ts';

/** EntryCheck compares the entries of the log with their objects, and with the order that they must have. */
export class EntryCheck {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #walkOf: (partition: string) => Walk;
  readonly #positions = new Map<string, Position>();
  /** per partition, the first object that has an entry and is gone, and how many there are */
  readonly #gone = new Map<string, { readonly name: string; count: number }>();
  /** how many reports and actions have an entry: the number of the first one that has none */
  filed: FiledCounts = { report: 0, action: 0 };
  /** entries are missing, so that it isn't known where the log stands */
  #isLost = false;
  /** when the newest batch was made */
  time = '';
  entries = 0;
  compared = 0;

  constructor(folder: Folder, findings: Findings, walkOf: (partition: string) => Walk) {
    this.#folder = folder;
    this.#findings = findings;
    this.#walkOf = walkOf;
  }

  /** lose says that entries are missing from here on; the next heads say where the log stands. */
  lose(): void {
    this.#isLost = true;
  }

  /** has tells whether the log has come past a place. */
  has(partition: string, index: number): boolean {
    return index < this.#position(partition).next;
  }

  #position(partition: string): Position {
    return this.#positions.get(partition) ?? NO_POSITION;
  }

  /** add compares a batch. If no checkpoint vouches for it, what differs is held against the batch. */
  async add(number: number, lines: readonly Uint8Array[], isVouchedFor: boolean): Promise<void> {
    const batch = batchName(number);
    for (const [i, line] of lines.entries()) {
      this.entries += 1;
      if (isHeadsLine(line)) continue;
      const where = `entry ${i} of ${batch}`;
      let entry: LogEntry;
      try {
        entry = parseLogEntry(line);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#findings.say('entry-mismatch', batch, `${where}: ${error.message}`);
        continue;
      }
      const say = (code: FindingCode, object: string, detail: string): void => {
        if (isVouchedFor) this.#findings.say(code, object, `${detail} (${where})`);
        else this.#findings.say('entry-mismatch', batch, `${where}: ${object}: ${detail}`);
      };
      const inOrder = (isRight: boolean, why: string): void => {
        if (!isRight && !this.#isLost) this.#findings.say('entry-mismatch', batch, `${where} ${why}`);
      };
      const name = nameIn(entry);
      const filed = parseFiledName(name ?? '');
      if (placeOf(entry) !== undefined) await this.#comparePlace(entry, batch, isVouchedFor, say, inOrder);
      else if (filed !== undefined) await this.#compareFiled(entry, filed, say, inOrder);
      else if (name !== undefined)
        this.#findings.say('entry-mismatch', batch, `${where} is of nothing that has an entry`);
    }
    this.#compareHeads(lines, batch);
  }

  async #comparePlace(
    entry: LogEntry,
    batch: string,
    isVouchedFor: boolean,
    say: Say,
    inOrder: InOrder,
  ): Promise<void> {
    const { partition, index } = placeOf(entry) as { partition: string; index: number };
    const before = this.#position(partition);
    inOrder(index === before.next, `is of index ${index} of partition ${partition}, not ${before.next}`);
    const object = await this.#walkOf(partition).to(index);
    if (index >= before.next) {
      const last = entry.type === 'segment' ? { index, root: entry.segment.root } : before;
      this.#positions.set(partition, { index: last.index, root: last.root, next: index + 1 });
    }
    if (object === undefined) {
      if (index < before.next) return;
      const name = nameIn(entry) as string;
      if (!isVouchedFor) return say('segment-missing', name, 'no object has this name');
      const gone = this.#gone.get(partition);
      if (gone === undefined) this.#gone.set(partition, { name, count: 1 });
      else gone.count += 1;
      return;
    }
    // A hole between objects is found by the chain.
    if (object === 'hole' || object.reading === undefined) return;
    this.compared += 1;
    if (entry.type === 'segment') compareSegment(entry, object, say);
    else if (entry.type === 'foreign') {
      if (object.reading.sha256 !== entry.sha256 || object.size !== entry.size) {
        say('segment-changed', object.name, 'it is not the object that the log has the SHA-256 of');
      } else if (object.isOfChain)
        say('entry-mismatch', batch, `${object.name} is a segment, and the log calls it foreign`);
    }
  }

  /** compareFiled compares a report or an action with its entry. */
  async #compareFiled(entry: LogEntry, { kind, number }: Filed, say: Say, inOrder: InOrder): Promise<void> {
    inOrder(number === this.filed[kind], `is of ${kind} ${number}, not ${this.filed[kind]}`);
    this.filed = { ...this.filed, [kind]: Math.max(this.filed[kind], number + 1) };
    const name = kind === 'report' ? reportName(number) : actionName(number);
    if (!this.#folder.has(name)) return say('entry-mismatch', name, 'the log has an entry of it, and it is gone');
    const bytes = await this.#folder.read(name);
    if (bytes === 'oversize') {
      this.compared += 1;
      const isStated =
        entry.type === 'foreign' && entry.sha256 === undefined && entry.size === this.#folder.sizeOf(name);
      if (!isStated) say('entry-mismatch', name, 'it has more than 192 MiB, and its entry in the log says otherwise');
      return;
    }
    if (bytes === undefined) return;
    this.compared += 1;
    if ('sha256' in entry && entry.sha256 !== sha256(bytes)) {
      return say('entry-mismatch', name, 'its bytes are not those that the log has the SHA-256 of');
    }
    if (!isTrue(entry, bytes)) say('entry-mismatch', name, 'the log says something of it that it is not');
  }

  #compareHeads(lines: readonly Uint8Array[], batch: string): void {
    let heads: Heads;
    try {
      heads = headsOf(lines);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#findings.say('entry-mismatch', batch, error.message);
    }
    this.time = heads.time;
    if (this.#isLost) {
      for (const [partition, position] of heads.positions) this.#positions.set(partition, position);
      this.filed = heads.filed;
      this.#isLost = false;
      return;
    }
    const isRight =
      heads.filed.report === this.filed.report &&
      heads.filed.action === this.filed.action &&
      heads.positions.size === this.#positions.size &&
      [...heads.positions].every(([partition, { next, index, root }]) => {
        const own = this.#positions.get(partition);
        return own?.next === next && own.index === index && own.root === root;
      });
    if (!isRight) this.#findings.say('entry-mismatch', batch, 'its heads are not where the entries up to it lead');
  }

  /** finish says what has an entry and is gone. */
  finish(): void {
    for (const { name, count } of this.#gone.values()) {
      const others = count === 1 ? '' : `, and of the ${count - 1} after it`;
      this.#findings.say('segment-missing', name, `no object has this name, and the log has an entry of it${others}`);
    }
  }
}

type Say = (code: FindingCode, object: string, detail: string) => void;
type InOrder = (isRight: boolean, why: string) => void;

/** isTrue tells whether what the entry of a report or an action says of it is so. */
function isTrue(entry: LogEntry, bytes: Uint8Array): boolean {
  if (entry.type === 'report') return parseReport(bytes)?.status === entry.status;
  if (entry.type !== 'action') return true;
  const action = parseAction(bytes);
  return action?.kind === entry.action && action.outcome === entry.outcome;
}

function compareSegment({ segment }: LogEntry & { type: 'segment' }, { name, size, reading }: Walked, say: Say): void {
  if (reading === undefined) return;
  if (reading.sha256 !== segment.sha256) {
    return say('segment-changed', name, 'its stored bytes are not those that the log has the SHA-256 of');
  }
  if (!reading.isSegment) return say('entry-mismatch', name, `the log has it as a segment, and ${reading.why}`);
  const { partition, index, incarnation, prev, records, events } = reading.header;
  const isSame =
    segment.size === size &&
    segment.root === reading.root &&
    segment.prev === prev &&
    segment.partition === partition &&
    segment.index === index &&
    segment.incarnation === incarnation &&
    segment.records.first === records.first &&
    segment.records.count === records.count &&
    segment.events.first === events.first &&
    segment.events.last === events.last &&
    segment.events.count === events.count;
  if (!isSame) say('entry-mismatch', name, 'the log says something else of it than it says itself');
}
