/** JsonObject is a JSON object whose members are not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * MAX_JSON_DEPTH is how deep the arrays and objects may nest of what is parsed as a whole: reports, actions, headers, entries
 * and evidence. What is deeper could overflow the stack of whoever walks or prints it.
 */
export const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** isJsonObject tells objects from all other JSON values. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** nestsDeeper tells whether the arrays and objects of a JSON text nest deeper than `most`. It goes over the text once. */
export function nestsDeeper(text: string, most: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = lastOfString(text, at);
    // A bracket is a brace without this bit.
    else if ((code | 0x20) === 0x7b && ++depth > most) return true;
    else if ((code | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** lastOfString finds the quote that ends the string that begins at `at`. */
function lastOfString(text: string, at: number): number {
  for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
  return at;
}

/** parseJson parses JSON that nests at most MAX_JSON_DEPTH deep, and gives undefined for any other text. */
export function parseJson(text: string): unknown {
  if (nestsDeeper(text, MAX_JSON_DEPTH)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** parseJsonObject is parseJson for an object, and gives undefined for every other value. */
export function parseJsonObject(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
}
