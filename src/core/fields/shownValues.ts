import { fold } from './fold.ts';
import type { Extra, Field } from './rule.ts';

/** Values is what is shown of a record's fields: of each one value. */
export type Values = Readonly<Partial<Record<Field | Extra, string>>>;

/** ShownValues picks what is shown of a record: of each field the value of the first of its paths that gives one that isn't empty. */
export class ShownValues {
  readonly #found = new Map<Field | Extra, { readonly rank: number; readonly value: string }>();

  /** take is a FieldVisitor. */
  take(field: Field | Extra, value: string, rank: number): void {
    const before = this.#found.get(field);
    if ((before === undefined || rank < before.rank) && fold(value) !== '') this.#found.set(field, { rank, value });
  }

  get values(): Values {
    return Object.fromEntries([...this.#found].map(([field, { value }]) => [field, value]));
  }
}
