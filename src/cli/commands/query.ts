import { rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { DUCKDB, openDuckDb } from '../../adapters/duckDb.ts';
import { AuditsealError } from '../../core/errors.ts';
import { Search } from '../../find/search.ts';
import type { Tally } from '../../find/tally.ts';
import { KEEPS_JSON, RECORDS, recordRow } from '../../query/recordTable.ts';
import type { Unread } from '../../query/recordTable.ts';
import type { SqlAnswer, SqlEngine } from '../../ports/sqlEngine.ts';
import { defineCommand } from '../command.ts';
import { callersPath, refuseExisting } from '../files.ts';
import { TEXT_FORMATS } from '../hits.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { TARGET_MEANING } from '../options.ts';
import { counted, print, tell, warn } from '../output.ts';
import { Progress } from '../progress.ts';
import { CACHE_OPTION, INDEX_OPTIONS, cacheIn, oneOf, spanIn, SPAN_OPTIONS } from '../searchOptions.ts';
import { SEARCH_EXITS, searchedLines, searchExit } from '../searched.ts';
import { ENDING_SIGNALS } from '../signals.ts';
import { openSink } from '../sink.ts';
import { sliceClaimOf, outsideFoundLines } from '../sliceFolder.ts';
import { rowFormat } from '../sqlRows.ts';
import type { RowFormat } from '../sqlRows.ts';
import { openTarget, openTileStore, targetWithoutSas } from '../target.ts';
import { unusable, usageError } from '../usage.ts';
import type { OptionTable } from '../usage.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const MB = 1_000_000;
/** The engine needs some for itself. */
const LEAST_MB = 100;

const OPTIONS = {
  ...SPAN_OPTIONS,
  ...INDEX_OPTIONS,
  ...CACHE_OPTION,
  memory: {
    type: 'number',
    placeholder: 'MB',
    least: LEAST_MB,
    meaning:
      "memory that records and the statement take together (default: half of this machine's). What is more goes to a folder of its own in " +
      'TMPDIR, which is removed at the end',
  },
  format: { type: 'text', placeholder: TEXT_FORMATS.join('|'), meaning: 'how to print (default: table)' },
  out: { type: 'file', placeholder: 'FILE', meaning: 'write what is found to this file, which must not exist yet' },
} as const satisfies OptionTable;

export const command = defineCommand(
  {
    name: 'query',
    arguments: ['TARGET', 'SQL'],
    usage: ['TARGET SQL [--from TIME] [--to TIME] [options]', 'TARGET - [options] < FILE'],
    description: [
      'Answers one statement of SQL over the sealed records, each of which is compared with what the log says of its segment, and says ' +
        'what was looked at and what not. The table is called records; "DESCRIBE records" lists its columns. --from, --to and --partition ' +
        'limit what is read, so what a statement takes; WHERE alone reads everything.',
      'SQL is a statement in the dialect of DuckDB that only reads: SELECT, FROM, WITH, DESCRIBE or SUMMARIZE. It reaches no file and no ' +
        'network. Where it is -, it is read from standard input.',
      TARGET_MEANING,
    ],
    options: OPTIONS,
    notes: [
      `It needs the SQL engine, which is installed beside Auditseal: npm install ${engineWithVersion()}`,
      'docs/operations.md, Query, says what the columns are, and what an answer covers.',
    ],
    exits: { ...SEARCH_EXITS, unknown: `${SEARCH_EXITS.unknown}; or the statement failed, or was interrupted` },
    examples: [
      "auditseal query ./mirror 'SELECT actor, count(*) FROM records GROUP BY actor'",
      'auditseal query ./mirror - --format csv --out answer.csv < hunt.sql',
    ],
  },
  async ({ given: [target, given], options }) => {
    const format = oneOf('--format', options.format ?? 'table', TEXT_FORMATS);
    const { zone, ...span } = spanIn(options);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    if (options.out !== undefined) await refuseExisting('--out', options.out);
    const sql = given === '-' ? await standardInput() : given;
    const store = await openTarget(target);
    const tiles = options['no-index'] ? undefined : await openTileStore(target, options.tlog);
    const cache = cacheIn(options);
    const query = { by: 'hub', terms: new Map(), where: [], texts: [], ...span } as const;
    const progress = Progress.ofSearch('query');
    const onProgress = progress.showSegments.bind(progress);
    const slice = await sliceClaimOf(target);
    const read = { verifiers, ...(slice && { slice }), ...(tiles && { tiles }), ...cache.deps };
    const deps = { store, ...read, onProgress, keepsTaken: true } as const;
    const search = new Search(deps, query);
    const engine = await openEngine(zone, options.memory);
    const signals = new Signals(engine);
    const isFile = options.out !== undefined;
    const say = format === 'table' || isFile ? print : tell;
    try {
      // A slip of the pen is told before a ledger is read for minutes.
      await engine.check(sql);
      const unread = await load(search, engine);
      progress.clear();
      signals.running();
      const answer = await engine.run(sql);
      const width = isFile || !process.stdout.isTTY ? 0 : (process.stdout.columns ?? 0);
      const printed = rowFormat(format, answer.columns, { zone, width });
      const { count, isRead } = await writeRows(answer, printed, options.out);
      signals.written();
      say('');
      for (const line of [
        `${counted(count, 'row')}${isRead ? '' : ' until its reader went away'}`,
        ...(printed.cut > 0
          ? [`${counted(printed.cut, 'value is', 'values are')} cut (…): --format jsonl has them whole`]
          : []),
        ...unreadLines(unread),
        ...fieldlessLines(search.tally),
        ...(await outsideFoundLines(target, search.tally)),
        ...searchedLines(search.tally, query, { zone, isKeyGiven: verifiers.length > 0 }),
        ...cache.lines(),
        proofLine(target, answer.columns),
      ])
        say(line);
      return searchExit(search.tally);
    } finally {
      progress.clear();
      engine.close();
      signals.done();
    }
  },
);

const STATEMENT_BYTES = 1_000_000;

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > STATEMENT_BYTES) throw usageError(`the SQL is longer than ${STATEMENT_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** engineWithVersion names the package of the engine, in the version that this release is tested with. */
function engineWithVersion(): string {
  return `${DUCKDB}@${packageJson.peerDependencies[DUCKDB]}`;
}

async function openEngine(zone: string, memory: number | undefined): Promise<SqlEngine> {
  // In a container, what that may use.
  const machine = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const memoryBytes = memory === undefined ? Math.max(machine / 2, LEAST_MB * MB) : memory * MB;
  try {
    return await openDuckDb(RECORDS, { memoryBytes, zone, temporary: tmpdir() });
  } catch (error) {
    if (!(error instanceof AuditsealError) || error.code !== 'TARGET_INVALID') throw error;
    const how = `npm install ${engineWithVersion()}, with --global if auditseal was installed so`;
    throw unusable(`${error.message}; install it beside auditseal: ${how}`, error);
  }
}

/** Signals is how this program ends when somebody ends it, so that nothing stays on the disk. */
class Signals {
  readonly #engine: SqlEngine;
  #isRunning = false;
  #isWritten = false;
  #asked: NodeJS.Signals | undefined;

  constructor(engine: SqlEngine) {
    this.#engine = engine;
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#onSignal);
  }

  /** running says that a statement runs, which ends by itself if it is interrupted. */
  running(): void {
    this.#isRunning = true;
  }

  /** written says that the answer is where it was to go: a signal that comes later takes nothing of it. */
  written(): void {
    this.#isRunning = false;
    this.#isWritten = true;
  }

  /** done gives signals their own effect back. Whoever waits for this program learns of one that came as if nothing had caught it. */
  done(): void {
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#onSignal);
    if (this.#asked === undefined) return;
    if (!this.#isWritten) warn('interrupted: there is no whole answer');
    process.kill(process.pid, this.#asked);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const isFirst = this.#asked === undefined;
    this.#asked = signal;
    if (this.#isRunning && isFirst) return this.#engine.interrupt();
    this.#engine.close();
    this.done();
  };
}

/** load fills in the records that a search reads, and counts those whose JSON isn't read as others may read it. */
async function load(search: Search, engine: SqlEngine): Promise<ReadonlyMap<Unread, number>> {
  const unread = new Map<Unread, number>();
  for await (const hit of search.hits()) {
    const { cells, why } = recordRow(hit);
    engine.append(cells);
    if (why !== undefined) unread.set(why, (unread.get(why) ?? 0) + 1);
  }
  return unread;
}

function unreadLines(unread: ReadonlyMap<Unread, number>): string[] {
  const all = [...unread].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sum = (faults: typeof all): number => faults.reduce((total, [, count]) => total + count, 0);
  const without = all.filter(([why]) => !KEEPS_JSON.has(why));
  const kept = all.filter(([why]) => KEEPS_JSON.has(why));
  return [
    ...(without.length > 0
      ? [
          `${counted(sum(without), 'record has', 'records have')} no json, so a condition on it passes them over (${without.map(([why, count]) => `${why}: ${count}`).join(', ')}): see WHERE why IS NOT NULL`,
        ]
      : []),
    ...(kept.length > 0
      ? [
          `${counted(sum(kept), 'record has', 'records have')} a number in json that is read rounded: raw has its digits`,
        ]
      : []),
  ];
}

/** fieldlessLines says how many records a condition on a field passes over, since no rule takes one of them. */
function fieldlessLines({ asText }: Tally): string[] {
  const all = asText.notJson + asText.noFields;
  return all === 0
    ? []
    : [
        `${counted(all, 'record has', 'records have')} no fields (not JSON: ${asText.notJson}, no rule takes anything: ${asText.noFields}), so a condition on one passes them over, where auditseal find searches them as text`,
      ];
}

/** So much text is written at once. */
const WRITTEN_CHARACTERS = 64 * 1024;

/** What V8 and Node say of a string that is longer than they have. */
const TOO_LONG = /^(?:Invalid string length|Cannot create a string longer than 0x[0-9a-f]+ characters)$/;

/** writeRows writes an answer, and counts its rows. `isRead` is false where the reader had seen enough. */
async function writeRows(
  { pages }: SqlAnswer,
  printed: RowFormat,
  out: string | undefined,
): Promise<{ readonly count: number; readonly isRead: boolean }> {
  const sink = await openSink(out);
  let count = 0;
  let text = printed.head;
  let isRead = true;
  try {
    for await (const page of pages) {
      for (const row of page) {
        count += 1;
        text += printed.line(row);
        if (text.length < WRITTEN_CHARACTERS) continue;
        isRead = await sink.write(text);
        text = '';
        if (!isRead) break;
      }
      if (!isRead) break;
    }
    await sink.write(text + printed.end());
    await sink.close();
    return { count, isRead };
  } catch (error) {
    // Half an answer looks like a whole one.
    await sink.close().catch(() => undefined);
    if (out !== undefined) await rm(callersPath(out), { force: true });
    if (TOO_LONG.test((error as Error).message))
      throw unusable(
        'a value of the answer has more than 512 MB, which is more than can be printed: select less of it',
        error,
      );
    throw error;
  }
}

/** proofLine says how a row is proved: by its place, if it has one. */
function proofLine(target: string, columns: readonly string[]): string {
  const hasPlace = columns.includes('partition') && columns.includes('record');
  const how = `auditseal prove ${targetWithoutSas(target)} --partition P --record N`;
  return `to prove a record: ${how}, with its partition and record${hasPlace ? '' : ', which this statement does not select'}`;
}
