import { parseManifest } from './manifest.ts';
import type { IndexManifest, IndexUnit } from './manifest.ts';
import { countOf, intersectionOf, parsePostings, recordsIn, unionOf } from './postings.ts';
import type { Postings } from './postings.ts';
import { ROWS_PER_BLOCK, parseRows, rowOf as rowOfEntry } from './segmentRow.ts';
import type { SegmentRow } from './segmentRow.ts';
import { RESERVED, keyOf } from './termKey.ts';
import type { TermKey } from './termKey.ts';
import { openTerms } from './provedTerms.ts';
import type { OpenedTerms } from './provedTerms.ts';
import { hasAsked } from './asked.ts';
import { reachOf } from './reach.ts';
import type { Reach } from './reach.ts';
import { AuditsealError } from '../errors.ts';
import { RULES_VERSION } from '../fields/rules.ts';
import { formatHash, leafHash, sha256 } from '../hash.ts';
import { verifyInclusion } from '../merkle/proof.ts';
import type { TreeHead } from '../merkle/tree.ts';
import { openCheckpoint } from '../note/checkpoint.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import type { Answer, ProvedLine, ProvedReport } from '../objects/answer.ts';
import type { AnswerQuery } from '../objects/answerQuery.ts';
import { parseEntry } from '../objects/entry.ts';
import type { SegmentEntry } from '../objects/entry.ts';
import { headsOf } from '../objects/heads.ts';
import type { IndexStatement } from '../objects/heads.ts';
import { readSeal } from '../segment/recordLine.ts';
import type { Seal } from '../segment/recordLine.ts';

/** AnsweredRecord is a record of an answer. */
export interface AnsweredRecord {
  readonly line: Buffer;
  readonly entry: SegmentEntry;
  readonly seal: Seal;
  /** it was enqueued within the interval; else only its segment reaches into it */
  readonly isWithin: boolean;
}

/** CheckedAnswer is what an answer proves. */
export interface CheckedAnswer {
  readonly opened: OpenedCheckpoint;
  readonly statement: IndexStatement;
  readonly manifest: IndexManifest;
  readonly records: readonly AnsweredRecord[];
  readonly reach: Reach;
  /** records of the units that reach into the interval that no field finds */
  readonly unfindable: { readonly notJson: number; readonly noFields: number; readonly unindexed: number };
}

const refuted = (why: string): AuditsealError => new AuditsealError('PROOF_INVALID', why);

/**
 * checkAnswer tells what an answer proves to somebody who trusts `verifiers`; nothing it carries is trusted. It throws SIGNATURE_INVALID
 * or PROOF_INVALID where it is refuted, and a fault of what is malformed. docs/format.md, section 9.8.
 */
export function checkAnswer(answer: Answer, verifiers: readonly VerifierKey[]): CheckedAnswer {
  const note = Buffer.from(answer.checkpoint);
  const origin = answer.checkpoint.slice(0, answer.checkpoint.indexOf('\n'));
  const opened = openCheckpoint(note, origin, verifiers);
  const { checkpoint } = opened;
  const statement = headsOf([proveLine(answer.heads, checkpoint, 'the heads')]).index;
  if (answer.report !== undefined) checkReport(answer.report, checkpoint);
  if (statement === undefined) throw refuted('its heads state no index');
  if (statement.entries > answer.heads.index) throw refuted('its heads state an index of entries that are behind them');
  if (statement.rules !== RULES_VERSION)
    throw new AuditsealError(
      'VERSION_UNKNOWN',
      `the index is by version ${statement.rules} of the rules, and this program knows ${RULES_VERSION}`,
    );
  const manifest = openManifestText(answer.manifest, statement);
  if (manifest.entries === 0) throw refuted('its index covers no entry');
  if (answer.end.index !== manifest.entries - 1)
    throw refuted(`its end is entry ${answer.end.index}, and the index ends with ${manifest.entries - 1}`);
  const reach = reachOf(headsOf([proveLine(answer.end, checkpoint, 'the end')]), manifest, answer.query);
  const interval = intervalIn(answer.query);
  const wanted = [...manifest.units.keys()].filter((i) => reaches(manifest.units[i] as IndexUnit, interval));
  const given = answer.units.map(({ unit }) => unit);
  if (given.join() !== wanted.join())
    throw refuted(
      `it has the units ${given.join(', ') || 'none'}, and the interval needs ${wanted.join(', ') || 'none'}`,
    );
  const unfindable = { notJson: 0, noFields: 0, unindexed: 0 };
  const expected: ExpectedSegment[] = [];
  for (const { unit: number, terms } of answer.units) {
    const unit = manifest.units[number] as IndexUnit;
    const found = answerOf(unit, openTerms(terms, unit.tree), answer.query, statement.rules);
    for (const name of ['notJson', 'noFields', 'unindexed'] as const) unfindable[name] += found.unfindable[name];
    for (const segment of found.segments) if (isMeant(segment.row, answer.query, interval)) expected.push(segment);
  }
  const records = checkRecords(answer, expected, checkpoint, interval);
  return { opened, statement, manifest, records, reach, unfindable };
}

/** proveLine gives the bytes of an entry that is proved to be of a tree. */
function proveLine({ index, line, hashes }: ProvedLine, { size, rootHash }: TreeHead, what: string): Buffer {
  const bytes = Buffer.from(line);
  if (!verifyInclusion({ index, size, hashes }, leafHash(bytes), rootHash))
    throw refuted(`${what}: not proved to be entry ${index} of the log`);
  return bytes;
}

function openManifestText(text: string, statement: IndexStatement): IndexManifest {
  const bytes = Buffer.from(text);
  if (sha256(bytes) !== statement.manifest)
    throw refuted(`its manifest is not the one that the log states, ${formatHash(statement.manifest)}`);
  const manifest = parseManifest(bytes);
  if (manifest.entries !== statement.entries || manifest.rules !== statement.rules)
    throw refuted('its manifest is not for the entries or the rules that the log states');
  return manifest;
}

function checkReport(report: ProvedReport, tree: TreeHead): void {
  const entry = parseEntry(proveLine(report, tree, 'the entry of the report'));
  if (entry.type !== 'report' || entry.name !== report.name || entry.sha256 !== sha256(Buffer.from(report.file)))
    throw refuted('its report is not the one of its entry');
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

const intervalIn = ({ from, to }: AnswerQuery): Interval => ({
  from: from === null ? -Infinity : Date.parse(from),
  to: to === null ? Infinity : Date.parse(to),
});

const reaches = ({ segments, time }: IndexUnit, { from, to }: Interval): boolean =>
  segments > 0 && time !== undefined && Date.parse(time.first) < to && Date.parse(time.last) >= from;

const isMeant = (
  { partition, first, last }: SegmentRow,
  { partitions }: AnswerQuery,
  { from, to }: Interval,
): boolean => first < to && last >= from && (partitions?.includes(partition) ?? true);

/** ExpectedSegment is a segment that has records which the answer must have. */
interface ExpectedSegment {
  readonly row: SegmentRow;
  readonly runs: readonly number[];
}

/** answerOf gives the records of a unit that have a query's terms, and demands that no other term is there. */
function answerOf(
  unit: IndexUnit,
  terms: OpenedTerms,
  query: AnswerQuery,
  rules: number,
): { readonly segments: readonly ExpectedSegment[]; readonly unfindable: CheckedAnswer['unfindable'] } {
  const needed = new Set<TermKey>();
  const postingsOf = (field: string, value: string): Buffer | undefined => {
    const key = keyOf(field, value, rules);
    needed.add(key);
    if (!terms.has(key))
      throw refuted(
        `it says nothing of ${field === '' ? 'a term' : field} ${JSON.stringify(value).slice(0, 100)} in a unit`,
      );
    return terms.get(key);
  };
  const listOf = (field: string, value: string): Postings => {
    const bytes = postingsOf(field, value);
    return bytes === undefined ? [] : parsePostings(bytes);
  };
  const countIn = (name: string): number => listOf(name, '').reduce((sum, { runs }) => sum + countOf(runs), 0);
  const all = query.terms.map(({ field, values }) => unionOf(values.map((value) => listOf(field, value))));
  const [first, ...others] = all;
  const found = first && others.reduce(intersectionOf, first);
  const unfindable = {
    notJson: found === undefined ? 0 : countIn(RESERVED.notJson),
    noFields: found === undefined ? 0 : countIn(RESERVED.noFields),
    unindexed: countIn(RESERVED.unindexed),
  };
  const blocks = new Map<number, readonly SegmentRow[]>();
  const rowOf = (ordinal: number): SegmentRow => {
    const block = Math.floor(ordinal / ROWS_PER_BLOCK);
    const bytes = blocks.has(block) ? undefined : postingsOf(RESERVED.segments, String(block));
    if (bytes !== undefined) blocks.set(block, parseRows(bytes, unit.from));
    const row = blocks.get(block)?.[ordinal % ROWS_PER_BLOCK];
    if (row === undefined) throw refuted(`a unit has no row of its segment ${ordinal}`);
    return row;
  };
  const segments =
    found === undefined
      ? Array.from({ length: unit.segments }, (_, ordinal) => rowOf(ordinal)).map((row) => ({
          row,
          runs: row.records > 0 ? [0, row.records] : [],
        }))
      : found.map(({ ordinal, runs }) => ({ row: rowOf(ordinal), runs }));
  for (const key of terms.keys()) if (!needed.has(key)) throw refuted('it has a term that the query does not need');
  return { segments, unfindable };
}

/** checkRecords compares the records with those that there must be, and proves each. */
function checkRecords(
  { segments, records, query }: Answer,
  expected: readonly ExpectedSegment[],
  tree: TreeHead,
  { from, to }: Interval,
): AnsweredRecord[] {
  const entries = segments.map((proved) => entryIn(proved, tree));
  const wanted = expected.filter(({ runs }) => runs.length > 0);
  if (wanted.map(({ row }) => row.entry).join() !== segments.map(({ index }) => index).join())
    throw refuted('its segments are not those that have such records');
  const checked: AnsweredRecord[] = [];
  let at = 0;
  for (const [number, { row, runs }] of wanted.entries()) {
    const entry = entries[number] as SegmentEntry;
    if (!isRowOf(row, entry)) throw refuted(`a row of the index is not what entry ${row.entry} of the log says`);
    for (const record of recordsIn(runs)) {
      const given = records[at++];
      if (given?.segment !== number || given.index !== record + 1)
        throw refuted(
          `record ${entry.records.first + record} of partition ${entry.partition} is missing, or out of order`,
        );
      const line = Buffer.from(given.line);
      const seal = readSeal(line, 0, line.length);
      const isThere = verifyInclusion(given, leafHash(line), entry.root) && given.size === entry.records.count + 1;
      if (!isThere || seal?.record !== entry.records.first + record || !isOf(seal, entry))
        throw refuted(`record ${entry.records.first + record} of partition ${entry.partition} is not proved`);
      if (!hasAsked(line, seal.form, query))
        throw refuted(
          `record ${seal.record} of partition ${entry.partition} has not what is asked for, and the index says so`,
        );
      const time = Date.parse(seal.enqueued);
      checked.push({ line, entry, seal, isWithin: from <= time && time < to });
    }
  }
  if (at !== records.length) throw refuted('it has a record that the index does not have, or one twice');
  return checked;
}

/** isOf tells whether a seal is of an event of the segment. */
const isOf = ({ event, enqueued }: Seal, { events, time }: SegmentEntry): boolean =>
  event >= events.first && event <= events.last && enqueued >= time.first && enqueued <= time.last;

function entryIn(proved: ProvedLine, tree: TreeHead): SegmentEntry {
  const entry = parseEntry(proveLine(proved, tree, 'segments'));
  if (entry.type !== 'segment') throw refuted(`entry ${proved.index} is not of a segment`);
  return entry;
}

const isRowOf = (row: SegmentRow, entry: SegmentEntry): boolean => {
  const own = rowOfEntry(row.entry, entry);
  const { events } = row;
  const isSameEvents =
    events.first === own.events.first && events.last === own.events.last && events.count === own.events.count;
  const names = ['partition', 'index', 'incarnation', 'records', 'first', 'last'] as const;
  return isSameEvents && names.every((name) => row[name] === own[name]);
};
