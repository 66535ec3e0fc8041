/** SqlType is a type of a column that is filled. TIMESTAMPTZ is given in ms since 1970, VARCHAR and JSON as text, BLOB as bytes. */
export type SqlType = 'INTEGER' | 'BIGINT' | 'TIMESTAMPTZ' | 'VARCHAR' | 'JSON' | 'BLOB';

/** SqlCell is a value that is filled in. A number is whole and safe; a text is well-formed Unicode. */
export type SqlCell = string | number | Uint8Array | null;

/** SqlTable is a table that is filled row by row, and the view of it that statements read. */
export interface SqlTable {
  /** name of the view */
  readonly name: string;
  /** the columns that are filled, in the order of a row's cells */
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  /** the columns of the view: of each its name, and the expression over the table's columns that gives it */
  readonly view: readonly { readonly name: string; readonly from: string }[];
}

/** SqlValue is a value of an answer. What is none of the others comes as text. */
export type SqlValue =
  | null
  | boolean
  | string
  /** a number in decimal, with every digit; never NaN or an infinity */
  | { readonly number: string }
  /** a moment, in microseconds since 1970 */
  | { readonly moment: bigint }
  /** a text that the engine takes for JSON */
  | { readonly json: string }
  | { readonly bytes: Uint8Array }
  | { readonly list: readonly SqlValue[] }
  | { readonly members: readonly (readonly [name: string, SqlValue])[] }
  | { readonly map: readonly (readonly [key: SqlValue, value: SqlValue])[] };

/** SqlAnswer is what a statement gives. Its rows come in pages as they are made; reading them throws where the statement fails halfway. */
export interface SqlAnswer {
  /** names of the columns, each once */
  readonly columns: readonly string[];
  readonly pages: AsyncIterable<Iterable<readonly SqlValue[]>>;
}

/** SqlEngine answers statements of SQL over one table that it holds. */
export interface SqlEngine {
  /** append fills in a row. It throws TARGET_INVALID where there is no room for more. */
  append(row: readonly SqlCell[]): void;
  /** check throws USAGE for what isn't one statement that reads the table alone, without running it. */
  check(sql: string): Promise<void>;
  /** run runs a statement over the rows so far. It throws what check does, and TARGET_INVALID for one that fails on what it reads. */
  run(sql: string): Promise<SqlAnswer>;
  /** interrupt ends what runs, and all that comes: it throws STOPPING. */
  interrupt(): void;
  /** close gives back what was put on the disk, at once, and the memory, if no statement runs. */
  close(): void;
}
