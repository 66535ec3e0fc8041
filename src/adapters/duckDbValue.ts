import type {
  DuckDBArrayType,
  DuckDBDataChunk,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBType,
  DuckDBUnionType,
  DuckDBValue,
} from '@duckdb/node-api';
import { AuditsealError } from '../core/errors.ts';
import type { SqlValue } from '../ports/sqlEngine.ts';

type Api = typeof import('@duckdb/node-api');

/** ValueReader reads the rows of an answer whose columns have these types. */
export class ValueReader {
  readonly #api: Api;
  readonly #types: readonly DuckDBType[];

  /** It throws USAGE for a type whose values the engine's client can't tell apart. */
  constructor(api: Api, types: readonly DuckDBType[]) {
    refuseUnnamed(api, types);
    this.#api = api;
    this.#types = types;
  }

  *rowsOf(chunk: DuckDBDataChunk): Generator<readonly SqlValue[]> {
    const vectors = this.#types.map((_, i) => chunk.getColumnVector(i));
    for (let row = 0; row < chunk.rowCount; row++)
      yield this.#types.map((type, i) => this.#valueOf(vectors[i]?.getItem(row) ?? null, type));
  }

  #valueOf(value: DuckDBValue, type: DuckDBType): SqlValue {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return { number: String(value) };
    if (typeof value === 'number') return this.#numberOf(value, type);
    if (typeof value === 'string') return type.alias === 'JSON' ? { json: value } : value;
    const api = this.#api;
    if (value instanceof api.DuckDBDecimalValue) return { number: String(value) };
    if (value instanceof api.DuckDBTimestampTZValue) return value.isFinite ? { moment: value.micros } : String(value);
    if (value instanceof api.DuckDBBlobValue) return { bytes: value.bytes };
    if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) {
      const { valueType } = type as DuckDBListType | DuckDBArrayType;
      return { list: value.items.map((item) => this.#valueOf(item, valueType)) };
    }
    if (value instanceof api.DuckDBStructValue) {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      return {
        members: entryNames.map((name, i) => [
          name,
          this.#valueOf(value.entries[name] ?? null, entryTypes[i] as DuckDBType),
        ]),
      };
    }
    if (value instanceof api.DuckDBMapValue) {
      const { keyType, valueType } = type as DuckDBMapType;
      return {
        map: value.entries.map((entry) => [this.#valueOf(entry.key, keyType), this.#valueOf(entry.value, valueType)]),
      };
    }
    if (value instanceof api.DuckDBUnionValue)
      return this.#valueOf(value.value, (type as DuckDBUnionType).memberTypeForTag(value.tag));
    return String(value);
  }

  /** numberOf prints a FLOAT with the digits that it has, not with those of the DOUBLE that it is read as. */
  #numberOf(value: number, type: DuckDBType): SqlValue {
    if (!Number.isFinite(value)) return String(value);
    if (Object.is(value, -0)) return { number: '-0.0' };
    return { number: type.typeId === this.#api.DuckDBTypeId.FLOAT ? floatText(value) : String(value) };
  }
}

/** The client gives a struct as an object: of members with one name, or none, it gives only the last. */
function refuseUnnamed(api: Api, types: readonly DuckDBType[]): void {
  const left = [...types];
  for (let type = left.pop(); type !== undefined; type = left.pop()) {
    if (type instanceof api.DuckDBStructType) {
      const { entryNames, entryTypes } = type;
      if (new Set(entryNames).size < entryNames.length || entryNames.includes('__proto__') || entryNames.includes(''))
        throw new AuditsealError(
          'USAGE',
          "the SQL: give the members of a struct names of their own, such as {'a': 1, 'b': 2}",
        );
      left.push(...entryTypes);
    } else if (type instanceof api.DuckDBListType || type instanceof api.DuckDBArrayType) left.push(type.valueType);
    else if (type instanceof api.DuckDBMapType) left.push(type.keyType, type.valueType);
    else if (type instanceof api.DuckDBUnionType) left.push(...type.memberTypes);
  }
}

/** floatText gives the shortest decimal that is this number as a float of 32 bits. */
function floatText(value: number): string {
  for (let digits = 1; digits < FLOAT_DIGITS; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

/** So many digits tell any two floats apart. */
const FLOAT_DIGITS = 9;
