import { element, untrusted } from './dom.ts';

const MAX_TEXT = 400;

/** number prints a count for people. */
export const number = (count: number): string => count.toLocaleString('en');

/** plural prints a count and what is counted. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** size prints a number of bytes for people. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** cut bounds text of somebody else, and says how much of it is left out. */
export const cut = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} … (${plural(text.length - MAX_TEXT, 'more character')})` : text;

/** paragraph shows text that may hold words of somebody else. */
export const paragraph = (text: string): HTMLElement => element('p', {}, untrusted(text));

/** part is a section of a result under its title, to which a script can move the focus. */
export const part = (id: string, title: string, ...content: Node[]): HTMLElement =>
  element(
    'section',
    { class: 'part', 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title`, tabindex: '-1' }, title),
    ...content,
  );

/** items is a list of things, or the word none. */
export const items = (list: readonly Node[]): Node | string =>
  list.length === 0 ? 'none' : element('ul', {}, ...list.map((item) => element('li', {}, item)));

/** Fact is a name and what it is. */
export type Fact = readonly [string, string | Node];

/** facts is a list of names and what they are. */
export const facts = (list: readonly Fact[]): HTMLElement =>
  element(
    'dl',
    { class: 'facts' },
    ...list.map(([name, value]) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element('dd', {}, typeof value === 'string' ? untrusted(cut(value)) : value),
      ),
    ),
  );
