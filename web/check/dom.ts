/**
 * UNSEEN matches what shows nothing, looks like a space, or changes the direction of other characters: with it, a text could
 * pretend to be another one.
 */
const UNSEEN = /(?:[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}\u2800\u{1D159}]|(?! )\p{Zs})+/gu;

/** UNSEEN_OR_LOST matches spaces too where a page doesn't show them: at the ends, and beside others. */
const UNSEEN_OR_LOST = new RegExp(`${UNSEEN.source}|^ +| +$| {2,}`, 'gu');

type Child = Node | string;

/** element makes an element. Strings become text, never markup. */
export function element(tag: string, attributes: Readonly<Record<string, string>>, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** untrusted shows text of somebody else: what would not be seen is written as an escape such as \u202e, and marked. */
export const untrusted = (text: string): DocumentFragment => escaped(text, UNSEEN_OR_LOST);

/** laidOut is untrusted for a row of text whose spaces are all shown. */
export const laidOut = (row: string): DocumentFragment => escaped(row, UNSEEN);

function escaped(text: string, unseen: RegExp): DocumentFragment {
  const shown = document.createDocumentFragment();
  let start = 0;
  for (const { 0: found, index } of text.matchAll(unseen)) {
    shown.append(text.slice(start, index), element('i', {}, found.replace(/[^]/g, escapeUnit)));
    start = index + found.length;
  }
  shown.append(text.slice(start));
  return shown;
}

/** The escapes are those of JSON, which the command line writes too: of UTF-16 code units. */
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** code shows text of somebody else in a fixed width. */
export const code = (text: string, attributes: Readonly<Record<string, string>> = {}): HTMLElement =>
  element('code', attributes, untrusted(text));

/** byId finds an element that the page is known to have. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/** drawing makes an SVG of paths in a square of 48. */
export function drawing(paths: readonly string[]): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const attributes = { viewBox: '0 0 48 48', fill: 'none', stroke: 'currentColor', 'stroke-width': '3.5' };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.setAttribute('stroke-linecap', 'round');
  svg.setAttribute('aria-hidden', 'true');
  for (const path of paths) {
    const line = document.createElementNS(space, 'path');
    line.setAttribute('d', path);
    svg.append(line);
  }
  return svg;
}
