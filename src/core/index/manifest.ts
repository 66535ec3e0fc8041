import { malformed } from './bytes.ts';
import type { UnitSize } from './ranges.ts';
import { formatHash, parseHash } from '../hash.ts';
import { isJsonObject, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import type { TreeHead } from '../merkle/tree.ts';
import { isTime } from '../text.ts';

/** IndexUnit is the terms of the segments that have an entry in a range of the log. */
export interface IndexUnit extends UnitSize {
  readonly segments: number;
  /** the earliest and the latest time of their events; left out if there is none */
  readonly time?: { readonly first: string; readonly last: string };
  /** the tree over its terms */
  readonly tree: TreeHead;
}

/** IndexManifest is the units that cover the log's entries from the first to before `entries`. */
export interface IndexManifest {
  readonly entries: number;
  /** version of the rules by which they were made */
  readonly rules: number;
  readonly units: readonly IndexUnit[];
}

/** beginOf gives the earliest time of an index's events; undefined if it has none. */
export const beginOf = ({ units }: Pick<IndexManifest, 'units'>): string | undefined =>
  units.flatMap(({ time }) => (time === undefined ? [] : [time.first])).sort()[0];

/** MAX_MANIFEST_BYTES bounds a manifest. */
export const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

const VERSION = 1;

/** formatManifest prints a manifest: one JSON object, ended by LF. */
export const formatManifest = ({ entries, rules, units }: IndexManifest): Buffer =>
  Buffer.from(`${JSON.stringify({ version: VERSION, rules, entries, units: units.map(printUnit) })}\n`);

const printUnit = ({ from, to, segments, records, time, tree }: IndexUnit): object => ({
  entries: [from, to],
  segments,
  records,
  ...(time && { time: [time.first, time.last] }),
  terms: tree.size,
  root: formatHash(tree.rootHash),
});

/**
 * parseManifest reads a manifest, and throws INDEX_MALFORMED for what formatManifest doesn't print, where units leave a hole or overlap,
 * and where one has more segments than entries.
 */
export function parseManifest(bytes: Buffer): IndexManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw malformed(`it has more than ${MAX_MANIFEST_BYTES} bytes`);
  const it = parseJsonObject(bytes.toString('utf8'));
  if (it === undefined) throw malformed('it is not a JSON object');
  const { rules, entries, units } = it;
  if (!isCount(rules) || !isCount(entries) || !Array.isArray(units)) throw malformed('it is not a manifest');
  const manifest = { rules, entries, units: units.map(readUnit) };
  if (!formatManifest(manifest).equals(bytes)) throw malformed('it is not printed as this release prints it');
  checkCover(manifest);
  return manifest;
}

/** Rows of segments, and their times. */
const LEAST_TERMS = 2;

function checkCover({ entries, units }: IndexManifest): void {
  let next = 0;
  for (const { from, to, segments, tree } of units) {
    if (from !== next) throw malformed(`its units ${from > next ? 'leave a hole' : 'overlap'} at entry ${next}`);
    if (to <= from) throw malformed('a unit of it covers nothing');
    if (segments > to - from) throw malformed(`a unit of it has ${segments} segments in ${to - from} entries`);
    if (segments === 0 ? tree.size > 0 : tree.size < LEAST_TERMS)
      throw malformed(`a unit of ${segments} segments has ${tree.size} terms`);
    next = to;
  }
  if (next !== entries) throw malformed(`its units end at entry ${next}, and it states ${entries}`);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readUnit(value: unknown): IndexUnit {
  const { entries, segments, records, time, terms, root }: JsonObject = isJsonObject(value) ? value : {};
  const rootHash = parseHash(root);
  const [from, to] = pairIn(entries, isCount);
  if (!isCount(segments) || !isCount(records) || !isCount(terms) || rootHash === undefined)
    throw malformed('it has something else than units');
  const unit = { from, to, segments, records, tree: { size: terms, rootHash } };
  if (segments === 0) return unit;
  const [earliest, latest] = pairIn(time, (text): text is string => typeof text === 'string' && isTime(text));
  return { ...unit, time: { first: earliest, last: latest } };
}

function pairIn<T>(value: unknown, isGood: (item: unknown) => item is T): readonly [T, T] {
  const [first, second, ...rest]: unknown[] = Array.isArray(value) ? value : [];
  if (rest.length > 0 || !isGood(first) || !isGood(second)) throw malformed('a unit of it has no ranges');
  return [first, second];
}
