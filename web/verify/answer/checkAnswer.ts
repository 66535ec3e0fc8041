import { utf8 } from '../bytes.ts';
import { isTime } from '../entry.ts';
import type { SegmentEntry } from '../entry.ts';
import { Fault } from '../fault.ts';
import { headsOf, isHeadsLine } from '../ledger/entries.ts';
import type { StatedIndex } from '../ledger/entries.ts';
import { climb, leafHash, sha256 } from '../merkle.ts';
import type { Climb } from '../merkle.ts';
import { parseCheckpoint, parseNote, verifyNote } from '../note.ts';
import type { Checkpoint, Signed } from '../note.ts';
import { readSeal } from '../seal.ts';
import { isOperator } from '../signed/operatorNotice.ts';
import { isAuditor } from '../signed/reportSignature.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { Answer, AnsweredRecord, ProvedEntry } from './answer.ts';
import { auditorsWord, compareReport } from './auditorsWord.ts';
import type { Vouched } from './auditorsWord.ts';
import { checkCover, parseManifest, unitsOf } from './manifest.ts';
import type { Manifest, Unit } from './manifest.ts';
import { Matching } from './matching.ts';
import { RULES } from './query.ts';
import type { Query } from './query.ts';
import { readReach } from './reach.ts';
import type { Reach } from './reach.ts';
import { proveTerms, wantedOf } from './terms.ts';
import { UnitSearch } from './unitSearch.ts';
import type { Beside } from './unitSearch.ts';

/** What is checked, in that order. */
const STEPS = ['signature', 'log', 'index', 'units', 'terms', 'records', 'lines'] as const;

/** AnswerStep is one of the steps, and what came of it. */
export interface AnswerStep {
  readonly name: (typeof STEPS)[number];
  /** `open`: it was not checked, because something before it is at fault */
  readonly state: 'holds' | 'fails' | 'open';
  readonly why?: string;
}

/** Way is how a leaf leads to a root: its hash, and each join from there. */
export interface Way {
  readonly leaf: string;
  readonly path: readonly Climb[];
}

/** ProvedPlace is an entry that is proved to be of the log, and what it is for. */
export interface ProvedPlace extends Way {
  readonly what: string;
  readonly index: number;
}

/** MAX_WAYS bounds the ways that are kept to be shown, of entries and of records each. */
const MAX_WAYS = 1000;

/** FoundRecord is a record that an answer gives, proved to stand where it says. */
export interface FoundRecord {
  /** to its segment's root; undefined behind the first MAX_WAYS */
  readonly way: Way | undefined;
  /** the segment's root, in hex */
  readonly root: string;
  readonly line: string;
  /** name of its segment, and the number of that one's entry in the log */
  readonly segment: string;
  readonly entry: number;
  readonly partition: string;
  /** its number in its partition */
  readonly record: number;
  readonly enqueued: string;
  /** false: only its segment reaches into the interval that was asked for, so it isn't found */
  readonly isInside: boolean;
}

/** Complete is what an answer proves where nothing is at fault. */
export interface Complete {
  readonly found: readonly FoundRecord[];
  /** the entries that lead to the checkpoint's root, the first MAX_WAYS of them, and how many there are */
  readonly inLog: readonly ProvedPlace[];
  readonly entriesInLog: number;
  /** how many proofs of terms, and of their absence, were redone: they are not kept */
  readonly terms: number;
  /** what no field finds; undefined where no field was asked for, and so all is found */
  readonly beside: Beside | undefined;
  /** of how many units of the index that is said, and how many segments and records these have */
  readonly looked: { readonly units: number; readonly segments: number; readonly records: number };
  /** entries that the index covers, its rules and its manifest, and when the batch was made that states it */
  readonly index: StatedIndex;
  readonly statedAt: string;
  readonly reach: Reach;
  readonly vouched: Vouched;
}

/** AnswerOutcome is what an answer proves to somebody who trusts given keys. */
export interface AnswerOutcome {
  /** the first fault in the order of the steps */
  readonly fault: Fault | undefined;
  readonly steps: readonly AnswerStep[];
  readonly checkpoint: Checkpoint | undefined;
  /** keys of the log that signed the checkpoint, and witnesses; none where that is at fault */
  readonly signed: readonly Signed[];
  readonly witnesses: readonly Signed[];
  /** undefined if something is at fault besides who signed */
  readonly complete: Complete | undefined;
}

const invalid = (why: string): Fault => new Fault('PROOF_INVALID', why);

/**
 * checkAnswer tells what an answer proves to somebody who trusts `keys`: those of the log, of its auditor and of witnesses.
 * Nothing that the answer carries is trusted. docs/format.md, section 9.8. Whether somebody who is trusted signed is checked
 * apart from the rest, so that it shows where nothing but a key lacks. `onPart` is told which part is done.
 */
export async function checkAnswer(
  answer: Answer,
  keys: readonly VerifierKey[],
  onPart?: (part: number) => void,
): Promise<AnswerOutcome> {
  const done: AnswerStep['name'][] = [];
  const holds = (step: AnswerStep['name']): void => {
    done.push(step);
    onPart?.(done.length / STEPS.length);
  };
  let [unsigned, fault]: (Fault | undefined)[] = [];
  let checkpoint: Checkpoint | undefined;
  let signers: { readonly own: readonly Signed[]; readonly witnesses: readonly Signed[] } = { own: [], witnesses: [] };
  let complete: Complete | undefined;
  try {
    const note = parseNote(answer.checkpoint);
    checkpoint = parseCheckpoint(note.text);
    const { origin } = checkpoint;
    try {
      signers = await verifyNote(
        note,
        origin,
        keys.filter((key) => !isAuditor(key) && !isOperator(key)),
      );
    } catch (error) {
      unsigned = faultIn(error);
    }
    holds('signature');
    complete = await redo(answer, checkpoint, keys, holds);
  } catch (error) {
    fault = faultIn(error);
  }
  const steps = STEPS.map((name, i): AnswerStep => {
    if (name === 'signature' && unsigned !== undefined) return { name, state: 'fails', why: unsigned.message };
    if (i < done.length) return { name, state: 'holds' };
    return i === done.length && fault ? { name, state: 'fails', why: fault.message } : { name, state: 'open' };
  });
  const { own: signed, witnesses } = signers;
  return { fault: unsigned ?? fault, steps, checkpoint, signed, witnesses, complete };
}

function faultIn(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

/** redo checks all but who signed the checkpoint, and says which steps hold. It throws the first fault. */
async function redo(
  answer: Answer,
  checkpoint: Checkpoint,
  keys: readonly VerifierKey[],
  holds: (step: AnswerStep['name']) => void,
): Promise<Complete> {
  const { query, report, heads, end } = answer;
  const { size, rootHash } = checkpoint;
  const places: ProvedPlace[] = [];
  let entriesInLog = 0;
  const inLog = async (what: string, { index, line, hashes }: ProvedEntry): Promise<void> => {
    const leaf = await leafHash(utf8(line));
    const climbed = await climb({ index, size, hashes }, leaf);
    if (climbed?.root !== rootHash)
      throw invalid(`the proof does not lead from ${what}, entry ${index}, to the checkpoint's root`);
    if (entriesInLog++ < MAX_WAYS) places.push({ what, index, leaf, path: climbed.steps });
  };
  await inLog('the heads', heads);
  await inLog('the end of the index', end);
  for (const segment of answer.segments) await inLog('the entry of a segment', segment);
  if (report !== undefined) {
    await inLog('the entry of the report', report);
    await compareReport(report);
  }
  holds('log');

  const { index, statedAt } = await readHeads(heads);
  const manifest = await openManifest(answer.manifest, index);
  const reach = await readReach(end, manifest, query);
  holds('index');

  const asked = unitsOf(manifest, query.from, query.to);
  compareUnits(asked, answer);
  holds('units');

  const wanted = await wantedOf(query);
  const searches: UnitSearch[] = [];
  for (const { unit: number, terms } of answer.units) {
    const unit = manifest.units[number] as Unit;
    const what = `unit ${number} of the index`;
    searches.push(new UnitSearch(unit, what, await proveTerms(unit, what, terms, wanted), wanted));
  }
  holds('terms');

  const stray = answer.records.find(({ segment }) => segment >= answer.segments.length);
  if (stray !== undefined)
    throw invalid(`a record is of segment ${stray.segment} of the answer, which has ${answer.segments.length}`);
  const matching = new Matching(answer);
  const beside = { notJson: 0, noFields: 0, unindexed: 0 };
  for (const search of searches) {
    for await (const hit of search.hits()) matching.expect(hit);
    const { notJson, noFields, unindexed } = search.beside();
    beside.notJson += notJson;
    beside.noFields += noFields;
    beside.unindexed += unindexed;
  }
  matching.finish();
  holds('records');

  const found: FoundRecord[] = [];
  for (const record of answer.records) {
    const entry = matching.entries[record.segment] as SegmentEntry;
    const proved = await proveRecord(record, entry, answer.segments[record.segment]?.index ?? 0, query);
    found.push(found.length < MAX_WAYS ? proved : { ...proved, way: undefined });
  }
  holds('lines');
  const units = asked.map((number) => manifest.units[number] as Unit);
  const sum = (of: (unit: Unit) => number): number => units.reduce((sum, unit) => sum + of(unit), 0);
  const looked = { units: units.length, segments: sum((it) => it.segments), records: sum((it) => it.records) };
  const claimed = { index, units: manifest.units.length, heads: heads.index };
  const vouched = await auditorsWord(report, checkpoint, claimed, keys.filter(isAuditor));
  return {
    found,
    inLog: places,
    entriesInLog,
    terms: answer.units.reduce((sum, unit) => sum + unit.terms.length, 0),
    beside: query.terms.length === 0 ? undefined : beside,
    looked,
    index,
    statedAt,
    reach,
    vouched,
  };
}

async function readHeads({ line, index: number }: ProvedEntry): Promise<{ index: StatedIndex; statedAt: string }> {
  const bytes = utf8(line);
  if (!isHeadsLine(bytes)) throw invalid(`entry ${number} is not of heads`);
  const { index, time } = await headsOf([bytes]);
  if (index === undefined) throw invalid(`the heads of entry ${number} state no index`);
  if (index.entries > number)
    throw invalid(`the heads of entry ${number} state an index of entries that are behind them`);
  if (index.rules !== RULES)
    throw new Fault('VERSION_UNKNOWN', `the index is by version ${index.rules} of the rules; this page knows ${RULES}`);
  return { index, statedAt: time };
}

async function openManifest(text: string, stated: StatedIndex): Promise<Manifest> {
  if ((await sha256(utf8(text))) !== stated.manifest)
    throw invalid('the manifest of the index is not the one that the log states');
  const manifest = parseManifest(text);
  if (manifest.rules !== stated.rules) throw invalid('the manifest is by other rules than the log states');
  if (manifest.entries !== stated.entries) throw invalid('the manifest is of other entries than the log states');
  checkCover(manifest);
  return manifest;
}

/** compareUnits throws PROOF_INVALID unless the units of an answer are those that were asked for. */
function compareUnits(asked: readonly number[], { units }: Answer): void {
  for (let i = 0; i < Math.max(asked.length, units.length); i++) {
    const [own, given] = [asked[i] ?? Infinity, units[i]?.unit ?? Infinity];
    if (own < given) throw invalid(`unit ${own} of the index reaches into the interval, and the answer leaves it out`);
    if (own > given)
      throw invalid(`unit ${given} is in the answer, and is not the next that reaches into the interval`);
  }
}

/** proveRecord verifies a record by its segment's root, and that its seal is the one of its place. */
async function proveRecord(
  { line, index, size, hashes }: AnsweredRecord,
  { name, root, partition, records, events, time }: SegmentEntry,
  entry: number,
  { from, to }: Query,
): Promise<FoundRecord> {
  const what = `record ${index - 1} of ${name}`;
  const leaf = await leafHash(utf8(line));
  const climbed = await climb({ index, size, hashes }, leaf);
  if (climbed?.root !== root) throw invalid(`${what}: its line does not lead to the segment's root`);
  const seal = readSeal(line);
  if (seal === undefined) throw invalid(`${what}: its line does not end in the seal of a record`);
  const { record, event, enqueued } = seal;
  if (record !== records.first + index - 1) throw invalid(`${what}: its seal states another record number`);
  if (event < events.first || event > events.last) throw invalid(`${what}: its event is not one of the segment`);
  if (!isTime(enqueued) || enqueued < time.first || enqueued > time.last)
    throw invalid(`${what}: its time is not one of the segment`);
  const isInside = (from === null || enqueued >= from) && (to === null || enqueued < to);
  return {
    way: { leaf, path: climbed.steps },
    root,
    line,
    segment: name,
    entry,
    partition,
    record,
    enqueued,
    isInside,
  };
}
