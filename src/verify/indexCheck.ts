import type { Context } from './context.ts';
import { readFor } from './context.ts';
import type { VerifyOptions } from './options.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { formatHash, parseHash } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import type { SegmentPart } from '../core/index/build.ts';
import type { IndexManifest, IndexUnit } from '../core/index/manifest.ts';
import { groupUnits, isRange, widthsIn } from '../core/index/ranges.ts';
import { rowOf } from '../core/index/segmentRow.ts';
import { WholeUnit } from '../core/index/wholeUnit.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { NO_HEADS } from '../core/objects/heads.ts';
import type { IndexStatement } from '../core/objects/heads.ts';
import { INDEX_FOLDERS, TLOG, manifestName, segmentName, unitName } from '../core/objects/names.ts';
import type { IndexReport, VerifiedCheckpoint } from '../core/objects/report.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import type { SegmentInLog } from '../ledger/entries.ts';
import { IndexUnits } from '../ledger/indexUnits.ts';
import { openManifest, otherRules, unitsInMemory } from '../ledger/indexFiles.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ReadableTiles } from '../ports/store.ts';

/** CheckedIndex is what a check found out about the index, and what it left out, in words. */
export interface CheckedIndex {
  readonly report?: IndexReport;
  readonly notChecked: readonly string[];
}

/**
 * checkIndex makes the index that the log states again from the segments, and compares it. It reads each of them once more, because units
 * are of the log, and chains of partitions; so a check that isn't one of everything leaves that out, and one that joins slices too.
 */
export async function checkIndex(
  context: Context,
  { isIncremental = false, isQuick = false }: VerifyOptions,
  head: VerifiedCheckpoint | undefined,
): Promise<CheckedIndex> {
  const { tiles, indexSegment } = context;
  const rootHash = head && parseHash(head.root);
  if (tiles === undefined || head === undefined || rootHash === undefined) return { notChecked: [] };
  const tree = { size: head.size, rootHash };
  try {
    const statement = (await headsBefore(tiles, tree, tree.size))?.index;
    if (statement === undefined) return { notChecked: [] };
    const check = new IndexCheck(context, tiles, tree, statement);
    const manifest = await check.manifest();
    if (manifest === undefined) return { notChecked: [] };
    const said = { entries: statement.entries, rules: statement.rules, manifest: formatHash(statement.manifest) };
    const reported = (rederived: number): IndexReport => ({ ...said, units: manifest.units.length, rederived });
    if (isQuick || isIncremental || indexSegment === undefined || context.rehashed !== undefined)
      return {
        report: reported(0),
        notChecked: ['the index was not made again from the segments', ...(await missingUnits(tiles, manifest))],
      };
    const why = otherRules(statement);
    if (why !== undefined) return { report: reported(0), notChecked: [`${why}, so it was not made again`] };
    const { rederived, without } = await check.rederive(manifest);
    return {
      report: reported(rederived),
      notChecked:
        without > 0
          ? [`the index of ${without} segments was not made again, because they are not what the log says`]
          : [],
    };
  } catch (error) {
    // What is wrong with the tiles is found where they are compared.
    return { notChecked: [`the index was not looked at: ${faultIn(error, 'malformed', 'unavailable').message}`] };
  }
}

/** missingUnits says which units of a manifest have no file, to a check that reads none of them. */
async function missingUnits(tiles: ReadableTiles, { units }: IndexManifest): Promise<string[]> {
  const wanted = new Set(units.filter(({ segments }) => segments > 0).map(({ tree }) => unitName(tree.rootHash)));
  const count = wanted.size;
  for await (const { name } of tiles.list(INDEX_FOLDERS.units)) wanted.delete(name);
  const [first] = wanted;
  if (first === undefined) return [];
  return [`${wanted.size} of the ${count} units of the index have no file: ${TLOG}${first} is the first`];
}

class IndexCheck {
  readonly #context: Context;
  readonly #tiles: ReadableTiles;
  readonly #tree: TreeHead;
  readonly #statement: IndexStatement;

  constructor(context: Context, tiles: ReadableTiles, tree: TreeHead, statement: IndexStatement) {
    this.#context = context;
    this.#tiles = tiles;
    this.#tree = tree;
    this.#statement = statement;
  }

  #say(name: string, detail: string): void {
    this.#context.findings.error('index-mismatch', `${TLOG}${name}`, detail);
  }

  async #read(name: string): Promise<Buffer | undefined> {
    const read = await readFor(this.#context, this.#tiles, name, `${TLOG}${name}`);
    if (typeof read === 'object') return read;
    if (read === undefined) this.#say(name, 'it is missing, and the log states it');
    else if (read !== 'unreadable') this.#say(name, WHY_UNREAD[read]);
    return undefined;
  }

  /** manifest gives the manifest that the log states. */
  async manifest(): Promise<IndexManifest | undefined> {
    const name = manifestName(this.#statement.manifest);
    const bytes = await this.#read(name);
    if (bytes === undefined) return undefined;
    try {
      return openManifest(bytes, this.#statement);
    } catch (error) {
      this.#say(name, faultIn(error, 'malformed').message);
      return undefined;
    }
  }

  /** rederive compares the units of a manifest, and gives how many were made again, and of how many segments nothing could be said. */
  async rederive(manifest: IndexManifest): Promise<{ readonly rederived: number; readonly without: number }> {
    const name = manifestName(this.#statement.manifest);
    const derived = new DerivedUnit(manifest.units);
    let [rederived, without, end] = [0, 0, 0];
    for await (const { segments, size } of readBatchesOf(this.#tiles, this.#tree, 0, NO_HEADS)) {
      if (size > manifest.entries) break;
      end = size;
      for await (const part of mapInOrder(segments, this.#context.concurrency, this.#partOf)) {
        for (const unit of await derived.add(part)) if (await this.#compare(unit)) rederived += 1;
        if (part.terms === undefined) without += 1;
      }
      if (end === manifest.entries) break;
    }
    for (const unit of await derived.finish()) if (await this.#compare(unit)) rederived += 1;
    if (end !== manifest.entries) this.#say(name, `it covers ${manifest.entries} entries, and no batch ends there`);
    else if (!hasOwnRanges(manifest)) this.#say(name, 'its units are of other ranges than the log gives');
    return { rederived, without };
  }

  #partOf = async ({ leaf, entry }: Omit<SegmentInLog, 'batch'>): Promise<DerivedPart> => {
    const name = segmentName(entry.partition, entry.index);
    const stored = await readFor(this.#context, this.#context.store, name);
    const row = rowOf(leaf, entry);
    if (typeof stored !== 'object') return { row, terms: undefined };
    try {
      return { row, terms: await this.#context.indexSegment?.(stored, { name, sha256: entry.sha256 }) };
    } catch (error) {
      // The segment has a finding of its own.
      faultIn(error, 'malformed');
      return { row, terms: undefined };
    }
  };

  /** compare says what is wrong with a unit, and tells whether it was made again. */
  async #compare({ stated, made }: ComparedUnit): Promise<boolean> {
    if (made === undefined) return false;
    const name = unitName(stated.tree.rootHash);
    const isSame =
      isSameTree(stated.tree, made.tree) &&
      stated.segments === made.segments &&
      stated.records === made.records &&
      stated.time?.first === made.time?.first &&
      stated.time?.last === made.time?.last;
    if (!isSame) this.#say(name, `it is not what the segments of entries ${stated.from} to ${stated.to} give`);
    if (stated.segments === 0) return true;
    const file = await this.#read(name);
    const isWhole = file !== undefined && attempt(() => readAll(file, stated.tree), 'malformed') !== undefined;
    if (file !== undefined && !isWhole) this.#say(name, 'its bytes are not those of its tree');
    return true;
  }
}

function readAll(file: Buffer, tree: TreeHead): true {
  for (const _ of new WholeUnit(file, tree).terms());
  return true;
}

interface DerivedPart {
  readonly row: SegmentPart['row'];
  /** undefined for a segment that isn't what the log says */
  readonly terms: Buffer | undefined;
}

interface ComparedUnit {
  readonly stated: IndexUnit;
  /** undefined where a segment of it isn't what the log says */
  readonly made: IndexUnit | undefined;
}

/** DerivedUnit makes the units that a manifest has, one after the other. */
class DerivedUnit {
  readonly #left: IndexUnit[];
  #units: IndexUnits | undefined;
  #isLost = false;

  constructor(units: readonly IndexUnit[]) {
    this.#left = [...units];
  }

  async add({ row, terms }: DerivedPart): Promise<ComparedUnit[]> {
    const ended: ComparedUnit[] = [];
    while (this.#left[0] !== undefined && this.#left[0].to <= row.entry) ended.push(await this.#end(this.#left[0]));
    const [unit] = this.#left;
    if (unit === undefined) return ended;
    this.#units ??= new IndexUnits(unitsInMemory(), [], unit.from);
    if (terms === undefined) this.#isLost = true;
    else if (!this.#isLost) await this.#units.add({ row, terms });
    return ended;
  }

  async finish(): Promise<ComparedUnit[]> {
    const ended: ComparedUnit[] = [];
    while (this.#left[0] !== undefined) ended.push(await this.#end(this.#left[0]));
    return ended;
  }

  async #end(stated: IndexUnit): Promise<ComparedUnit> {
    const units = this.#units ?? new IndexUnits(unitsInMemory(), [], stated.from);
    const [made, ...others] = this.#isLost ? [] : await units.finish(stated.to);
    this.#left.shift();
    [this.#units, this.#isLost] = [undefined, false];
    return { stated, made: others.length > 0 ? { ...stated, tree: NO_TREE } : made };
  }
}

/** What is of no range that units have is no unit. */
const NO_TREE: TreeHead = { size: -1, rootHash: '' as Hash };

/** hasOwnRanges tells whether units are of the ranges that the log gives: none of another one, and none that should be one with others. */
const hasOwnRanges = ({ entries, units }: IndexManifest): boolean =>
  units.every((unit) => isRange(unit, entries)) &&
  [...widthsIn(entries)].every((width) => groupUnits(units, width, entries).length === units.length);
