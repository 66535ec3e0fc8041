import { createHash } from 'node:crypto';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import { NO_END, continues, deriveChain, segmentAt } from './derive.ts';
import type { ChainEnd } from './derive.ts';
import { nameOf } from './forge.ts';
import { depthOf } from './referenceBody.ts';
import { referenceRoot } from './referenceLedger.ts';
import type { ReferenceSegment } from './referenceLedger.ts';
import {
  Foreign,
  openReferenceAcknowledgement,
  openReferenceBatch,
  openReferenceNote,
  openReferenceNotice,
  openReferenceReport,
  referenceKeys,
  referenceOperators,
} from './referenceSignature.ts';
import type { ReferenceOperator, ReferenceTrust } from './referenceSignature.ts';

type Objects = ReadonlyMap<string, Buffer>;

export interface DerivedLog {
  /** leaf data of the log */
  readonly entries: readonly Buffer[];
  /** sizes of the checkpoints */
  readonly sizes: readonly number[];
  /** numbers of batches that are in the log, and of those that are void */
  readonly batches: readonly number[];
  readonly void: readonly number[];
  /** names of the acknowledgements that count */
  readonly acknowledgements: readonly string[];
  /** keys that its entries announce, of that ledger */
  readonly trust: ReferenceTrust;
}

interface AnyEntry {
  readonly type: string;
  readonly name: string;
  readonly sha256: string;
  readonly note: string;
  readonly status: string;
  readonly action: string;
  readonly outcome: string;
  readonly partition: string;
  readonly index: number;
}

interface Place extends ChainEnd {
  readonly next: number;
}

const number = (value: number): string => String(value).padStart(12, '0');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const textOf = ({ keyName, keyId, type, material }: VerifierKey): string =>
  `${keyName}+${keyId}+${Buffer.concat([Buffer.of(type === 'ecdsa' ? 2 : 1), material]).toString('base64')}`;

/**
 * deriveLog re-derives the log from the stored bytes and a key alone, by the rules of docs/format.md, and throws where what is
 * signed breaks one. With an auditor's key, every report that has an entry must be signed by it.
 */
export function deriveLog(objects: Objects, key: VerifierKey, auditor?: VerifierKey): DerivedLog {
  return new Log(objects, key, auditor).derive();
}

/** Log follows the batches, and has what the entries so far lead to. */
class Log {
  readonly #objects: Objects;
  readonly #given: string;
  readonly #ledger: string;
  readonly #auditors: readonly string[] | undefined;
  readonly #keys: string[] = [];
  #operators: readonly ReferenceOperator[] = [];
  readonly #entries: Buffer[] = [];
  readonly #places = new Map<string, Place>();
  readonly #batches: number[] = [];
  /** texts of the checkpoints that may be signed */
  readonly #texts = new Set<string>();
  #time = '';
  #reports = 0;
  #actions = 0;

  constructor(objects: Objects, key: VerifierKey, auditor: VerifierKey | undefined) {
    this.#objects = objects;
    this.#given = textOf(key);
    this.#ledger = key.keyName;
    this.#auditors = auditor && [textOf(auditor)];
  }

  derive(): DerivedLog {
    const sizes: number[] = [];
    const noBatch: number[] = [];
    let taken = 0;
    let hasCheckpoint = true;
    for (const name of [...this.#objects.keys()].filter((name) => /^batches\/\d{12}\.jsonl$/.test(name)).sort()) {
      const n = Number(name.slice('batches/'.length, -'.jsonl'.length));
      const lines = this.#open(name);
      taken++;
      if (lines === undefined) {
        noBatch.push(n);
        continue;
      }
      if (taken !== n + 1) throw new Error(`there is a hole before batch ${n}`);
      if (!hasCheckpoint) throw new Error(`batch ${n} is there, and the one before has no checkpoint`);
      this.#take(lines);
      this.#batches.push(n);
      hasCheckpoint = this.#objects.has(`checkpoints/${number(n)}`);
      if (this.#isCheckpoint(n)) sizes.push(this.#entries.length);
    }
    this.#checkSigned();
    const { acknowledgements } = this;
    return {
      entries: this.#entries,
      sizes,
      batches: this.#batches,
      void: noBatch,
      acknowledgements,
      trust: this.#trust,
    };
  }

  /** The actions before the next one that acknowledge, and that an operator signed who counted for their number. */
  get acknowledgements(): string[] {
    const names = Array.from({ length: this.#actions }, (_, n) => `actions/${number(n)}.json`);
    return names.filter((name, n) => {
      const counting = this.#operators.filter(({ from, until = Infinity }) => from <= n && n < until);
      const keys = counting.map(({ key }) => key);
      try {
        openReferenceAcknowledgement(this.#objects.get(name) ?? Buffer.alloc(0), name, this.#ledger, keys);
        return true;
      } catch (error) {
        if (error instanceof Foreign) return false;
        throw error;
      }
    });
  }

  get #trust(): ReferenceTrust {
    return { ledger: this.#ledger, keys: this.#batches.length === 0 ? [this.#given] : this.#keys };
  }

  /** The entries of a batch that is in the log, or undefined. */
  #open(name: string): string[] | undefined {
    let lines: string[];
    try {
      const batch = openReferenceBatch(this.#objects.get(name) as Buffer, name, this.#trust);
      lines = batch.lines.toString('utf8').split('\n').slice(0, -1);
      if (lines.length > 2000 || batch.lines.length > 2 ** 25) return undefined;
      const { time } = JSON.parse(lines.at(-1) ?? '{}') as { time?: string };
      const { from, until } = batch.certificate;
      const isNext =
        batch.previous === (this.#batches.at(-1) ?? -1) &&
        batch.size === this.#entries.length &&
        batch.root === referenceRoot(this.#entries);
      const isThen = time !== undefined && time >= this.#time && time >= from && time <= until;
      referenceKeys(lines, this.#keys, this.#trust);
      referenceOperators(lines, this.#operators, this.#actions, this.#trust);
      if (!isNext || !isThen || lines.some((line) => line === '' || Buffer.byteLength(line) > 65_535)) return undefined;
    } catch (error) {
      if (error instanceof Foreign || error instanceof SyntaxError) return undefined;
      throw error;
    }
    const isHeads = (line: string): boolean => line.startsWith('{"type":"heads",');
    const first = lines.findIndex(isHeads);
    return first >= 0 && lines.slice(first).every(isHeads) ? lines : undefined;
  }

  #take(lines: readonly string[]): void {
    this.#operators = referenceOperators(lines, this.#operators, this.#actions, this.#trust);
    const isHeads = (line: string): boolean => line.startsWith('{"type":"heads",');
    const first = lines.findIndex(isHeads);
    for (const line of lines.slice(0, first)) {
      this.#takeEntry(JSON.parse(line) as AnyEntry, line);
      this.#entries.push(Buffer.from(line));
    }
    const heads = lines.slice(first);
    const { time, index } = JSON.parse(heads[0] as string) as { time: string; index?: { entries: number } };
    this.#time = time;
    // What it says of the index is looked at where that is derived.
    if (index !== undefined && index.entries > this.#entries.length - first)
      throw new Error(`an index of ${index.entries} entries before there are so many`);
    if (heads.join('\n') !== this.#heads(index).join('\n'))
      throw new Error(`heads ${heads.join(' ')}, not ${this.#heads(index).join(' ')}`);
    this.#entries.push(...heads.map((line) => Buffer.from(line)));
  }

  #heads(index: object | undefined): string[] {
    const all = [...this.#places].sort(([a], [b]) => Number(a) - Number(b));
    const operators = this.#operators.length > 0 && { operators: this.#operators };
    const keys = { keys: this.#keys, ...operators };
    const start = { type: 'heads', time: this.#time, ...keys, reports: this.#reports, actions: this.#actions, index };
    return Array.from({ length: Math.max(Math.ceil(all.length / 300), 1) }, (_, i) => {
      const part = all.slice(i * 300, (i + 1) * 300).map(([partition, { next, index, root, sealed }]) => {
        return [partition, { next, index, root, sealed }] as const;
      });
      return JSON.stringify({ ...start, partitions: Object.fromEntries(part) });
    });
  }

  #takeEntry(entry: AnyEntry, line: string): void {
    const must = (isTrue: boolean, what: string): void => {
      if (!isTrue) throw new Error(`${what}: ${line}`);
    };
    must(depthOf(line) <= 64, 'it nests too deep');
    switch (entry.type) {
      case 'key':
        must(line === JSON.stringify({ type: 'key', note: entry.note }), 'a key not as printed');
        must(this.#batches.length > 0 || this.#keys.length === this.#entries.length, 'a key behind other entries');
        this.#keys.push(openReferenceNotice(entry.note, { ...this.#trust, keys: undefined }));
        return;
      case 'operator':
        must(line === JSON.stringify({ type: 'operator', note: entry.note }), 'an operator not as printed');
        return;
      case 'segment':
      case 'foreign':
        must(this.#judged(entry) === line, 'not what is stored');
        return;
      case 'report':
        must(this.#isReport(entry, line), 'not what is stored');
        this.#reports = Number(entry.name.slice(8, -5)) + 1;
        return;
      case 'action':
        must(this.#isAction(entry, line), 'not what is stored');
        this.#actions++;
        return;
      default:
        must(false, 'an unknown type');
    }
  }

  /** The entry of the object that the entry names, and where the log stands behind it. */
  #judged({ name, partition: own, index: at }: AnyEntry): string {
    const [, partition = own, digits = String(at)] = /^segments\/(\d+)\/(\d{12})\.jsonl\.zst$/.exec(name) ?? [];
    if (name.startsWith('actions/')) {
      this.#actions++;
      return name === `actions/${number(this.#actions - 1)}.json` ? JSON.stringify({ type: 'foreign', name }) : '';
    }
    const { next, ...end } = this.#places.get(partition) ?? { next: 0, ...NO_END };
    if (next !== Number(digits) || !this.#objects.has(nameOf(next, partition))) return 'a hole';
    const trust = { ledger: this.#ledger, keys: this.#keys };
    const segment = segmentAt(this.#objects, partition, next, trust);
    if (segment === 'of a later release') return 'of a later release';
    const isOne = segment !== undefined && continues(segment, end);
    const place = isOne ? { index: next, root: segment.root, sealed: segment.header.sealed } : end;
    this.#places.set(partition, { next: next + 1, ...place });
    return isOne
      ? entryOf(segment, name, this.#objects.get(name) as Buffer)
      : JSON.stringify({ type: 'foreign', name });
  }

  #isReport({ name, sha256: stated }: AnyEntry, line: string): boolean {
    const bytes = this.#objects.get(name) ?? Buffer.alloc(0);
    const signed = this.#auditors && openReferenceReport(bytes, name, this.#ledger, this.#auditors);
    const { report } = JSON.parse(bytes.toString()) as { report: { status: string } };
    const wanted = JSON.stringify({ type: 'report', name, sha256: sha256(bytes), status: report.status });
    return line === wanted && stated === sha256(bytes) && Number(name.slice(8, -5)) >= this.#reports && signed !== '';
  }

  #isAction({ name }: AnyEntry, line: string): boolean {
    const bytes = this.#objects.get(name) ?? Buffer.from('{}');
    const { kind: action, outcome } = JSON.parse(bytes.toString()) as { kind: string; outcome: string };
    const wanted = JSON.stringify({ type: 'action', name, sha256: sha256(bytes), action, outcome });
    return line === wanted && name === `actions/${number(this.#actions)}.json`;
  }

  /** Whether checkpoint n is one over all entries so far. */
  #isCheckpoint(n: number): boolean {
    const root = Buffer.from(referenceRoot(this.#entries), 'hex').toString('base64');
    const text = `${this.#ledger}\n${this.#entries.length}\n${root}\n`;
    this.#texts.add(text);
    return this.#signedText(`checkpoints/${number(n)}`) === text;
  }

  #signedText(name: string): string | undefined {
    const note = this.#objects.get(name)?.toString('utf8');
    if (note === undefined) return undefined;
    try {
      return openReferenceNote(note, this.#ledger, this.#keys);
    } catch (error) {
      if (error instanceof Foreign) return undefined;
      throw error;
    }
  }

  /** Nothing that the log's keys signed, whatever its name, is of another tree. */
  #checkSigned(): void {
    for (const name of [...this.#objects.keys()].filter((name) => name.startsWith('checkpoints/'))) {
      const text = this.#signedText(name);
      if (text !== undefined && !this.#texts.has(text)) throw new Error(`${name} is signed, and of another tree`);
    }
  }
}

/** entryOf prints the entry of a segment. docs/format.md, section 9.2. */
function entryOf({ header, records, root, earliest, latest }: ReferenceSegment, name: string, stored: Buffer): string {
  const { prev, partition, index, incarnation, events, sealed } = header;
  const { first, last, count } = events;
  const categories = new Map<string, number>();
  for (const { line } of records) {
    const [, category] = /"category": *(?:"([ !#-[\]-~]{1,64})")?/.exec(line.toString('latin1')) ?? [];
    if (category !== undefined && (categories.has(category) || categories.size < 100))
      categories.set(category, (categories.get(category) ?? 0) + 1);
  }
  return JSON.stringify({
    type: 'segment',
    name,
    size: stored.length,
    sha256: sha256(stored),
    root,
    prev,
    partition,
    index,
    incarnation,
    records: header.records,
    events: { first, last, count },
    time: count === 0 ? { first: sealed, last: sealed } : { first: earliest, last: latest },
    categories: Object.fromEntries(categories),
  });
}

/** namesIn gives the objects that the entries are of, in order, as "type name". */
export const namesIn = ({ entries }: DerivedLog): string[] =>
  entries
    .map((line) => JSON.parse(line.toString('utf8')) as AnyEntry)
    .filter(({ name }) => name !== undefined)
    .map(({ type, name }) => `${type} ${name}`);

/**
 * expectWholeLog checks that every segment of the partitions has one entry, in order, and what is foreign before a hole too; but
 * a partition without any segment has no entries.
 */
export function expectWholeLog(objects: Objects, log: DerivedLog, partitions: readonly string[]): void {
  const names = namesIn(log);
  for (const partition of partitions) {
    const { headers, foreign } = deriveChain(objects, partition, log.trust);
    const wanted: string[] = [];
    for (let index = 0; headers.length > 0 && objects.has(nameOf(index, partition)); index++)
      wanted.push(`${foreign.includes(index) ? 'foreign' : 'segment'} ${nameOf(index, partition)}`);
    expect(names.filter((name) => name.includes(` segments/${partition}/`))).toEqual(wanted);
  }
  expect(new Set(names).size).toBe(names.length);
}
