import { Violation } from './scheduler.ts';
import type { Process } from './scheduler.ts';
import { readStored } from './segmentReading.ts';
import type { Header, Reading } from './segmentReading.ts';
import type { HubAnswer, Life, SimEvent, SimHub } from './simHub.ts';
import { ZEROS } from '../support/forge.ts';

/** Path is one way that the code under test can go, as what is stored shows it. */
export type Path = string;

/** Covered is what a chain says of one event. */
type Covered = 'sealed' | 'declared';

/** End is where a partition's chain has come. */
export interface End {
  readonly index: number;
  readonly root: string;
  readonly record: number;
  readonly incarnation: number;
  readonly life: Life | undefined;
  readonly last: number;
  readonly latest: string;
  readonly sealed: string;
  readonly kind: string;
}

const START: End = {
  index: -1,
  root: ZEROS,
  record: 0,
  incarnation: 0,
  life: undefined,
  last: -1,
  latest: '',
  sealed: '',
  kind: '',
};

/**
 * ChainTruth follows the chain of one partition segment by segment, as each is stored, and compares what it says with what
 * the hub accepted, gave out and answered. It shares no code with src, and throws a Violation.
 */
export class ChainTruth {
  end: End = START;
  /** how many segments it has */
  count = 0;
  /** of each life, by number: what of it is sealed or declared */
  readonly covered = new Map<Life, Map<number, Covered>>();
  /** events that stand in the incarnation of a hub before theirs */
  readonly astray: SimEvent[] = [];
  readonly gaps: { readonly name: string; readonly reason: string }[] = [];
  /** names of the segments that begin an incarnation other than the first */
  readonly recreations: string[] = [];
  /** the event that the chain begins with: what had expired before counts for nothing */
  #first: { readonly life: Life; readonly number: number } | undefined;
  /** what the chain was, after each segment */
  readonly #ends: End[] = [];
  readonly #partition: string;
  readonly #hub: SimHub;
  readonly #took: (path: Path) => void;

  constructor(partition: string, hub: SimHub, took: (path: Path) => void) {
    this.#partition = partition;
    this.#hub = hub;
    this.#took = took;
  }

  /** add checks the next segment that an honest process created. */
  add(process: Process, name: string, stored: Buffer): void {
    const reading = readStored(stored);
    const { header, root, statement } = reading;
    const fail: Fail = (what) => {
      throw new Violation(`${name}: ${what}`);
    };
    const before = this.end;
    const { incarnation, events, kind, sealed } = header;
    if (header.previous !== before.index || header.prev !== before.root) fail('it does not continue the chain');
    if (sealed < before.sealed) fail('it is sealed before the one that it follows');
    if (header.records.first !== before.record) fail(`records begin at ${header.records.first}`);
    const isOpening = before.life === undefined || incarnation !== before.incarnation;
    const life = isOpening ? this.#opened(header, before, fail) : before.life;
    this.#checkWord(process, header, life, isOpening, fail);
    const last = this.#follow(reading, life, isOpening ? this.#startOf(header, before) : before.last, fail);
    if (events.last !== last) fail(`it ends with event ${events.last}, not ${last}`);
    const said = { root, record: before.record + header.records.count, incarnation, event: last, sealed };
    for (const [member, value] of Object.entries({ ...said, created: life.created }))
      if (statement[member as keyof typeof statement] !== value) fail(`what is signed of it has another ${member}`);
    if (isOpening && before.life !== undefined) this.recreations.push(name);
    for (const { reason } of header.gaps) this.gaps.push({ name, reason });
    this.#takePaths(header, isOpening, before);
    this.#first ??= { life, number: this.#startOf(header, before) + 1 };
    this.count++;
    this.end = { ...said, index: header.index, life, last, latest: statement.enqueued ?? '', kind };
    this.#ends.push(this.end);
  }

  /** The life of the hub that a chain or an incarnation begins in. */
  #opened({ hub, incarnation, kind }: Header, before: End, fail: Fail): Life {
    if (hub === undefined) return fail('it begins, and does not say in which hub');
    if (incarnation !== (before.life === undefined ? 0 : before.incarnation + 1)) fail(`incarnation ${incarnation}`);
    if (before.life !== undefined && kind === 'heartbeat') fail('a heartbeat begins an incarnation');
    const life = this.#hub.lives.find(({ created }) => created === hub.created);
    if (life === undefined || life.number <= (before.life?.number ?? -1)) fail('its hub is none, or an older one');
    return life;
  }

  /** The chain begins with the first event that the hub holds, or with one that was delivered before it expired. */
  #startOf({ hub, events, gaps }: Header, before: End): number {
    if (before.life !== undefined) return -1;
    const held = hub?.first ?? 0;
    return (events.count > 0 && gaps.length === 0 ? Math.min(events.first, held) : held) - 1;
  }

  /** What the hub said must be what it did say, to whoever sealed it, and at that time. */
  #checkWord(process: Process, header: Header, life: Life, isOpening: boolean, fail: Fail): void {
    const { hub, kind, gaps, events, sealed } = header;
    const isDeclared = gaps.length > 0 && gaps.every(({ reason }) => reason === 'recreated');
    if (hub === undefined) {
      if (isOpening || kind === 'heartbeat' || (kind === 'repair' && !(events.count === 0 && isDeclared)))
        fail(`a ${kind} without the hub's word`);
      return;
    }
    const { asked } = hub;
    const isThis = (it: HubAnswer): boolean => {
      const clock = new Date(it.clock).toISOString();
      const isThen = clock === asked || (asked === sealed && clock > sealed);
      return (
        isThen &&
        it.process === process &&
        it.partition === this.#partition &&
        it.life === life &&
        it.first === hub.first &&
        it.last === hub.last &&
        it.enqueued === hub.enqueued
      );
    };
    if (hub.created !== life.created || !this.#hub.answers.some(isThis)) fail('the hub never said that');
    if (asked > sealed) fail('the hub was asked after it was sealed');
  }

  /** follow goes along what a segment covers, behind `last`, and gives the last number. */
  #follow({ header, lines }: Reading, life: Life, last: number, fail: Fail): number {
    const { kind, gaps, events, hub, empty = [] } = header;
    let next = last + 1;
    for (const gap of gaps) {
      if (gap.first !== next || gap.last < gap.first)
        fail(`a gap from ${gap.first} to ${gap.last}, behind ${next - 1}`);
      for (; next <= gap.last; next++) this.#declare(life, next, gap.reason, fail);
    }
    if (events.count > 0 && events.first !== next) fail(`events from ${events.first}, behind ${next - 1}`);
    for (let count = events.count; count > 0; count--, next++)
      this.#seal(life, next, lines.get(next) ?? [], empty.find(({ event }) => event === next)?.partitionKey, fail);
    if (kind === 'heartbeat' && (events.count > 0 || gaps.length > 0)) fail('a heartbeat with events or gaps');
    if (kind === 'heartbeat' && (hub?.last ?? Infinity) > next - 1) fail('a heartbeat, and the hub had more');
    const isBare = events.count === 0 && gaps.length === 0;
    if (events.count === 0 && kind === 'ingest') fail('no events');
    if (isBare && kind === 'repair' && (header.incarnation === 0 || last >= 0)) fail('a repair of nothing');
    return next - 1;
  }

  #declare(life: Life, number: number, reason: string, fail: Fail): void {
    const it = this.#hub.at(this.#partition, life);
    const event = it.events[number];
    if (reason === 'expired' && number >= it.first) fail(`event ${number} has not expired`);
    if (reason === 'unreadable' && event?.isUnreadable !== true) fail(`event ${number} can be read`);
    if (reason === 'recreated' && !life.isDeleted) fail(`the hub of event ${number} is still there`);
    const mayBe = this.#hub.lives.some(
      (other) =>
        other.isDeleted &&
        other.partitions[Number(this.#partition)]?.events[number] !== undefined &&
        other.number >= life.number,
    );
    if (event === undefined && !(reason === 'recreated' && mayBe)) fail(`there never was an event ${number}`);
    this.#cover(life, number, 'declared', fail);
  }

  #seal(life: Life, number: number, lines: readonly string[], key: string | undefined, fail: Fail): void {
    const isIt = (event: SimEvent | undefined): event is SimEvent =>
      event !== undefined &&
      event.lines.length === lines.length &&
      event.lines.every((start, i) => lines[i]?.startsWith(start) === true) &&
      (lines.length > 0 || key === event.id);
    const eventIn = (it: Life): SimEvent | undefined => it.partitions[Number(this.#partition)]?.events[number];
    const own = eventIn(life);
    if (!isIt(own)) {
      const event = this.#hub.lives.map(eventIn).find(isIt);
      if (event === undefined || event.life.number < life.number)
        fail(`event ${number} is ${event === undefined ? 'none that the hub had' : `of hub ${event.life.number}`}`);
      this.astray.push(event);
      this.#took('sealed with the hub before its own');
    }
    this.#cover(life, number, 'sealed', fail);
  }

  #cover(life: Life, number: number, how: Covered, fail: Fail): void {
    const covered = this.covered.get(life) ?? new Map<number, Covered>();
    this.covered.set(life, covered);
    if (covered.has(number)) fail(`event ${number} was ${covered.get(number)} before`);
    covered.set(number, how);
  }

  #takePaths({ kind, gaps, events, previous, index }: Header, isOpening: boolean, before: End): void {
    const what = events.count > 0 ? 'with events' : 'without events';
    this.#took(kind === 'heartbeat' ? 'heartbeat' : `${kind} ${what}`);
    if (isOpening) this.#took(`${before.life === undefined ? 'chain' : 'incarnation'} begun by ${kind} ${what}`);
    for (const { reason } of gaps) this.#took(`gap ${reason} declared ${what}`);
    if (previous !== index - 1) this.#took('segment behind what was planted');
  }

  /** isDone tells whether nothing more can be said of an event: it is sealed or declared, or gone with its hub. */
  isDone(event: SimEvent): boolean {
    const { life, sequenceNumber } = event;
    if (this.covered.get(life)?.has(sequenceNumber) === true) return true;
    if (this.astray.includes(event)) return true;
    if (life === this.#first?.life && sequenceNumber < this.#first.number) return true;
    return life.number < (this.end.life?.number ?? -1);
  }

  /**
   * isHidden tells whether an event of a new hub may pass for one that is sealed, for a process that knows the chain or what
   * it was: it repeats a number, and a clock that went back gave it a time before the newest. Nobody asks the hub then; watch
   * does.
   */
  isHidden = ({ life, sequenceNumber, enqueued }: SimEvent): boolean =>
    this.#ends.some(
      (end) => life.number > (end.life?.number ?? Infinity) && sequenceNumber <= end.last && enqueued <= end.latest,
    );

  /**
   * isUntold tells whether nobody can tell any more of which hub an event is: by its time it is older than the hub, because a clock went
   * back, and the hub, with whose own it would be compared, holds it no more. Its number is declared expired then.
   */
  isUntold = ({ life, sequenceNumber, enqueued }: SimEvent): boolean =>
    enqueued < life.created && sequenceNumber < this.#hub.at(this.#partition, life).first;

  /** isGone tells whether an event is of a hub that was deleted, behind what is sealed of that: the next incarnation says so. */
  isGone = ({ life, sequenceNumber }: SimEvent): boolean =>
    life.isDeleted && sequenceNumber > Math.max(-1, ...(this.covered.get(life)?.keys() ?? []));

  /** checkEnd checks what can only be said in the end: what stands with a hub before its own stands with its own too. */
  checkEnd(partition: string): void {
    for (const { id, life, sequenceNumber } of this.astray) {
      const own = this.covered.get(life);
      // A hub may be deleted before anybody asks it, or reads so far.
      if (!life.isDeleted && own?.has(sequenceNumber) !== true)
        throw new Violation(`event ${id} of partition ${partition} stands with another hub only`);
    }
  }
}

type Fail = (what: string) => never;
