import { Fault } from '../fault.ts';
import type { Unit } from './manifest.ts';
import { NO_RUNS, SPAN, cut, join, readPostings } from './postings.ts';
import type { Runs } from './postings.ts';
import { BLOCK, readRows } from './rows.ts';
import type { Row } from './rows.ts';
import { rowsKey } from './terms.ts';
import type { NamedTerm, Proved, Wanted } from './terms.ts';

/** Beside is how many records stand where no field finds them. */
export interface Beside {
  readonly notJson: number;
  readonly noFields: number;
  readonly unindexed: number;
}

/** Hit is a run of records of a segment that a query finds, by their numbers in it: from the first to before the second. */
export interface Hit {
  readonly row: Row;
  readonly start: number;
  readonly end: number;
}

/** UnitSearch redoes a query in a unit by the terms that it was proved to have, and not to have. */
export class UnitSearch {
  readonly #unit: Unit;
  /** the unit, for a fault */
  readonly #what: string;
  readonly #proved: Proved;
  readonly #wanted: Wanted;
  readonly #blocks = new Set<string>();

  constructor(unit: Unit, what: string, proved: Proved, wanted: Wanted) {
    this.#unit = unit;
    this.#what = what;
    this.#proved = proved;
    this.#wanted = wanted;
  }

  #fail(why: string): never {
    throw new Fault('PROOF_INVALID', `${this.#what}: ${why}`);
  }

  #read({ key, name }: NamedTerm): { readonly count: number; readonly runs: Runs } {
    const bytes = this.#proved.get(key);
    if (bytes === undefined) return { count: 0, runs: NO_RUNS };
    return readPostings(bytes, `${this.#what}: the postings of ${name}`, this.#unit);
  }

  /** beside counts what no field finds; where a query has no terms, only what isn't indexed is shown. */
  beside(): Beside {
    const { notJson, noFields, unindexed } = this.#wanted.beside;
    return {
      notJson: this.#read(notJson).count,
      noFields: this.#read(noFields).count,
      unindexed: this.#read(unindexed).count,
    };
  }

  /** hits gives what the query finds, in order, and throws PROOF_INVALID, at the end also for a term that nobody asked for. */
  async *hits(): AsyncGenerator<Hit> {
    for await (const hit of this.#wanted.fields.length === 0 ? this.#all() : this.#having())
      if (this.#wanted.isAsked(hit.row)) yield hit;
    for (const key of this.#proved.keys())
      if (!this.#wanted.keys.has(key) && !this.#blocks.has(key))
        this.#fail(`it shows the term with key ${key}, which nobody asked for`);
  }

  async *#all(): AsyncGenerator<Hit> {
    let records = 0;
    for (let block = 0; block * BLOCK < this.#unit.segments; block++)
      for (const row of await this.#rows(block)) {
        records += row.records;
        yield { row, start: 0, end: row.records };
      }
    if (records !== this.#unit.records)
      this.#fail(`its rows have ${records} records, and the manifest states ${this.#unit.records}`);
  }

  async *#having(): AsyncGenerator<Hit> {
    const having = this.#wanted.fields.map((terms) => join(terms.map((term) => this.#read(term).runs)));
    const found = having.reduce(cut);
    let block = -1;
    let rows: readonly Row[] = [];
    for (let i = 0; i < found.length; i += 2) {
      const begin = found[i] as number;
      const segment = Math.floor(begin / SPAN);
      if (block !== Math.floor(segment / BLOCK)) {
        block = Math.floor(segment / BLOCK);
        rows = await this.#rows(block);
      }
      const row = rows[segment % BLOCK] as Row;
      const [start, end] = [begin - segment * SPAN, (found[i + 1] as number) - segment * SPAN];
      if (end > row.records)
        this.#fail(`segment ${segment} has ${row.records} records, and postings name number ${end - 1}`);
      yield { row, start, end };
    }
  }

  async #rows(block: number): Promise<readonly Row[]> {
    const key = await rowsKey(block);
    const bytes = this.#proved.get(key);
    if (bytes === undefined) this.#fail(`block ${block} of its rows is missing`);
    this.#blocks.add(key);
    return readRows(bytes, `${this.#what}: block ${block} of its rows`, this.#unit, block);
  }
}
