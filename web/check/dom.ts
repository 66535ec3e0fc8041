/**
 * What shows nothing, looks like a space, or changes the direction of other characters: with them a text could pretend to
 * be another one. Only a line break that this page itself makes is let through.
 */
const UNSEEN = /(?:[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}]|(?! )\p{Zs})+/gu;

type Child = Node | string;

/** element makes an element. Strings become text, never markup. */
export function element(tag: string, attributes: Readonly<Record<string, string>>, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** untrusted shows text of somebody else: what can't be seen is written as an escape such as \u202e, and marked. */
export function untrusted(text: string): DocumentFragment {
  const shown = document.createDocumentFragment();
  let start = 0;
  for (const { 0: unseen, index } of text.matchAll(UNSEEN)) {
    shown.append(text.slice(start, index), element('i', {}, escapes(unseen)));
    start = index + unseen.length;
  }
  shown.append(text.slice(start));
  return shown;
}

function escapes(unseen: string): string {
  return Array.from(unseen, (character) => {
    const digits = (character.codePointAt(0) ?? 0).toString(16);
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
  }).join('');
}

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
