import { UNSEEN } from '../core/text.ts';

/** Markup is HTML text that may be joined as it is. Only `markup` makes it, so a value can't get into a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(parts: TemplateStringsArray, values: readonly MarkupValue[]) {
    this.text = String.raw({ raw: parts }, ...values.map(toHtml));
  }
}

export type MarkupValue = Markup | readonly Markup[] | string | number;

/** markup joins HTML written in the source with values. Of a value that isn't Markup, nothing can act as HTML or be unseen. */
export const markup = (parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup =>
  new Markup(parts, values);

function toHtml(value: MarkupValue): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(toHtml).join('');
  return plainText(value)
    .replace(UNSEEN, escapes)
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** plainText reads a value that should be a string, but comes from a container that anyone may have written to. */
export const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

const escapes = (unseen: string): string =>
  Array.from(unseen, (character) => {
    const digits = (character.codePointAt(0) as number).toString(16);
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
  }).join('');

/** hasUnseen tells whether a value has characters that a page shows as escapes such as \u202e. */
export const hasUnseen = (value: unknown): boolean => plainText(value).search(UNSEEN) >= 0;

/** untrusted marks those escapes, so that they differ from the same letters in the value itself. */
export function untrusted(value: unknown): Markup {
  const text = plainText(value);
  const parts: Markup[] = [];
  let start = 0;
  for (const { 0: unseen, index } of text.matchAll(UNSEEN)) {
    parts.push(markup`${text.slice(start, index)}<i>${unseen}</i>`);
    start = index + unseen.length;
  }
  return markup`${parts}${text.slice(start)}`;
}
