import { element } from './dom.ts';
import { number, part } from './parts.ts';

/** Cell is what stands in one cell of a table. */
export type Cell = string | Node;

/** Listing is a table of which a part is shown first, and all when it is asked for. */
export interface Listing<T> {
  readonly id: string;
  readonly title: string;
  readonly heads: readonly string[];
  readonly items: readonly T[];
  /** those of the items that are shown first */
  readonly first: readonly T[];
  /** says, a sentence each, what is not shown as long as only the first are */
  readonly rest: readonly string[];
  /** stands above the table, whatever is shown */
  readonly above: readonly Node[];
  readonly row: (item: T) => readonly Cell[];
  /** what stands below an item's row, over all columns */
  readonly below?: (item: T) => Node;
}

/** showListing makes the table, and a button that shows all of it where it doesn't. What is shown is also what is printed. */
export function showListing<T>(listing: Listing<T>): HTMLElement {
  const { id, title, heads, items, first, rest, above, row, below } = listing;
  const rows = first.flatMap((item) => [
    rowOf(heads, row(item)),
    ...(below === undefined ? [] : [wideRow(heads.length, below(item))]),
  ]);
  const shown = part(id, title, ...above, table(id, heads, rows));
  if (first.length === items.length) return shown;
  const button = element('button', { type: 'button' }, `Show and print all ${number(items.length)} rows`);
  button.addEventListener('click', () => {
    const all = showListing({ ...listing, first: items, above: above.map((node) => node.cloneNode(true)) });
    shown.replaceWith(all);
    all.querySelector('h2')?.focus();
  });
  shown.append(element('ul', { class: 'rest' }, ...rest.map((text) => element('li', {}, text))), button);
  return shown;
}

/** On a narrow screen the parts of a table are laid out as blocks; their roles keep them a table for screen readers. */
function table(id: string, heads: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  return element(
    'table',
    { id, role: 'table', 'aria-labelledby': `${id}-title` },
    element(
      'thead',
      { role: 'rowgroup' },
      element(
        'tr',
        { role: 'row' },
        ...heads.map((head) => element('th', { scope: 'col', role: 'columnheader' }, head)),
      ),
    ),
    element('tbody', { role: 'rowgroup' }, ...rows),
  );
}

/** The first cell of a row says what the row is about. */
const rowOf = (heads: readonly string[], cells: readonly Cell[]): HTMLElement =>
  element(
    'tr',
    { role: 'row' },
    ...cells.map((cell, i) =>
      i === 0
        ? element('th', { scope: 'row', role: 'rowheader', 'data-head': heads[i] ?? '' }, cell)
        : element('td', { role: 'cell', 'data-head': heads[i] ?? '' }, cell),
    ),
  );

const wideRow = (columns: number, content: Node): HTMLElement =>
  element('tr', { role: 'row', class: 'below' }, element('td', { role: 'cell', colspan: String(columns) }, content));
