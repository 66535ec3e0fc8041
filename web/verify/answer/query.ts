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

/** isFolded tells whether a value is one that a record can have, by the rules. */
export const isFolded = (value: string): boolean => /^[^ \t\r\nA-Z](?:[^A-Z]*[^ \t\r\nA-Z])?$/.test(value);
