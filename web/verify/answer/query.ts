/** Query is what was asked for. */
export interface Query {
  /** times; the first is in the interval, the second is not */
  readonly from: string | null;
  readonly to: string | null;
  readonly partitions: readonly string[] | null;
  /** a record is found if it has, of each of these fields, one of the values */
  readonly terms: readonly { readonly field: string; readonly values: readonly string[] }[];
}

/** RULES is the version of the rules that this page knows. */
export const RULES = 1;

/** The fields of docs/fields.md that give terms. */
const FIELDS: readonly string[] = ['category', 'operation', 'actor', 'target', 'resource', 'result', 'ip'];

/** isIndexedField tells whether an index has terms of a field. */
export const isIndexedField = (field: string): boolean => FIELDS.includes(field);

/** What the rules leave of a value: letters in lower case, and nothing at its ends. */
const FOLDED = /^[^ \t\r\nA-Z](?:[^A-Z]*[^ \t\r\nA-Z])?$/;
const URL = /^(?:https?:\/\/|\/)/;
/** An address with what the index takes from it: a port, and brackets. */
const DRESSED = /^(?:\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}|\[[0-9a-f:.%]+\](?::\d{1,5})?)$/;
/** A list of no address stands for itself, and so does a target of which nothing would be left. */
const NO_ADDRESS = /^[, \t\r\n]+$/;
const NO_PATH = /^\/[/ \t\r\n]*(?:[?#]|$)/;
/** What the index takes from a target; white space at its end no folded value has. */
const QUERY = /[?#]|\/$/;

/**
 * isIndexedValue tells whether an index can have a value. Where it can't, nothing is found by it, and that would be no news: an
 * address stands there without port and brackets, and by itself; a target without its query, and slashes before that.
 */
export function isIndexedValue(field: string, value: string): boolean {
  if (!FOLDED.test(value)) return false;
  if (field === 'ip') return value.includes(',') ? NO_ADDRESS.test(value) : !DRESSED.test(value);
  return field !== 'target' || !URL.test(value) || NO_PATH.test(value) || !QUERY.test(value);
}
