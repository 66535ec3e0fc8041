import { Fault } from '../fault.ts';
import { MAX_SEGMENT_RECORDS } from './postings.ts';
import { Printed } from './printed.ts';

/** Unit is a part of the index, as its manifest states it. */
export interface Unit {
  /** the entries of the log that it is of: from the first to before the second */
  readonly from: number;
  readonly to: number;
  readonly segments: number;
  readonly records: number;
  /** earliest and latest time of its segments; undefined if there is none */
  readonly time: readonly [string, string] | undefined;
  readonly terms: number;
  /** hex */
  readonly root: string;
}

/** Manifest is what an index consists of. docs/format.md, section 9.7. */
export interface Manifest {
  readonly rules: number;
  /** it covers so many entries of the log, from the first on */
  readonly entries: number;
  readonly units: readonly Unit[];
}

/** MAX_MANIFEST_BYTES bounds a manifest: 32 MiB. */
export const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
/** MAX_UNITS is more than it has room for: a unit takes 125 bytes at least. */
export const MAX_UNITS = Math.ceil(MAX_MANIFEST_BYTES / 125);

const SMALL_UNIT = 32;
const MAX_UNIT_RECORDS = 4_194_304;
const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const invalid = (why: string): Fault => new Fault('PROOF_INVALID', why);
const malformed = (why: string): Fault => invalid(`the manifest of the index is not one: ${why}`);

/** parseManifest reads a manifest only as it is printed, and throws PROOF_INVALID. */
export function parseManifest(text: string): Manifest {
  const it = new Printed(text, malformed);
  it.take('{"version":1,"rules":');
  const rules = it.number();
  it.take(',"entries":');
  const entries = it.number();
  it.take(',"units":');
  const units = it.list(MAX_UNITS, () => readUnit(it));
  it.take('}');
  it.end();
  if (entries === 0) throw malformed('it covers no entry');
  return { rules, entries, units };
}

function readUnit(it: Printed): Unit {
  it.take('{"entries":[');
  const from = it.number();
  it.take(',');
  const to = it.number();
  it.take('],"segments":');
  const segments = it.number();
  it.take(',"records":');
  const records = it.number();
  const time = it.skip(',"time":') ? readTimes(it) : undefined;
  it.take(',"terms":');
  const terms = it.number();
  it.take(',"root":');
  const root = it.hex();
  it.take('}');
  const unit = { from, to, segments, records, time, terms, root };
  if (!isPossible(unit)) throw malformed(`the unit of the entries from ${from} to ${to} contradicts itself`);
  return unit;
}

function readTimes(it: Printed): [string, string] {
  it.take('[');
  const first = it.time();
  it.take(',');
  const last = it.time();
  it.take(']');
  return [first, last];
}

/** Only segments have records and times, and each has an entry. Their rows and the times of these are terms. */
function isPossible({ from, to, segments, records, time, terms, root }: Unit): boolean {
  if (segments === 0) return records === 0 && time === undefined && terms === 0 && root === EMPTY_ROOT;
  const most = to - from > SMALL_UNIT ? MAX_UNIT_RECORDS : segments * MAX_SEGMENT_RECORDS;
  return segments <= to - from && records <= most && time !== undefined && time[0] <= time[1] && terms >= 2;
}

/** checkCover throws PROOF_INVALID unless units cover the entries from 0 on without hole or overlap. */
export function checkCover({ entries, units }: Manifest): void {
  let next = 0;
  for (const { from, to } of units) {
    if (from > next) throw invalid(`no unit of the index covers the entries from ${next} to ${from - 1}`);
    if (from < next) throw invalid(`two units of the index cover entry ${from}`);
    if (to <= from) throw invalid(`a unit of the index covers no entry, at ${from}`);
    next = to;
  }
  if (next !== entries)
    throw invalid(`the units of the index cover the entries below ${next}, and it states those below ${entries}`);
}

/** unitsOf gives the numbers of the units with segments whose time reaches into an interval. */
export function unitsOf({ units }: Manifest, from: string | null, to: string | null): number[] {
  const reaches = ({ time }: Unit): boolean =>
    time !== undefined && (from === null || time[1] >= from) && (to === null || time[0] < to);
  return units.flatMap((unit, number) => (reaches(unit) ? [number] : []));
}
