import { isWithin } from './query.ts';
import type { Query } from './query.ts';
import { unescaped } from './unescaped.ts';
import { newNode, nodeAt, readPaths } from '../core/fields/pathReader.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import type { PathNode } from '../core/fields/pathReader.ts';
import { pathsInLine, readRecordFields } from '../core/fields/recordFields.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { fold } from '../core/fields/fold.ts';
import { ShownValues } from '../core/fields/shownValues.ts';
import type { Values } from '../core/fields/shownValues.ts';
import { termsOf } from '../core/fields/values.ts';
import { mayHoldEncoded, originalRecord } from '../core/segment/recordLine.ts';
import type { RecordForm } from '../core/segment/body.ts';
import type { Seal } from '../core/segment/recordLine.ts';

/** Looked is what was found out about a record. */
export interface Looked {
  readonly isFound: boolean;
  /** it isn't JSON, or no rule takes anything of it: then what is asked of a field may stand anywhere in it */
  readonly shape: 'fields' | 'noFields' | 'notJson';
  /** fields that were asked for, and of which it has no value */
  readonly without: readonly (Field | Extra)[];
  /** it says no time that can be read, so the hub's was taken */
  readonly isTimeless: boolean;
  readonly values: Values;
  /** all that the rules take of it, if the matcher keeps that */
  readonly taken: readonly TakenValue[];
}

/** TakenValue is a value that the rules take of a record. */
export interface TakenValue {
  readonly field: Field | Extra;
  readonly value: string;
}

/** NOT_FOUND is a record of which nothing was asked but a text that it hasn't. */
const NOT_FOUND: Looked = { isFound: false, shape: 'fields', without: [], isTimeless: false, values: {}, taken: [] };

/** Matcher tells which records a query finds. */
export class Matcher {
  readonly #query: Query;
  readonly #keepsTaken: boolean;
  readonly #texts: readonly Buffer[];
  readonly #asksTextAlone: boolean;
  readonly #where = newNode<number>();
  readonly #whereInValues: PathNode<number>;

  constructor(query: Query, keepsTaken = false) {
    this.#query = query;
    this.#keepsTaken = keepsTaken;
    this.#texts = query.texts.map((text) => Buffer.from(text));
    this.#asksTextAlone = query.by === 'hub' && query.terms.size === 0 && query.texts.length > 0;
    for (const [number, { path }] of query.where.entries()) nodeAt(this.#where, path).tags.push(number);
    this.#whereInValues = pathsInLine(this.#where, 'value') as PathNode<number>;
  }

  /** mayHave tells whether a record of a segment with this content can be found, by its bytes alone. */
  mayHave(content: Buffer): boolean {
    if (!this.#asksTextAlone || this.#texts.every((text) => content.includes(text))) return true;
    return mayHoldEncoded(content);
  }

  /** look looks at a record line; undefined if it is outside the interval. */
  look(line: Buffer, { form, enqueued }: Seal): Looked | undefined {
    const { by, terms } = this.#query;
    const hub = Date.parse(enqueued);
    if (by === 'hub' && !isWithin(this.#query, hub)) return undefined;
    // Most records of most searches for a text haven't it, and then nothing else of them is asked.
    if (this.#asksTextAlone && !this.#hasTexts(line, form)) return NOT_FOUND;
    const shownValues = new ShownValues();
    const found = new Map<Field | Extra, Set<string>>();
    // A member may stand in a record twice: of its times any counts, so that none hides another.
    const times = new Map<number, string[]>();
    const taken: TakenValue[] = [];
    const isJson = readRecordFields(line, form, (field, value, rank) => {
      if (this.#keepsTaken) taken.push({ field, value });
      shownValues.take(field, value, rank);
      if (field === 'time' && by === 'event' && fold(value) !== '')
        times.set(rank, [...(times.get(rank) ?? []), value]);
      if (!terms.has(field)) return;
      const all = found.get(field) ?? new Set();
      for (const term of termsOf(field, value)) all.add(term);
      found.set(field, all);
    });
    const shown = isJson ? shownValues.values : {};
    const said = (times.get(Math.min(...times.keys())) ?? []).map(parseEventTime);
    const isTimeless = by === 'event' && said.every((time) => time === undefined);
    if (by === 'event' && !(isTimeless ? [hub] : said).some((time) => isWithin(this.#query, time ?? hub)))
      return undefined;
    const shape = isJson ? (FIELDS.some((field) => shown[field] !== undefined) ? 'fields' : 'noFields') : 'notJson';
    const without = shape === 'fields' ? [...terms.keys()].filter((field) => shown[field] === undefined) : [];
    const isFound =
      this.#hasTexts(line, form) &&
      (shape === 'fields' ? this.#hasTerms(found) : this.#hasTermsAnywhere(line)) &&
      this.#hasWhere(line, form);
    return { isFound, shape, without, isTimeless, values: shown, taken };
  }

  #hasTerms(found: ReadonlyMap<Field | Extra, ReadonlySet<string>>): boolean {
    for (const [field, wanted] of this.#query.terms) {
      const has = found.get(field);
      if (has === undefined || !wanted.some((value) => has.has(value))) return false;
    }
    return true;
  }

  /** Of what no rule knows, the value of a field may stand in any place. */
  #hasTermsAnywhere(line: Buffer): boolean {
    if (this.#query.terms.size === 0) return true;
    let left = [...this.#query.terms.values()];
    for (const reading of readings(originalRecord(line) ?? line)) {
      const text = fold(reading);
      left = left.filter((wanted) => !wanted.some((value) => text.includes(value)));
      if (left.length === 0) return true;
    }
    return false;
  }

  #hasTexts(line: Buffer, form: RecordForm | undefined): boolean {
    const stand = (bytes: Buffer): boolean => this.#texts.every((text) => bytes.includes(text));
    if (this.#texts.length === 0) return true;
    // The seal is no part of the record. Most records are passed over without taking it off.
    if ((form === undefined || form === 'value') && !stand(line)) return false;
    return stand(originalRecord(line) ?? line);
  }

  #hasWhere(line: Buffer, form: Seal['form']): boolean {
    const { where } = this.#query;
    if (where.length === 0) return true;
    if (form !== undefined && form !== 'value') return false;
    const left = new Set(where.keys());
    readPaths(line, form === undefined ? this.#where : this.#whereInValues, (number, value) => {
      if (fold(value) === where[number]?.value) left.delete(number);
    });
    return left.size === 0;
  }
}

/** readings gives a text as it stands, and as it is without escapes: also those of JSON that stands in a string of JSON. */
function* readings(text: Buffer): Generator<string> {
  yield text.toString('utf8');
  const once = unescaped(text);
  if (once === text) return;
  yield once.toString('utf8');
  yield unescaped(once).toString('utf8');
}
