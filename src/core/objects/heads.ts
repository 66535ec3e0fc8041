import type { DocumentType } from './names.ts';
import { formatOperators, parseOperators } from './operators.ts';
import type { Operator } from './operators.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { ZERO_HASH, formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { isJsonObject, parseJsonObject } from '../jsonObject.ts';
import { parseVerifierKey } from '../note/verifierKey.ts';
import { isPartition, isTime } from '../text.ts';

/** Position is how far the log has come in one partition. */
export interface Position {
  /** the first index that has no entry */
  readonly next: number;
  /** index of the last segment of the chain, -1 if there is none; what stands between it and `next` is foreign */
  readonly index: number;
  /** its root, ZERO_HASH if there is none */
  readonly root: Hash;
  /** when it was sealed, '' if there is none */
  readonly sealed: string;
}

export type DocumentCounts = Readonly<Record<DocumentType, number>>;

/** IndexStatement is what the log says of its index. */
export interface IndexStatement {
  /** entries of the log that the index covers, from the first on: those of whole batches before */
  readonly entries: number;
  /** version of the rules by which it was made */
  readonly rules: number;
  /** SHA-256 of its manifest */
  readonly manifest: Hash;
}

/** LogPosition is how far the log has come. Every batch ends with it, so that nobody has to read the batches before. */
export interface LogPosition {
  /** when the batch was made, '' before the first one */
  readonly time: string;
  /** keys that the log signs with, as formatVerifierKey prints them, in the order in which they were announced */
  readonly keys: readonly string[];
  /** operators' keys that the log has registered, in that order, and for which actions each counts */
  readonly operators: readonly Operator[];
  /** for each type of document the number behind the last one that has an entry */
  readonly documents: DocumentCounts;
  /** how far the index reaches; left out before there is one */
  readonly index?: IndexStatement;
  readonly positions: ReadonlyMap<string, Position>;
}

export const NO_POSITION: Position = { next: 0, index: -1, root: ZERO_HASH, sealed: '' };
export const NO_HEADS: LogPosition = {
  time: '',
  keys: [],
  operators: [],
  documents: { report: 0, action: 0 },
  positions: new Map(),
};

/** PARTITIONS_PER_LINE is how many partitions one entry has: it has at most 65,535 bytes, and a position less than 180. */
export const PARTITIONS_PER_LINE = 300;
const LINE_START = '{"type":"heads",';

const malformed = (why: string): AuditsealError => new AuditsealError('BATCH_MALFORMED', why);

/** isHeadsLine tells whether an entry is one of those that a batch ends with. */
export const isHeadsLine = (line: Buffer): boolean => line.toString('latin1', 0, LINE_START.length) === LINE_START;

/** formatHeads prints the entries that a batch ends with: one, or more where the hub has very many partitions. */
export function formatHeads({ time, keys, operators, documents, index, positions }: LogPosition): Buffer[] {
  const all = [...positions].sort(([a], [b]) => Number(a) - Number(b));
  const lines: Buffer[] = [];
  do {
    const part = all.splice(0, PARTITIONS_PER_LINE).map(([partition, { next, index, root, sealed }]) => {
      return [partition, { next, index, root: formatHash(root), sealed }] as const;
    });
    const start = { type: 'heads', time, keys, operators: formatOperators(operators) };
    const counts = { reports: documents.report, actions: documents.action, index: index && printIndex(index) };
    lines.push(Buffer.from(JSON.stringify({ ...start, ...counts, partitions: Object.fromEntries(part) })));
  } while (all.length > 0);
  return lines;
}

const printIndex = ({ entries, rules, manifest }: IndexStatement): object => ({
  entries,
  rules,
  manifest: formatHash(manifest),
});

const PARTITIONS = '"partitions":';

/**
 * mayGoOn tells whether two entries that follow each other can be heads of one batch: the first one is full, and the other says the same, but
 * of partitions behind. What a batch without other entries ends with begins with the first partition again.
 */
export function mayGoOn(line: Buffer, next: Buffer): boolean {
  const start = line.indexOf(PARTITIONS);
  if (start < 0 || !line.subarray(0, start).equals(next.subarray(0, start))) return false;
  const [before, behind] = [line, next].map((one) => partitionsIn(one)) as [number[], number[]];
  return before.length === PARTITIONS_PER_LINE && (before.at(-1) as number) < (behind[0] ?? -1);
}

function partitionsIn(line: Buffer): number[] {
  const partitions = parseJsonObject(line.toString('utf8'))?.['partitions'];
  return isJsonObject(partitions) ? Object.keys(partitions).map(Number) : [];
}

/** headsLinesOf gives those of a batch's entries that are the heads which it ends with. */
export const headsLinesOf = (entries: readonly Buffer[]): readonly Buffer[] =>
  entries.slice(entries.findLastIndex((line) => !isHeadsLine(line)) + 1);

/** headsOf reads the heads that a batch ends with, and throws BATCH_MALFORMED if it ends otherwise, or has others before. */
export function headsOf(entries: readonly Buffer[]): LogPosition {
  const lines = headsLinesOf(entries);
  if (entries.slice(0, -lines.length).some(isHeadsLine)) throw malformed('it has heads among its other entries');
  const all = lines.map(parseLine);
  const last = all.at(-1);
  if (last === undefined) throw malformed('it does not end with an entry of type heads');
  const heads = { ...last, positions: new Map(all.flatMap(({ positions }) => [...positions])) };
  const printed = formatHeads(heads);
  if (printed.length !== lines.length || printed.some((line, i) => !line.equals(lines[i] as Buffer)))
    throw malformed('its heads are not printed as this release prints them');
  return heads;
}

function parseLine(line: Buffer): LogPosition {
  const it = parseJsonObject(line.toString('utf8'));
  const { time, keys, operators: registered, reports, actions, index: stated, partitions } = it ?? {};
  if (typeof time !== 'string' || !isTime(time)) throw malformed('its heads have no time');
  if (!isKeys(keys)) throw malformed('its heads have no keys');
  const operators = parseOperators(registered);
  if (operators === undefined) throw malformed("its heads have no valid operators' keys");
  if (!isCount(reports)) throw malformed('its heads count no reports');
  if (!isCount(actions)) throw malformed('its heads count no actions');
  const index = stated === undefined ? undefined : parseIndex(stated);
  if (!isJsonObject(partitions)) throw malformed('its heads have no partitions');
  return {
    time,
    keys,
    operators,
    documents: { report: reports, action: actions },
    ...(index && { index }),
    positions: new Map(Object.entries(partitions).map(parsePosition)),
  };
}

const isKeys = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.every(
    (key: unknown) => typeof key === 'string' && attempt(() => parseVerifierKey(key), 'malformed') !== undefined,
  );

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseIndex(value: unknown): IndexStatement {
  const { entries, rules, manifest: text } = isJsonObject(value) ? value : {};
  const manifest = parseHash(text);
  if (!isCount(entries) || !isCount(rules) || manifest === undefined) throw malformed('its heads have no valid index');
  return { entries, rules, manifest };
}

function parsePosition([partition, value]: [string, unknown]): [string, Position] {
  const { next, index, root: rootText, sealed } = isJsonObject(value) ? value : {};
  const root = parseHash(rootText);
  const isGood =
    isPartition(partition) &&
    Number.isSafeInteger(next) &&
    Number.isSafeInteger(index) &&
    (index as number) >= -1 &&
    (next as number) > (index as number) &&
    root !== undefined &&
    typeof sealed === 'string' &&
    (sealed === '' || isTime(sealed));
  if (!isGood) throw malformed('its heads have a partition without a position');
  return [partition, { next: next as number, index: index as number, root, sealed }];
}
