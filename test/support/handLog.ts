import { createHash } from 'node:crypto';
import { LEDGER, ZEROS, nameOf, timeOf } from './forge.ts';
import { referenceRoot as rootOfTerms, referenceTerms } from './referenceIndex.ts';
import type { ReferenceSegment } from './referenceIndex.ts';
import { keyText, signReport, signReportP256, signedNote } from './sign.ts';

// A small log with an index, written by hand from docs/format.md, sections 9.2, 9.3 and 9.7, without src/core.

/** Json is an answer's content, for tests to change. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export const LOG_KEY = keyText({ name: LEDGER, seed: 1 });
export const AUDITOR_KEY = keyText({ name: `${LEDGER}/auditor`, seed: 100 });

export const REPORT = 'reports/000000000000.json';
/** The index ends with the heads of one batch, those of a later one state it, and a report follows. */
export const END_AT = 39;
export const HEADS_AT = 41;
export const REPORT_AT = 43;
const SIZE = 45;

export const sha = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** keyHex is the key of a term, of rules 1 unless it is told otherwise. */
export function keyHex(field: string, value = '', rules = 1): string {
  const key = sha(`${rules}\0${field}\0${value}`).subarray(0, 8);
  key[0] = ((key[0] ?? 0) & 0x7f) | (field.startsWith('_') ? 0x80 : 0);
  return key.toString('hex');
}

export const leafOf = (data: string | Uint8Array): Buffer => sha(Buffer.of(0), data);

/** treeOf gives the root over leaf hashes: RFC 6962, section 2.1. */
export function treeOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length <= 1) return leaves[0] ?? sha('');
  const split = splitOf(leaves.length);
  return sha(Buffer.of(1), treeOf(leaves.slice(0, split)), treeOf(leaves.slice(split)));
}

export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** HandRecord is a record: its own text, when it came in (a second of the tests), and its form if it is no object. */
export interface HandRecord {
  readonly text: string;
  readonly second: number;
  readonly form?: 'text';
}

/** HandSegment is a segment by the number of its entry. */
export interface HandSegment {
  readonly leaf: number;
  readonly partition: string;
  readonly index: number;
  readonly records: readonly HandRecord[];
  /** the time of one without records */
  readonly second?: number;
}

const by = (caller: string, operation: string, second: number): HandRecord => ({
  text: JSON.stringify({ category: 'Audit', caller, operationName: operation }),
  second,
});

/** SEGMENTS are of two units of the index: the entries below 32, and those from there to 40. */
export const SEGMENTS: readonly HandSegment[] = [
  {
    leaf: 1,
    partition: '0',
    index: 0,
    records: [by('alice', 'read', 0), by('bob', 'write', 10), by('Alice', 'Write', 20), by('alice', 'delete', 30)],
  },
  {
    leaf: 3,
    partition: '1',
    index: 0,
    records: [by('alice', 'read', 15), { text: 'link down', second: 16, form: 'text' }, by('bob', 'read', 17)],
  },
  { leaf: 5, partition: '0', index: 1, records: [{ text: '{"x":1}', second: 40 }, by('bob', 'read', 41)] },
  { leaf: 6, partition: '1', index: 1, records: [], second: 45 },
  { leaf: 33, partition: '0', index: 2, records: [by('alice', 'delete', 100), by('carol', 'read', 110)] },
  { leaf: 35, partition: '1', index: 2, records: [by('carol', 'write', 105), by('alice', 'read', 106)] },
];

/** Lies change what whoever signs the log says, before it is hashed and signed. */
export interface Lies {
  readonly segments?: (segments: HandSegment[]) => HandSegment[];
  /** changes the line of a record, or of a header, before its segment's root is made */
  readonly line?: (line: string, name: string, leaf: number) => string;
  /** changes a segment's entry, and nothing of its row */
  readonly entry?: (entry: Json) => Json;
  /** changes a unit's terms: postings by key in hex */
  readonly terms?: (terms: Map<string, Buffer>, unit: number) => Map<string, Buffer>;
  readonly manifest?: (manifest: Json) => Json;
  readonly heads?: (heads: Json) => Json;
  /** changes the heads that the index ends with */
  readonly end?: (heads: Json) => Json;
  readonly report?: (report: Json) => Json;
  /** who signs the report, and for which name */
  readonly reportOf?: {
    readonly ledger?: string;
    readonly seed?: number;
    readonly name?: string;
    readonly isP256?: boolean;
  };
  /** the report ends with its own hash instead of a signature */
  readonly unsigned?: boolean;
  readonly reportEntry?: (entry: Json) => Json;
  /** changes entries once the report is made: the log forks */
  readonly fork?: (entries: string[]) => void;
}

export interface MadeSegment {
  readonly own: HandSegment;
  readonly lines: readonly string[];
  readonly entry: string;
  readonly reference: ReferenceSegment;
}

/** HandLog is a log with an index. */
export interface HandLog {
  readonly entries: readonly string[];
  readonly segments: readonly MadeSegment[];
  readonly units: readonly {
    readonly from: number;
    readonly to: number;
    readonly terms: ReadonlyMap<string, Buffer>;
  }[];
  readonly manifest: string;
  readonly checkpoint: string;
  readonly reportFile: string;
  /** of how many entries the report is */
  readonly reportSize: number;
}

/** handLog makes the log; it is right but for its lies. */
export function handLog(lies: Lies = {}): HandLog {
  const entries = Array.from({ length: SIZE }, (_, i) => `{"type":"other","number":${i}}`);
  const next = new Map<string, { records: number; events: number; root: string }>();
  const segments = (lies.segments?.([...SEGMENTS]) ?? SEGMENTS).map((own): MadeSegment => {
    const before = next.get(own.partition) ?? { records: 0, events: 0, root: ZEROS };
    const made = segmentOf(own, before, lies);
    next.set(own.partition, {
      records: before.records + own.records.length,
      events: before.events + own.records.length,
      root: made.root,
    });
    entries[own.leaf] = made.entry;
    return made;
  });
  const units = [
    { from: 0, to: 32 },
    { from: 32, to: 40 },
  ].map(({ from, to }, i) => {
    const own = segments.filter(({ own: { leaf } }) => leaf >= from && leaf < to).map(({ reference }) => reference);
    const terms = referenceTerms(own, from);
    return { from, to, own, terms: lies.terms?.(terms, i) ?? terms };
  });
  const right = {
    version: 1,
    rules: 1,
    entries: 40,
    units: units.map(({ from, to, own, terms }) => ({
      entries: [from, to],
      segments: own.length,
      records: own.reduce((sum, { records }) => sum + records.length, 0),
      time: [
        own.map(({ entry }) => entry.time.first).toSorted()[0],
        own
          .map(({ entry }) => entry.time.last)
          .toSorted()
          .at(-1),
      ],
      terms: terms.size,
      root: rootOfTerms(terms),
    })),
  };
  const manifest = `${JSON.stringify(lies.manifest?.(right) ?? right)}\n`;
  const stated = { entries: 40, rules: 1, manifest: sha(manifest).toString('hex') };
  const common = { keys: [LOG_KEY], reports: 0, actions: 0 };
  const partitions = positionsOf(segments);
  const end = { type: 'heads', time: timeOf(1_950_000), ...common, partitions };
  entries[END_AT] = JSON.stringify(lies.end?.(structuredClone(end)) ?? end);
  const heads = { type: 'heads', time: timeOf(2_000_000), ...common, index: stated, partitions };
  entries[HEADS_AT] = JSON.stringify(lies.heads?.(structuredClone(heads)) ?? heads);
  const head = headOf(entries, HEADS_AT + 1);
  const said = reportOf(lies, { ...stated, units: right.units.length, rederived: right.units.length }, head);
  const reportFile = signed(said, lies);
  const entry = { type: 'report', name: REPORT, sha256: sha(reportFile).toString('hex'), status: 'verified' };
  entries[REPORT_AT] = JSON.stringify(lies.reportEntry?.(entry) ?? entry);
  lies.fork?.(entries);
  const reportSize = said.log?.head?.size ?? entries.length;
  return { entries, segments, units, manifest, checkpoint: checkpointOf(entries), reportFile, reportSize };
}

/** positionsOf gives how far a log with these segments has come in each partition. */
function positionsOf(segments: readonly MadeSegment[]): Json {
  const positions: Json = {};
  for (const { own, lines } of segments.toSorted((a, b) => Number(a.own.partition) - Number(b.own.partition)))
    positions[own.partition] = {
      next: own.index + 1,
      index: own.index,
      root: treeOf(lines.map(leafOf)).toString('hex'),
      sealed: timeOf(1_940_000 + Number(own.partition)),
    };
  return positions;
}

/** headOf gives the log's first entries as a report states them. */
export const headOf = (entries: readonly string[], size: number): Json => ({
  number: 1,
  size,
  root: treeOf(entries.slice(0, size).map(leafOf)).toString('hex'),
  time: timeOf(2_000_000),
});

/** checkpointOf signs the tree over entries, with the log's key. */
export const checkpointOf = (entries: readonly string[], origin = LEDGER, seed = 1): string =>
  signedNote(`${origin}\n${entries.length}\n${treeOf(entries.map(leafOf)).toString('base64')}\n`, [
    { name: origin, seed },
  ]);

function segmentOf(
  own: HandSegment,
  before: { readonly records: number; readonly events: number; readonly root: string },
  lies: Lies,
): MadeSegment & { readonly root: string } {
  const name = nameOf(own.index, own.partition);
  const seconds = own.records.length === 0 ? [own.second ?? 0] : own.records.map(({ second }) => second);
  const change = (line: string, leaf: number): string => lies.line?.(line, name, leaf) ?? line;
  const lines = [
    change(`{"_segment":{"version":1,"ledger":"${LEDGER}","name":"${name}","prev":"${before.root}"}}`, 0),
    ...own.records.map(({ text, second, form }, i) => {
      const [record, event] = [before.records + i, before.events + i];
      const seal = `"_seal":{"record":${record},"event":${event},"index":0,"enqueued":"${timeOf(second)}"`;
      const line =
        form === undefined
          ? `${text.slice(0, -1)},${seal}}}`
          : `{"_text":${JSON.stringify(text)},"_reason":"not JSON",${seal},"form":"text"}}`;
      return change(line, i + 1);
    }),
  ];
  const root = treeOf(lines.map(leafOf)).toString('hex');
  const right = {
    type: 'segment',
    name,
    size: 1000,
    sha256: sha(root).toString('hex'),
    root,
    prev: before.root,
    partition: own.partition,
    index: own.index,
    incarnation: 0,
    records: { first: before.records, count: own.records.length },
    events: {
      first: own.records.length === 0 ? before.events - 1 : before.events,
      last: before.events + own.records.length - 1,
      count: own.records.length,
    },
    time: { first: timeOf(Math.min(...seconds)), last: timeOf(Math.max(...seconds)) },
    categories: {},
  };
  const records = own.records.map(({ text, form }) => ({ text: Buffer.from(text), form }));
  const reference = { leaf: own.leaf, entry: right, records };
  const entry = JSON.stringify(lies.entry?.(structuredClone(right)) ?? right);
  return { own, lines, entry, reference, root };
}

/** reportOf gives the text of a report, taken apart. */
function reportOf(lies: Lies, index: Json, head: Json): Json {
  const right = {
    version: 1,
    kind: 'integrity',
    ledger: LEDGER,
    started: timeOf(2_000_100),
    finished: timeOf(2_000_200),
    status: 'verified',
    checked: {
      mode: 'full',
      anchor: null,
      segments: 6,
      records: 13,
      events: 13,
      duplicates: 0,
      storedBytes: 6000,
      lineBytes: 6000,
      segmentsNotRehashed: 0,
      findingsRepeated: 0,
      lastFull: timeOf(2_000_200),
      otherObjects: 0,
    },
    notChecked: [],
    partitions: [],
    log: {
      batches: 2,
      entries: 42,
      entriesCompared: 42,
      checkpoints: 2,
      signatures: 2,
      tiles: 0,
      segmentsNotIntegrated: 0,
      index,
      keptCheckpoint: null,
      head,
    },
    findings: [],
    findingsOmitted: 0,
    findingsAcknowledged: 0,
    unreadable: [],
  };
  return lies.report?.(structuredClone(right)) ?? right;
}

function signed(said: Json, lies: Lies): string {
  const { ledger = LEDGER, seed = 100, name = REPORT, isP256 = false } = lies.reportOf ?? {};
  const text = Buffer.from(`{"report":${JSON.stringify(said)}`);
  if (lies.unsigned === true) return `${text.toString()},"sha256":"${sha(text).toString('hex')}"}\n`;
  return (isP256 ? signReportP256 : signReport)(text, name, ledger, seed).toString();
}
