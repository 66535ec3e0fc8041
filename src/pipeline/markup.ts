/** Markup is HTML text that may be joined as it is. Only `markup` makes it, so a value can't get into a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(parts: TemplateStringsArray, values: readonly MarkupValue[]) {
    this.text = String.raw({ raw: parts }, ...values.map(toHtml));
  }
}

export type MarkupValue = Markup | readonly Markup[] | string | number;

/** markup joins HTML written in the source with values. Every value that isn't Markup itself is escaped. */
export const markup = (parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup =>
  new Markup(parts, values);

function toHtml(value: MarkupValue): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(toHtml).join('');
  return plainText(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Characters that show nothing, look like a space, or change the direction of others: a name could pretend to be
 * another one. Lone surrogates are among them.
 */
const UNSEEN = /((?:[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}]|(?! )\p{Zs})+)/u;

/** plainText reads a value that should be a string, but comes from a container that anyone may have written to. */
export const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

const escapes = (unseen: string): string =>
  Array.from(unseen, (character) => {
    const digits = (character.codePointAt(0) as number).toString(16);
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
  }).join('');

/** hasUnseen tells whether untrusted would show any of the value's characters as an escape. */
export const hasUnseen = (value: unknown): boolean => UNSEEN.test(plainText(value));

/** visibleText writes characters that can't be seen as escapes such as \u202e. */
export const visibleText = (value: unknown): string =>
  plainText(value)
    .split(UNSEEN)
    .map((part, at) => (at % 2 === 1 ? escapes(part) : part))
    .join('');

/** untrusted is visibleText with the escapes marked, so that they differ from the same characters in the value. */
export const untrusted = (value: unknown): Markup =>
  markup`${plainText(value)
    .split(UNSEEN)
    .map((part, at) => (at % 2 === 1 ? markup`<i>${escapes(part)}</i>` : markup`${part}`))}`;
