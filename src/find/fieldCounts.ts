import type { Hit } from './search.ts';
import { readRecordFields } from '../core/fields/recordFields.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Field } from '../core/fields/rule.ts';
import { fold } from '../core/fields/fold.ts';

/** ValueCount is how often a value stands in a field, and when the hub got the first and the last record with it. */
export interface ValueCount {
  /** as the first record spells it */
  readonly value: string;
  count: number;
  first: string;
  last: string;
}

/** So many values of a field are told apart. */
const MOST_VALUES = 100_000;
/** Longer values are told apart whole, and shown so far. */
const MOST_CHARACTERS = 1000;

/** FieldCounts counts the values of the fields over records. A record counts once for each value that it has. */
export class FieldCounts {
  readonly #values = new Map<Field, Map<string, ValueCount>>(FIELDS.map((field) => [field, new Map()]));
  readonly #beyond = new Map<Field, number>();

  add({ line, form, enqueued }: Pick<Hit, 'line' | 'form' | 'enqueued'>): void {
    const seen = new Set<string>();
    readRecordFields(line, form, (field, value) => {
      const values = this.#values.get(field as Field);
      const folded = fold(value);
      const once = `${field} ${folded}`;
      if (values === undefined || folded === '' || seen.has(once)) return;
      seen.add(once);
      const known = values.get(folded);
      if (known !== undefined) {
        known.count += 1;
        if (enqueued < known.first) known.first = enqueued;
        if (enqueued > known.last) known.last = enqueued;
      } else if (values.size < MOST_VALUES)
        values.set(folded, { value: value.slice(0, MOST_CHARACTERS), count: 1, first: enqueued, last: enqueued });
      else this.#beyond.set(field as Field, this.beyond(field as Field) + 1);
    });
  }

  /** of gives the values of a field, the most frequent first. */
  of(field: Field): readonly ValueCount[] {
    const all = [...(this.#values.get(field)?.values() ?? [])];
    return all.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  }

  /** beyond gives in how many places there was a value that is not told apart. */
  beyond(field: Field): number {
    return this.#beyond.get(field) ?? 0;
  }
}
