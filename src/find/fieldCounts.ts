import type { TakenValue } from './match.ts';
import { fold } from '../core/fields/fold.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { sha256 } from '../core/hash.ts';

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
/** Longer values are told apart by their SHA-256, and shown so far. */
const MOST_CHARACTERS = 1000;
/** So many characters of all values are kept. */
const MOST_KEPT = 32 * 1024 * 1024;

/** FieldCounts counts the values of the fields over records. A record counts once for each value that it has. */
export class FieldCounts {
  readonly #values = new Map<Field | Extra, Map<string, ValueCount>>(FIELDS.map((field) => [field, new Map()]));
  readonly #beyond = new Map<Field | Extra, number>();
  #kept = 0;

  /** add takes what the rules take of a record. */
  add(taken: readonly TakenValue[], enqueued: string): void {
    const seen = new Set<string>();
    for (const { field, value } of taken) {
      const values = this.#values.get(field);
      const folded = fold(value);
      if (values === undefined || folded === '') continue;
      const key = keyOf(folded);
      const once = `${field} ${key}`;
      if (seen.has(once)) continue;
      seen.add(once);
      const known = values.get(key);
      if (known !== undefined) {
        known.count += 1;
        if (enqueued < known.first) known.first = enqueued;
        if (enqueued > known.last) known.last = enqueued;
      } else if (values.size < MOST_VALUES && this.#kept < MOST_KEPT) {
        const shown = shownOf(value);
        this.#kept += key.length + shown.length;
        values.set(copyOf(key), { value: shown, count: 1, first: enqueued, last: enqueued });
      } else this.#beyond.set(field, (this.#beyond.get(field) ?? 0) + 1);
    }
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

/** keyOf is what a value is told apart by: no short value is taken for a long one. */
const keyOf = (folded: string): string =>
  folded.length <= MOST_CHARACTERS ? `=${folded}` : `#${sha256(Buffer.from(folded))}`;

const shownOf = (value: string): string =>
  copyOf(value.length <= MOST_CHARACTERS ? value : `${value.slice(0, MOST_CHARACTERS)}…`);

/** copyOf gives the text in memory of its own: a piece of a longer one would keep all of that. */
const copyOf = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
