/**
 * fold makes of a value what is compared: without white space at both ends, and ASCII letters in lower case. Nothing else is changed,
 * so two values may become one, and none is lost.
 */
export const fold = (value: string): string => asciiLower(trimSpace(value));

/** isSpace tells whether JSON calls a character white space. */
export const isSpace = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b && code !== 0x0c);

/** What JSON calls white space, and nothing else. */
function trimSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** asciiLower changes A to Z and nothing else: toLowerCase changes letters of other scripts too, and differs between releases of Unicode. */
export const asciiLower = (text: string): string =>
  /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
