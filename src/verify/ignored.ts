import type { IgnoredWhy } from '../core/objects/litter.ts';

/** Of what is ignored so many are named; the others are counted. */
const MAX_NAMED = 10;
const MAX_NAME_LENGTH = 200;

const WHAT: Readonly<Record<IgnoredWhy, readonly [one: string, many: string]>> = {
  system: ['file that an operating system left', 'files that an operating system left'],
  partial: ['file that a copy left which was cut off', 'files that a copy left which was cut off'],
  slice: ['file that says what slice of a ledger this is', 'files that say what slice of a ledger this is'],
  saved: [
    'file of evidence or an answer that somebody saved here',
    'files of evidence or answers that somebody saved here',
  ],
  marker: ['object without bytes that marks a folder', 'objects without bytes that mark folders'],
};

/** Ignored counts what is no object of the ledger and no finding either. docs/format.md, section 2. */
export class Ignored {
  readonly #kinds = new Map<IgnoredWhy, { count: number; readonly names: string[] }>();

  add(why: IgnoredWhy, name: string): void {
    let kind = this.#kinds.get(why);
    if (kind === undefined) this.#kinds.set(why, (kind = { count: 0, names: [] }));
    kind.count += 1;
    if (kind.names.length < MAX_NAMED) kind.names.push(name.slice(0, MAX_NAME_LENGTH));
  }

  /** said says in words what was ignored, a line for each kind. */
  get said(): string[] {
    return [...this.#kinds].map(([why, { count, names }]) => {
      const more = count > names.length ? `, and ${count - names.length} more` : '';
      return `ignored: ${count} ${WHAT[why][count === 1 ? 0 : 1]}: ${names.toSorted().join(', ')}${more}`;
    });
  }
}
