import { parseEntry } from '../entry.ts';
import type { SegmentEntry } from '../entry.ts';
import { Fault } from '../fault.ts';
import { segmentName } from '../ledger/names.ts';
import type { Answer, AnsweredRecord } from './answer.ts';
import type { Row } from './rows.ts';
import type { Hit } from './unitSearch.ts';

const invalid = (why: string): Fault => new Fault('PROOF_INVALID', why);

/** Matching compares the records of an answer with what the index says, in order: each is there once, and no other. */
export class Matching {
  readonly #answer: Answer;
  /** the entries of the answer's segments, as far as they were compared with rows */
  readonly entries: SegmentEntry[] = [];
  #next = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** expect takes the records of a run, and throws PROOF_INVALID, or ENTRY_MALFORMED. */
  expect({ row, start, end }: Hit): void {
    for (let number = start; number < end; number++) {
      const record = this.#answer.records[this.#next];
      const order = record === undefined ? 1 : this.#order(record, row, number);
      if (order > 0)
        throw invalid(
          `record ${number} of ${nameOf(row)} (entry ${row.entry}) was asked for, and the index has it: it is missing`,
        );
      if (record === undefined || order < 0) throw this.#tooMuch();
      if (record.segment === this.entries.length) this.#enter(record.segment, row);
      else if (record.segment !== this.entries.length - 1) throw unused(this.entries.length);
      if (record.size !== row.records + 1)
        throw invalid(
          `record ${number} of ${nameOf(row)} is given a segment of another number of records than its row`,
        );
      this.#next++;
    }
  }

  /** finish demands that nothing is left. */
  finish(): void {
    if (this.#next < this.#answer.records.length) throw this.#tooMuch();
    if (this.entries.length < this.#answer.segments.length) throw unused(this.entries.length);
  }

  /** order tells whether a record of the answer stands before what is expected (-1), is it (0), or stands behind it (1). */
  #order({ segment, index }: AnsweredRecord, { entry }: Row, number: number): number {
    const own = this.#answer.segments[segment]?.index ?? NaN;
    return own === entry ? Math.sign(index - 1 - number) : Math.sign(own - entry);
  }

  /** #tooMuch is thrown for the next record, which the index doesn't have there. */
  #tooMuch(): Fault {
    const { segment, index } = this.#answer.records[this.#next] as AnsweredRecord;
    const before = this.#answer.records[this.#next - 1];
    const entry = this.#answer.segments[segment]?.index;
    const where = `leaf ${index} of the segment of entry ${entry}`;
    if (index === 0) return invalid(`${where} is the segment's header, and no record`);
    if (before?.segment === segment && before.index === index) return invalid(`${where} is in the answer twice`);
    return invalid(`${where} is in the answer, and by the index it is not one of the records that were asked for`);
  }

  /** #enter opens the entry of a segment, which must say what its row says. */
  #enter(number: number, row: Row): void {
    const entry = parseEntry(this.#answer.segments[number]?.line ?? '');
    const { partition, index, incarnation, events, records, time } = entry;
    const said: readonly (readonly [string, unknown, unknown])[] = [
      ['partition', partition, row.partition],
      ['index', index, row.index],
      ['incarnation', incarnation, row.incarnation],
      ['first event', events.first, row.events.first],
      ['last event', events.last, row.events.last],
      ['number of events', events.count, row.events.count],
      ['number of records', records.count, row.records],
      ['earliest time', Date.parse(time.first), row.first],
      ['latest time', Date.parse(time.last), row.last],
    ];
    const wrong = said.find(([, own, ofRow]) => own !== ofRow);
    if (wrong !== undefined)
      throw invalid(`entry ${row.entry} states another ${wrong[0]} than the row of ${nameOf(row)} in the index`);
    this.entries.push(entry);
  }
}

const nameOf = ({ partition, index }: Row): string => segmentName(partition, index);

const unused = (number: number): Fault => invalid(`segment ${number} of the answer is one of which it has no record`);
