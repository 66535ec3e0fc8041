import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement } from '@duckdb/node-api';
import { refusalOf } from './duckDbStatement.ts';
import { ValueReader } from './duckDbValue.ts';
import { holdsSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';
import type { SqlAnswer, SqlCell, SqlEngine, SqlTable, SqlType, SqlValue } from '../ports/sqlEngine.ts';

type Api = typeof import('@duckdb/node-api');

/** DUCKDB is the package of the engine. */
export const DUCKDB = '@duckdb/node-api';

/** Rows go in by chunks: of so many rows at most, which is what a chunk takes, or so many bytes. */
const CHUNK_ROWS = 2048;
const CHUNK_BYTES = 8 * 1024 * 1024;
/** What the appender holds outside the limit of memory, until it hands it on. */
const HELD_BYTES = 64 * 1024 * 1024;
/** What the faults of the engine say is shown so far: it may quote what it read. */
const MOST_SAID = 1000;

export interface DuckDbOptions {
  /** how much memory the engine takes; more goes to the disk */
  readonly memoryBytes: number;
  /** time zone of the names of days and hours, and of times without an offset; the engine must know it */
  readonly zone: string;
  /** the folder in which what memory has no room for gets a folder of its own */
  readonly temporary: string;
}

/** openDuckDb opens an engine in memory, with an empty table. It throws TARGET_INVALID where the engine isn't installed. */
export async function openDuckDb(table: SqlTable, options: DuckDbOptions): Promise<SqlEngine> {
  const api = await loadApi();
  // Only who made it can read it: what is in it are logs.
  const spill = mkdtempSync(join(options.temporary, 'auditseal-query-'));
  try {
    const instance = await api.DuckDBInstance.create(':memory:', {
      // Before external access is forbidden: then nobody can change it.
      temp_directory: spill,
      memory_limit: `${Math.floor(options.memoryBytes)}B`,
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_unsigned_extensions: 'false',
    });
    const connection = await instance.connect();
    await connection.run(`create schema ${SCHEMA}`);
    await connection.run(`create table ${SCHEMA}.lines (${columnsOf(table)})`);
    await connection.run(`create view ${table.name} as select ${viewOf(table)} from ${SCHEMA}.lines`);
    try {
      await connection.run(`set TimeZone = '${options.zone.replaceAll("'", "''")}'`);
    } catch (error) {
      throw new AuditsealError('USAGE', `the engine doesn't know the time zone ${options.zone}`, { cause: error });
    }
    await connection.run('set lock_configuration = true');
    const appender = await connection.createAppender('lines', SCHEMA);
    return new DuckDb(api, { instance, connection, appender, spill }, table);
  } catch (error) {
    rmSync(spill, { recursive: true, force: true });
    throw error;
  }
}

/** The rows are in a schema of their own, so that the view is all that is shown. */
const SCHEMA = 'sealed';

const columnsOf = ({ columns }: SqlTable): string => columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
const viewOf = ({ view }: SqlTable): string => view.map(({ name, from }) => `${from} as "${name}"`).join(', ');

async function loadApi(): Promise<Api> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    const said = messageOf(error).split('\n')[0] ?? '';
    const isThere = !said.includes(`'${DUCKDB}'`);
    const why = isThere
      ? `the SQL engine ${DUCKDB} is installed, and doesn't load on this machine (${process.platform} ${process.arch}): ${said}`
      : `the SQL engine ${DUCKDB} isn't installed`;
    throw new AuditsealError('TARGET_INVALID', why, { cause: error });
  }
}

/** Opened is what has to be closed: `spill` is the folder for what memory has no room for. */
interface Opened {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly appender: DuckDBAppender;
  readonly spill: string;
}

/** DuckDb holds rows in memory, and on the disk what is too much for it, and answers one statement after the other. */
class DuckDb implements SqlEngine {
  readonly #api: Api;
  readonly #opened: Opened;
  readonly #types: readonly SqlType[];
  #rows: (readonly SqlCell[])[] = [];
  /** bytes of these rows, and of those that the appender holds */
  #bytes = 0;
  #held = 0;
  #isRunning = false;
  /** what the engine says of the statement may be repeated: there is nothing in it that looks like a secret */
  #mayRepeat = true;
  #isEnded = false;

  constructor(api: Api, opened: Opened, table: SqlTable) {
    this.#api = api;
    this.#opened = opened;
    this.#types = table.columns.map(({ type }) => type);
  }

  append(row: readonly SqlCell[]): void {
    this.#rows.push(row);
    for (const cell of row) if (typeof cell === 'object' || typeof cell === 'string') this.#bytes += cell?.length ?? 0;
    if (this.#rows.length >= CHUNK_ROWS || this.#bytes >= CHUNK_BYTES) this.#appendRows();
  }

  #appendRows(): void {
    const { DuckDBDataChunk } = this.#api;
    const rows = this.#rows;
    if (rows.length === 0) return;
    const chunk = DuckDBDataChunk.create(
      this.#types.map((type) => this.#api[type === 'JSON' ? 'VARCHAR' : type]),
      rows.length,
    );
    for (const [i, type] of this.#types.entries())
      chunk.setColumnValues(
        i,
        rows.map((row) => this.#valueOf(row[i] ?? null, type)),
      );
    try {
      this.#opened.appender.appendDataChunk(chunk);
      this.#held += this.#bytes;
      if (this.#held >= HELD_BYTES) this.#flush();
    } catch (error) {
      throw this.#faultOf(error);
    }
    this.#rows = [];
    this.#bytes = 0;
  }

  #valueOf(cell: SqlCell, type: SqlType) {
    if (cell === null || typeof cell === 'string') return cell;
    if (typeof cell === 'object') return new this.#api.DuckDBBlobValue(cell);
    if (type === 'TIMESTAMPTZ') return new this.#api.DuckDBTimestampTZValue(BigInt(cell) * 1000n);
    return type === 'BIGINT' ? BigInt(cell) : cell;
  }

  #flush(): void {
    this.#opened.appender.flushSync();
    this.#held = 0;
  }

  async check(sql: string): Promise<void> {
    (await this.#prepare(sql)).destroySync();
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    this.#mayRepeat = !holdsSecret(sql);
    const refusal = await refusalOf(this.#opened.connection, sql);
    if (refusal !== undefined) throw new AuditsealError('USAGE', this.#mayRepeat ? refusal : `the SQL: ${UNREPEATED}`);
    try {
      const statements = await this.#opened.connection.extractStatements(sql);
      const prepared = await statements.prepare(0);
      // What counts is what the engine takes it for.
      if (statements.count === 1 && prepared.statementType === this.#api.StatementType.SELECT) return prepared;
    } catch (error) {
      const said = this.#saidBy(error);
      const isOutside = said.startsWith('Permission Error');
      const why = isOutside
        ? 'the SQL: a statement reads the table alone, and no file, address or database'
        : `the SQL: ${said}`;
      throw new AuditsealError('USAGE', why, { cause: error });
    }
    throw new AuditsealError('USAGE', 'the SQL must be one statement that begins with SELECT, FROM, WITH or the like');
  }

  async run(sql: string): Promise<SqlAnswer> {
    try {
      this.#appendRows();
      this.#flush();
    } catch (error) {
      throw this.#faultOf(error);
    }
    const prepared = await this.#prepare(sql);
    this.#isRunning = true;
    try {
      const result = await prepared.stream();
      const reader = new ValueReader(this.#api, result.columnTypes());
      return { columns: result.deduplicatedColumnNames(), pages: this.#pagesOf(result, reader) };
    } catch (error) {
      throw this.#faultOf(error);
    } finally {
      this.#isRunning = false;
    }
  }

  async *#pagesOf(
    result: Awaited<ReturnType<DuckDBPreparedStatement['stream']>>,
    reader: ValueReader,
  ): AsyncGenerator<Iterable<readonly SqlValue[]>> {
    for (;;) {
      let chunk;
      this.#isRunning = true;
      try {
        chunk = await result.fetchChunk();
      } catch (error) {
        throw this.#faultOf(error);
      } finally {
        this.#isRunning = false;
      }
      // One that is interrupted between two chunks ends as one that is complete.
      if (this.#isEnded) throw ended();
      if (chunk === null || chunk.rowCount === 0) return;
      yield reader.rowsOf(chunk);
    }
  }

  interrupt(): void {
    this.#isEnded = true;
    this.#opened.connection.interrupt();
  }

  close(): void {
    this.#rows = [];
    // A statement that still runs has the connection.
    if (!this.#isRunning) {
      this.#opened.appender.clear();
      this.#opened.connection.closeSync();
      this.#opened.instance.closeSync();
    }
    rmSync(this.#opened.spill, { recursive: true, force: true });
  }

  #saidBy(error: unknown): string {
    const said = saidBy(error);
    const [kind = ''] = /^(?:Out of Memory|IO|Permission) Error/.exec(said) ?? [];
    return this.#mayRepeat ? said : `${kind} ${UNREPEATED}`.trim();
  }

  #faultOf(error: unknown): AuditsealError {
    if (this.#isEnded) return ended();
    if (error instanceof AuditsealError) return error;
    const said = this.#saidBy(error);
    const isTooMuch = /^(?:Out of Memory|IO) Error/.test(said);
    const why = isTooMuch
      ? `this takes more memory, or more room in ${dirname(this.#opened.spill)}, than there is: read less (--from, --to, --partition), ask for fewer columns or groups, ` +
        `or give more (--memory, TMPDIR). ${said.split('. ')[0] ?? ''}`
      : `the SQL failed on what it read: ${said}`;
    return new AuditsealError('TARGET_INVALID', why, { cause: error });
  }
}

/** What is cut of a statement may be the secret alone, so nothing of it is repeated. */
const UNREPEATED = 'what is wrong with it is not repeated, because it holds what looks like a secret';

const ended = (): AuditsealError => new AuditsealError('STOPPING', 'interrupted: there is no whole answer');

/** Errors of native code are of a class of their own in some hosts. */
const messageOf = (error: unknown): string => String((error as { message?: unknown } | undefined)?.message ?? error);

/** saidBy gives the first paragraph of what the engine says of a fault, and the place in the statement. */
function saidBy(error: unknown): string {
  const message = messageOf(error);
  const lines = message.replace(/^Failed to extract statements: /, '').split('\n');
  const place = lines.findIndex((line) => line.startsWith('LINE '));
  const said = [lines[0] ?? '', ...(place < 0 ? [] : lines.slice(place, place + 2))].join('\n');
  return said.slice(0, MOST_SAID);
}
