import { readEntered, withCachedIndex } from './cachedReads.ts';
import { EntryReader } from './entryReader.ts';
import { indexFault, openIndexedLog } from './indexedLog.ts';
import type { IndexedLog } from './indexedLog.ts';
import { indexedTerms, unitReachesInto } from './indexSearch.ts';
import { intervalOf, reachesInto } from './query.ts';
import type { Interval, Query } from './query.ts';
import { UnitReader } from './unitReader.ts';
import type { PlacedTerm } from './unitReader.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { leafHash, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { checkAnswer } from '../core/index/checkAnswer.ts';
import type { IndexManifest } from '../core/index/manifest.ts';
import { formatManifest } from '../core/index/manifest.ts';
import { countOf, intersectionOf, parsePostings, recordsIn, unionOf } from '../core/index/postings.ts';
import type { Postings } from '../core/index/postings.ts';
import { ROWS_PER_BLOCK } from '../core/index/segmentRow.ts';
import type { SegmentRow } from '../core/index/segmentRow.ts';
import { RESERVED, keyOf } from '../core/index/termKey.ts';
import type { TermKey } from '../core/index/termKey.ts';
import { proveTerm } from '../core/index/unit.ts';
import { inclusionRanges, proveInclusion } from '../core/merkle/proof.ts';
import { nodesInMemory } from '../core/merkle/tree.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MAX_ANSWER_RECORDS } from '../core/objects/answer.ts';
import type { Answer, ProvedLeaf, ProvedLine, ProvedRecord, ProvedReport, ProvedTerm } from '../core/objects/answer.ts';
import type { AnswerQuery } from '../core/objects/answerQuery.ts';
import { headsOf } from '../core/objects/heads.ts';
import { segmentName } from '../core/objects/names.ts';
import { openEntered } from '../core/signed/enteredSegment.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { newestRederived } from '../ledger/rederivedIndex.ts';
import type { RederivedIndex } from '../ledger/rederivedIndex.ts';
import { nodesFromTiles, proveGrowth } from '../ledger/treeProof.ts';
import type { ByteCache } from '../ports/cache.ts';
import type { ObjectStore, SearchableTiles } from '../ports/store.ts';

export interface AnswerDeps {
  readonly store: ObjectStore;
  readonly tiles: SearchableTiles;
  /** keys that the log signs with */
  readonly verifiers: readonly VerifierKey[];
  /** keeps what is read of the index's units, and segments */
  readonly cache?: ByteCache;
}

/** answerQueryOf gives what of a query an answer can prove: terms of fields, the hub's time, partitions. */
function answerQueryOf(query: Query): AnswerQuery {
  const { from, to, partitions } = query;
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    from: time(from),
    to: time(to),
    partitions: partitions === undefined ? null : [...partitions].sort((a, b) => Number(a) - Number(b)),
    terms: [...indexedTerms(query)].map(([field, values]) => ({ field, values })),
  };
}

/**
 * makeAnswer proves which records have a query's terms, and that there are no others. It goes by the index that an auditor's report has
 * made again, if nothing of the interval came behind it and the newest doesn't reach further; else by the newest. It gives in words why
 * nothing can be proved. What it gives is not verified yet.
 */
export async function makeAnswer(deps: AnswerDeps, query: Query): Promise<Answer | string> {
  const { tiles, cache } = deps;
  try {
    return await makeWhole(cache === undefined ? deps : { ...deps, tiles: withCachedIndex(tiles, cache) }, query);
  } catch (error) {
    // What is kept may be of tiles that somebody had changed: then it is read anew.
    const { cache: _, ...uncached } = deps;
    return cache === undefined ? indexFault(error) : makeAnswer(uncached, query);
  }
}

async function makeWhole(deps: AnswerDeps, query: Query): Promise<Answer | string> {
  const log = await openIndexedLog(deps.tiles, deps.verifiers);
  if (typeof log === 'string') return log;
  if (log.manifest.entries === 0) return 'the index covers nothing yet';
  const maker = new AnswerMaker(deps, query, log);
  const rederived = await newestRederived(deps, log.checkpoint);
  if (rederived === undefined || !(await maker.isWhole(rederived))) return maker.make(undefined);
  const vouched = await maker.make(rederived);
  // Whoever filed the report may have said anything.
  if (typeof vouched === 'object' && !isStated(vouched)) return maker.make(undefined);
  if (typeof vouched === 'string' || reachesEnd(vouched, deps.verifiers)) return vouched;
  const newest = await maker.make(undefined);
  return typeof newest === 'object' && reachesEnd(newest, deps.verifiers) ? newest : vouched;
}

/** reachesEnd tells whether an answer speaks of all of its interval. */
function reachesEnd(answer: Answer, verifiers: readonly VerifierKey[]): boolean {
  return attempt(() => checkAnswer(answer, verifiers), 'malformed', 'contradicted')?.reach.isWhole === true;
}

/** isStated tells whether the heads of an answer state its manifest. */
function isStated({ heads, manifest }: Answer): boolean {
  const stated = attempt(() => headsOf([Buffer.from(heads.line)]).index, 'malformed');
  return stated?.manifest === sha256(Buffer.from(manifest));
}

class AnswerMaker {
  readonly #deps: AnswerDeps;
  readonly #query: Query;
  readonly #interval: Interval;
  readonly #log: IndexedLog;
  readonly #entries: EntryReader;

  constructor(deps: AnswerDeps, query: Query, log: IndexedLog) {
    this.#deps = deps;
    this.#query = query;
    this.#interval = intervalOf(query);
    this.#log = log;
    this.#entries = new EntryReader(deps.tiles, log.checkpoint);
  }

  #isMeant(row: Pick<SegmentRow, 'partition' | 'first' | 'last'>): boolean {
    return reachesInto(row, this.#interval) && (this.#query.partitions?.has(row.partition) ?? true);
  }

  /** isWhole tells whether no segment behind an earlier index reaches into the interval. */
  async isWhole({ manifest }: RederivedIndex): Promise<boolean> {
    const { tiles } = this.#deps;
    const { checkpoint } = this.#log;
    const before = await headsBefore(tiles, checkpoint, manifest.entries);
    if (before === undefined) return false;
    for await (const { segments } of readBatchesOf(tiles, checkpoint, manifest.entries, before))
      for (const { entry } of segments) {
        const times = { first: Date.parse(entry.time.first), last: Date.parse(entry.time.last) };
        if (this.#isMeant({ partition: entry.partition, ...times })) return false;
      }
    return true;
  }

  async make(rederived: RederivedIndex | undefined): Promise<Answer | string> {
    const { note, checkpoint } = this.#log;
    const manifest = rederived?.manifest ?? this.#log.manifest;
    const units: Answer['units'][number][] = [];
    const found: { readonly row: SegmentRow; readonly runs: readonly number[] }[] = [];
    for (const [number, unit] of manifest.units.entries()) {
      if (!unitReachesInto(unit, this.#interval)) continue;
      const reader = new UnitReader(this.#deps.tiles, unit);
      const { terms, segments } = await this.#askUnit(reader, manifest);
      units.push({ unit: number, terms });
      for (const segment of segments) if (segment.runs.length > 0 && this.#isMeant(segment.row)) found.push(segment);
    }
    const count = found.reduce((sum, { runs }) => sum + countOf(runs), 0);
    if (count > MAX_ANSWER_RECORDS)
      return `${count} records have these terms in segments that reach into that time, and an answer has ${MAX_ANSWER_RECORDS} at most: ask for a shorter time, one partition, or a field more`;
    const segments: ProvedLine[] = [];
    const records: ProvedRecord[] = [];
    for (const { row, runs } of found) {
      const proved = await this.#proveRecords(row, runs, segments.length);
      if (typeof proved === 'string') return proved;
      segments.push(await this.#proveLine(row.entry));
      records.push(...proved);
    }
    const heads = await this.#proveLine((rederived?.size ?? checkpoint.size) - 1);
    return {
      query: answerQueryOf(this.#query),
      checkpoint: note.toString('utf8'),
      verifierKeys: this.#deps.verifiers.map(formatVerifierKey),
      heads,
      end: await this.#proveLine(manifest.entries - 1),
      manifest: formatManifest(manifest).toString('utf8'),
      units,
      segments,
      records,
      ...(rederived && { report: await this.#proveReport(rederived) }),
    };
  }

  async #proveReport({ report, size }: RederivedIndex): Promise<ProvedReport> {
    const { checkpoint } = this.#log;
    const consistency = size < checkpoint.size ? await proveGrowth(this.#deps.tiles, size, checkpoint) : [];
    return { ...report, ...(await this.#proveLine(report.index)), consistency };
  }

  /** askUnit gives the terms that an answer needs of a unit, proved, and the records that have the query's. */
  async #askUnit(
    reader: UnitReader,
    { rules }: IndexManifest,
  ): Promise<{
    readonly terms: readonly ProvedTerm[];
    readonly segments: readonly { readonly row: SegmentRow; readonly runs: readonly number[] }[];
  }> {
    const keys = new Set<TermKey>([keyOf(RESERVED.unindexed, '', rules)]);
    const listOf = async (field: string, value: string): Promise<Postings> => {
      keys.add(keyOf(field, value, rules));
      const bytes = await reader.find(field, value);
      return bytes === undefined ? [] : parsePostings(bytes);
    };
    let found: Postings | undefined;
    for (const [field, values] of indexedTerms(this.#query)) {
      const lists: Postings[] = [];
      for (const value of values) lists.push(await listOf(field, value));
      found = found === undefined ? unionOf(lists) : intersectionOf(found, unionOf(lists));
    }
    if (found !== undefined) for (const name of [RESERVED.notJson, RESERVED.noFields]) keys.add(keyOf(name, '', rules));
    const { segments: all } = reader.unit;
    const ordinals =
      found === undefined ? Array.from({ length: all }, (_, i) => i) : found.map(({ ordinal }) => ordinal);
    const runsOf = new Map(found?.map(({ ordinal, runs }) => [ordinal, runs]));
    const segments: { row: SegmentRow; runs: readonly number[] }[] = [];
    let [block, rows]: [number, readonly SegmentRow[]] = [-1, []];
    for (const ordinal of ordinals) {
      if (Math.floor(ordinal / ROWS_PER_BLOCK) !== block) {
        block = Math.floor(ordinal / ROWS_PER_BLOCK);
        rows = await reader.rows(block);
        keys.add(keyOf(RESERVED.segments, String(block), rules));
      }
      const row = rows[ordinal % ROWS_PER_BLOCK];
      if (row === undefined)
        throw new AuditsealError('INDEX_MALFORMED', `postings name segment ${ordinal} of a unit that has ${all}`);
      segments.push({ row, runs: runsOf.get(ordinal) ?? (row.records > 0 ? [0, row.records] : []) });
    }
    const terms: ProvedTerm[] = [];
    for (const key of [...keys].sort()) terms.push(await proveKey(reader, key));
    return { terms, segments };
  }

  async #proveLine(index: number): Promise<ProvedLine> {
    const { size } = this.#log.checkpoint;
    const line = await this.#entries.line(index);
    const readNode = await nodesFromTiles(this.#deps.tiles, inclusionRanges(index, size), size);
    return { index, line: line.toString('utf8'), hashes: proveInclusion(index, size, readNode).hashes };
  }

  /** proveRecords proves records of a segment, or says why it can't. */
  async #proveRecords(row: SegmentRow, runs: readonly number[], segment: number): Promise<ProvedRecord[] | string> {
    const name = segmentName(row.partition, row.index);
    const entry = await this.#entries.segmentOf(row);
    if (typeof entry === 'string') return `${name}: ${entry}`;
    const stored = await readEntered(this.#deps, name, entry.sha256);
    const content =
      typeof stored === 'object'
        ? attempt(() => openEntered(stored, { name, sha256: entry.sha256 }), 'malformed')
        : undefined;
    if (content === undefined) return `${name} can't be read, or is not what its entry in the log says`;
    const leaves = leavesOf(content);
    const readNode = nodesInMemory(leaves.map(({ hash }) => hash));
    const records: ProvedRecord[] = [];
    for (const record of recordsIn(runs)) {
      const leaf = leaves[record + 1];
      if (leaf === undefined) return `the index says that ${name} has a record ${record}, and it has not`;
      const line = content.toString('utf8', leaf.start, leaf.end);
      records.push({ segment, line, ...proveInclusion(record + 1, leaves.length, readNode) });
    }
    return records;
  }
}

interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly hash: Hash;
}

/** leavesOf gives the leaves of a segment: its lines but the last. */
function leavesOf(content: Buffer): Leaf[] {
  const leaves: Leaf[] = [];
  const last = content.lastIndexOf(LF, -2) + 1;
  for (let start = 0; start < last;) {
    const end = content.indexOf(LF, start);
    leaves.push({ start, end, hash: leafHash(content.subarray(start, end)) });
    start = end + 1;
  }
  return leaves;
}

const LF = 0x0a;

/** proveKey proves that a unit has a term, or has none of that key. */
async function proveKey(reader: UnitReader, key: TermKey): Promise<ProvedTerm> {
  const { index, isThere } = await reader.place(key);
  const placed = await reader.at(index);
  if (isThere && placed !== undefined) {
    const { hashes } = proveTerm(await reader.directory(), placed.page, index);
    return { key, index, hashes, postings: await reader.postingsOf(placed) };
  }
  return { key, before: await proveLeaf(reader, await reader.at(index - 1)), after: await proveLeaf(reader, placed) };
}

async function proveLeaf(reader: UnitReader, placed: PlacedTerm | undefined): Promise<ProvedLeaf | null> {
  if (placed === undefined) return null;
  const { term, index, page } = placed;
  const { hashes } = proveTerm(await reader.directory(), page, index);
  return { key: term.key, postings: term.hash, index, hashes };
}
