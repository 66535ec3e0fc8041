import type { Hit } from '../find/hit.ts';

/** How many categories are told apart, and how long their names may be: whoever sends events makes them up. */
const MOST_CATEGORIES = 1000;
const MOST_CHARACTERS = 256;

/** ExportCounts counts the records of an export. */
export class ExportCounts {
  records = 0;
  /** records without a category */
  uncategorized = 0;
  /** records of categories that are not told apart */
  otherCategories = 0;
  readonly #partitions = new Map<string, number>();
  readonly #categories = new Map<string, number>();

  add({ partition, values: { category } }: Hit): void {
    this.records += 1;
    this.#partitions.set(partition, (this.#partitions.get(partition) ?? 0) + 1);
    if (category === undefined) this.uncategorized += 1;
    else if (this.#isTold(category)) this.#categories.set(category, (this.#categories.get(category) ?? 0) + 1);
    else this.otherCategories += 1;
  }

  #isTold(category: string): boolean {
    if (this.#categories.has(category)) return true;
    return category.length <= MOST_CHARACTERS && this.#categories.size < MOST_CATEGORIES;
  }

  /** partitions in ascending order */
  get partitions(): readonly (readonly [partition: string, records: number])[] {
    return [...this.#partitions].toSorted(([a], [b]) => Number(a) - Number(b));
  }

  /** the largest first, and of two of one size the one that came first */
  get categories(): readonly (readonly [category: string, records: number])[] {
    return [...this.#categories].toSorted(([, a], [, b]) => b - a);
  }
}
