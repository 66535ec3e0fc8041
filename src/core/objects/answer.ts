import { isUtf8 } from 'node:buffer';
import { checkQuery } from './answerQuery.ts';
import type { AnswerQuery } from './answerQuery.ts';
import { AuditsealError } from '../errors.ts';
import { formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { MAX_JSON_DEPTH, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import { countIn, listIn, objectIn, textIn } from './members.ts';
import { formatKey, parseKey } from '../index/termKey.ts';
import type { TermKey } from '../index/termKey.ts';
import { MAX_PROOF_HASHES } from '../merkle/proof.ts';
import { formatBase64Hash, isTime, parseBase64, parseBase64Hash } from '../text.ts';

/** ProvedLine is an entry of the log, and its inclusion proof in the checkpoint's tree. */
export interface ProvedLine {
  readonly index: number;
  readonly line: string;
  readonly hashes: readonly Hash[];
}

/** ProvedLeaf is the leaf of a term in a unit's tree, which it is proved to be of. */
export interface ProvedLeaf {
  readonly key: TermKey;
  /** SHA-256 of the postings */
  readonly postings: Hash;
  readonly index: number;
  readonly hashes: readonly Hash[];
}

/** ProvedTerm is a term that a unit has, with its postings, or the leaves between which it would stand. */
export type ProvedTerm =
  | { readonly key: TermKey; readonly index: number; readonly hashes: readonly Hash[]; readonly postings: Buffer }
  | { readonly key: TermKey; readonly before: ProvedLeaf | null; readonly after: ProvedLeaf | null };

/** ProvedRecord is a record's line, and its inclusion proof in its segment's tree. */
export interface ProvedRecord {
  /** number of its segment among those of the answer */
  readonly segment: number;
  readonly line: string;
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly Hash[];
}

/** Answer proves which records there are, and that there are no others. */
export interface Answer {
  readonly query: AnswerQuery;
  readonly checkpoint: string;
  readonly verifierKeys: readonly string[];
  /** states the index */
  readonly heads: ProvedLine;
  /** the last entry that the index covers */
  readonly end: ProvedLine;
  readonly manifest: string;
  readonly units: readonly { readonly unit: number; readonly terms: readonly ProvedTerm[] }[];
  readonly segments: readonly ProvedLine[];
  readonly records: readonly ProvedRecord[];
  readonly report?: ProvedReport;
}

/** ProvedReport is a report's file and its entry, and the consistency proof from the tree that it speaks of to the checkpoint's. */
export interface ProvedReport extends ProvedLine {
  readonly name: string;
  readonly file: string;
  readonly consistency: readonly Hash[];
}

/** ANSWER_FILE is what an answer is called in the folder that find --prove writes. */
export const ANSWER_FILE = 'answer.json';

/** MAX_ANSWER_BYTES bounds an answer. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** MAX_ANSWER_RECORDS bounds its records. */
export const MAX_ANSWER_RECORDS = 10_000;

const VERSION = 1;
const START = /^\{"version":([0-9]{1,9}),"kind":"answer",/;
const MAX_START = 48;

const malformed = (why: string): AuditsealError => new AuditsealError('EVIDENCE_MALFORMED', why);

const versionOf = (bytes: Buffer): string | undefined => START.exec(bytes.toString('latin1', 0, MAX_START))?.[1];

/** isAnswer tells whether bytes begin as an answer does, of whatever version. */
export const isAnswer = (bytes: Buffer): boolean => versionOf(bytes) !== undefined;

/** formatAnswer prints an answer: one JSON object, ended by LF. */
export function formatAnswer(answer: Answer): Buffer {
  const { query, checkpoint, verifierKeys, heads, end, manifest, units, segments, records, report } = answer;
  const { from, to, partitions, terms } = query;
  const text = JSON.stringify({
    version: VERSION,
    kind: 'answer',
    query: { from, to, partitions, terms: terms.map(({ field, values }) => ({ field, values })) },
    checkpoint,
    verifierKeys,
    heads: printLine(heads),
    end: printLine(end),
    manifest,
    units: units.map(({ unit, terms }) => ({ unit, terms: terms.map(printTerm) })),
    segments: segments.map(printLine),
    records: records.map(({ segment, line, index, size, hashes }) => ({
      segment,
      line,
      index,
      size,
      hashes: printed(hashes),
    })),
    report: report && {
      name: report.name,
      file: report.file,
      ...printLine(report),
      consistency: printed(report.consistency),
    },
  });
  return Buffer.from(`${text}\n`);
}

const printed = (hashes: readonly Hash[]): string[] => hashes.map(formatBase64Hash);

const printLine = ({ index, line, hashes }: ProvedLine): object => ({ index, line, hashes: printed(hashes) });

const printLeaf = (leaf: ProvedLeaf | null): object | null =>
  leaf && {
    key: formatKey(leaf.key),
    postings: formatHash(leaf.postings),
    index: leaf.index,
    hashes: printed(leaf.hashes),
  };

function printTerm(term: ProvedTerm): object {
  const key = formatKey(term.key);
  if ('before' in term) return { key, before: printLeaf(term.before), after: printLeaf(term.after) };
  return { key, index: term.index, hashes: printed(term.hashes), postings: term.postings.toString('base64') };
}

/**
 * parseAnswer is the inverse of formatAnswer. It throws VERSION_UNKNOWN for another version, and EVIDENCE_MALFORMED for all other bytes
 * that formatAnswer doesn't print. It verifies nothing.
 */
export function parseAnswer(bytes: Buffer): Answer {
  if (bytes.length > MAX_ANSWER_BYTES) throw malformed(`the file has more than ${MAX_ANSWER_BYTES} bytes`);
  if (!isUtf8(bytes)) throw malformed('the file is not UTF-8');
  const version = versionOf(bytes);
  if (version !== undefined && version !== String(VERSION))
    throw new AuditsealError('VERSION_UNKNOWN', `the answer has version ${version}, and this program knows ${VERSION}`);
  const it = parseJsonObject(bytes.toString('utf8'));
  if (it === undefined) throw malformed(`the file is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  const answer: Answer = {
    query: readQuery(objectIn(it['query'], 'query')),
    checkpoint: textIn(it['checkpoint'], 'checkpoint'),
    verifierKeys: listIn(it['verifierKeys'], 'verifierKeys', textIn),
    heads: readLine(it['heads'], 'heads'),
    end: readLine(it['end'], 'end'),
    manifest: textIn(it['manifest'], 'manifest'),
    units: listIn(it['units'], 'units', (value) => {
      const { unit, terms } = objectIn(value, 'a unit');
      return { unit: countIn(unit, 'unit'), terms: listIn(terms, 'terms', readTerm) };
    }),
    segments: listIn(it['segments'], 'segments', readLine),
    records: listIn(it['records'], 'records', readRecord),
    ...(it['report'] !== undefined && { report: readReport(it['report']) }),
  };
  if (answer.records.length > MAX_ANSWER_RECORDS) throw malformed(`it has more than ${MAX_ANSWER_RECORDS} records`);
  if (!formatAnswer(answer).equals(bytes)) throw malformed('the file is not printed as this release prints answers');
  return answer;
}

function readQuery({ from, to, partitions, terms }: JsonObject): AnswerQuery {
  const time = (value: unknown): string | null => {
    if (value === null) return null;
    if (typeof value !== 'string' || !isTime(value)) throw malformed('its interval is none');
    return value;
  };
  const query: AnswerQuery = {
    from: time(from),
    to: time(to),
    partitions: partitions === null ? null : listIn(partitions, 'partitions', textIn),
    terms: listIn(terms, 'terms', (value) => {
      const { field, values } = objectIn(value, 'a term');
      return { field: textIn(field, 'field'), values: listIn(values, 'values', textIn) };
    }),
  };
  checkQuery(query);
  return query;
}

function hashesIn(value: unknown): Hash[] {
  const hashes = listIn(value, 'hashes', (item) => (typeof item === 'string' ? parseBase64Hash(item) : undefined));
  if (hashes.length > MAX_PROOF_HASHES || !hashes.every((hash) => hash !== undefined))
    throw malformed('a proof has no hashes, or too many');
  return hashes;
}

function hexIn(value: unknown): Hash {
  const hash = parseHash(value);
  if (hash === undefined) throw malformed('the hash of some postings is none');
  return hash;
}

function keyIn(value: unknown): TermKey {
  const key = parseKey(value);
  if (key === undefined) throw malformed('the key of a term is none');
  return key;
}

function readLine(value: unknown, name: string): ProvedLine {
  const { index, line, hashes } = objectIn(value, name);
  return { index: countIn(index, 'index'), line: textIn(line, 'line'), hashes: hashesIn(hashes) };
}

function readRecord(value: unknown): ProvedRecord {
  const { segment, size } = objectIn(value, 'a record');
  return { ...readLine(value, 'a record'), segment: countIn(segment, 'segment'), size: countIn(size, 'size') };
}

function readReport(value: unknown): ProvedReport {
  const { name, file, consistency } = objectIn(value, 'report');
  const proved = { ...readLine(value, 'report'), consistency: hashesIn(consistency) };
  return { ...proved, name: textIn(name, 'name'), file: textIn(file, 'file') };
}

function readTerm(value: unknown): ProvedTerm {
  const term = objectIn(value, 'a term');
  const key = keyIn(term['key']);
  if ('before' in term) return { key, before: readLeaf(term['before']), after: readLeaf(term['after']) };
  const postings = parseBase64(textIn(term['postings'], 'postings'));
  if (postings === undefined) throw malformed('postings are not base64');
  return { key, index: countIn(term['index'], 'index'), hashes: hashesIn(term['hashes']), postings };
}

function readLeaf(value: unknown): ProvedLeaf | null {
  if (value === null) return null;
  const { key, postings, index, hashes } = objectIn(value, 'a neighbour');
  return { key: keyIn(key), postings: hexIn(postings), index: countIn(index, 'index'), hashes: hashesIn(hashes) };
}
