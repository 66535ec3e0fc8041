import type { Extra, Field } from '../fields/rule.ts';
import { asciiLower } from '../fields/fold.ts';
import { isJsonObject, parseJson } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';

/** OcsfRecord is a record, and where it stands in the ledger. */
export interface OcsfRecord {
  /** the log's name; undefined where that isn't known */
  readonly ledger: string | undefined;
  readonly partition: number;
  readonly record: number;
  readonly segment: string;
  readonly leaf: number;
  /** number of its segment's entry in the log; undefined for what the log doesn't have yet */
  readonly entry: number | undefined;
  /** record hash, 64 hex digits */
  readonly hash: string;
  /** when the hub got it (ms since 1970) */
  readonly enqueued: number;
  readonly form: string;
  /** the record as it was received */
  readonly raw: Buffer;
  /** of each field the first value: docs/fields.md */
  readonly values: Readonly<Partial<Record<Field | Extra, string>>>;
}

/**
 * RecordView reads members of a record. Keys are compared without regard to ASCII case; of duplicate keys the last counts. Of a list the
 * first item counts, so what is read of one object is never put together with what is read of another. A string that is JSON itself is
 * opened. It finds nothing in what is no JSON object, or nests deeper than MAX_JSON_DEPTH.
 */
export class RecordView {
  readonly values: OcsfRecord['values'];
  readonly #record: unknown;

  constructor({ raw, values, form }: OcsfRecord) {
    this.values = values;
    this.#record = form === 'object' ? parseJson(raw.toString('utf8')) : undefined;
  }

  /** text gives the string, or the number as JavaScript prints it, on a path; undefined for an empty one. */
  text(path: string): string | undefined {
    const value = this.#at(path);
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
  }

  /** first gives the first of these paths that has a text. */
  first(...paths: readonly string[]): string | undefined {
    for (const path of paths) {
      const text = this.text(path);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #at(path: string): unknown {
    let value = this.#record;
    for (const key of path.split('.')) {
      const object = opened(value);
      if (object === undefined) return undefined;
      value = memberOf(object, key);
    }
    return Array.isArray(value) ? (value as unknown[])[0] : value;
  }
}

function opened(value: unknown): JsonObject | undefined {
  const item: unknown = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (isJsonObject(item)) return item;
  if (typeof item !== 'string' || !/^\s*[[{]/.test(item)) return undefined;
  const inner = parseJson(item);
  const first: unknown = Array.isArray(inner) ? (inner as unknown[])[0] : inner;
  return isJsonObject(first) ? first : undefined;
}

function memberOf(object: JsonObject, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const wanted = asciiLower(key);
  const name = Object.keys(object).find((each) => each.length === key.length && asciiLower(each) === wanted);
  return name === undefined ? undefined : object[name];
}
