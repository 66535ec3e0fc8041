import type { Context } from './context.ts';
import { readFor } from './context.ts';
import { DerivedUnits, isSameRange } from './derivedIndex.ts';
import type { ComparedUnit, DerivedIndex, DerivedPart } from './derivedIndex.ts';
import type { VerifyOptions } from './options.ts';
import { attempt, faultIn } from '../core/errors.ts';
import { formatHash, parseHash } from '../core/hash.ts';
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
import { openManifest, otherRules } from '../ledger/indexFiles.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ReadableTiles } from '../ports/store.ts';

/** CheckedIndex is what a check found out about the index, and what it left out, in words. */
export interface CheckedIndex {
  readonly report?: IndexReport;
  readonly notChecked: readonly string[];
}

/**
 * checkIndex compares the index that the log states with what the segments give: the units that were made on the way through the log,
 * and those that are lacking by reading their segments once more. A check that isn't one of everything leaves that out, and one that
 * joins slices too.
 */
export async function checkIndex(
  context: Context,
  { isIncremental = false, isQuick = false }: VerifyOptions,
  head: VerifiedCheckpoint | undefined,
  derived: DerivedIndex | undefined,
): Promise<CheckedIndex> {
  const { tiles, indexSegment, findings } = context;
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
    // Where entries or segments aren't what they should be, what was made on the way may be of others.
    const made = findings.isContradicted ? [] : await derived?.finish();
    const { rederived, without } = await check.rederive(manifest, made);
    return {
      report: reported(rederived),
      notChecked:
        without > 0
          ? [`the index of ${without} segments was not made again, because they are not what the log says`]
          : [],
    };
  } catch (error) {
    // What is wrong with the tiles is found where they are compared.
    const { message } = faultIn(error, 'malformed', 'unavailable', 'refused');
    return { notChecked: [`the index was not looked at: ${message}`] };
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

  /**
   * rederive compares the units of a manifest, of which some may be made, and gives how many were made again, and of how many segments
   * nothing could be said.
   */
  async rederive(
    manifest: IndexManifest,
    made: readonly IndexUnit[] = [],
  ): Promise<{ readonly rederived: number; readonly without: number }> {
    const name = manifestName(this.#statement.manifest);
    const { units, entries } = manifest;
    const compared = units.map((stated) => ({ stated, made: made.find((unit) => isSameRange(unit, stated)) }));
    const lacking = compared.filter((unit) => unit.made === undefined).map(({ stated }) => stated);
    let [rederived, without] = [0, 0];
    for (const unit of compared) if (await this.#compare(unit)) rederived += 1;
    if (lacking.length > 0) {
      const read = await this.#readAgain(lacking);
      [rederived, without] = [rederived + read.rederived, read.without];
    }
    if ((await headsBefore(this.#tiles, this.#tree, entries)) === undefined)
      this.#say(name, `it covers ${entries} entries, and no batch ends there`);
    else if (!hasOwnRanges(manifest)) this.#say(name, 'its units are of other ranges than the log gives');
    return { rederived, without };
  }

  /** readAgain makes units from their segments. */
  async #readAgain(units: readonly IndexUnit[]): Promise<{ readonly rederived: number; readonly without: number }> {
    const derived = new DerivedUnits(units);
    const isOfThem = ({ leaf }: { readonly leaf: number }): boolean =>
      units.some(({ from, to }) => from <= leaf && leaf < to);
    let [rederived, without] = [0, 0];
    for await (const { segments, size } of readBatchesOf(this.#tiles, this.#tree, 0, NO_HEADS)) {
      const wanted = segments.filter(isOfThem);
      for await (const part of mapInOrder(wanted, this.#context.concurrency, this.#partOf)) {
        for (const unit of await derived.add(part)) if (await this.#compare(unit)) rederived += 1;
        if (part.terms === undefined) without += 1;
      }
      if (size >= (units.at(-1) as IndexUnit).to) break;
    }
    for (const unit of await derived.finish()) if (await this.#compare(unit)) rederived += 1;
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

/** hasOwnRanges tells whether units are of the ranges that the log gives: none of another one, and none that should be one with others. */
const hasOwnRanges = ({ entries, units }: IndexManifest): boolean =>
  units.every((unit) => isRange(unit, entries)) &&
  [...widthsIn(entries)].every((width) => groupUnits(units, width, entries).length === units.length);
