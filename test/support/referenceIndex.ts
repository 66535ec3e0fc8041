import { createHash } from 'node:crypto';
import { plainTerms } from './plainScan.ts';

// The index by docs/format.md, section 9.7, written down once more and as plainly as can be: no code of the product but the rules' table.

const FIELD_NAMES = ['category', 'operation', 'actor', 'target', 'resource', 'result', 'ip'];

/** ReferenceSegment is a segment of which an index is made: the number of its entry in the log, the entry, and its records. */
export interface ReferenceSegment {
  readonly leaf: number;
  readonly entry: {
    readonly partition: string;
    readonly index: number;
    readonly incarnation: number;
    readonly events: { readonly first: number; readonly last: number; readonly count: number };
    readonly time: { readonly first: string; readonly last: string };
  };
  /** the original record, and how its line holds it */
  readonly records: readonly { readonly text: Buffer; readonly form: string | undefined }[];
}

const sha = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function keyHex(field: string, value: string): string {
  const key = sha(`1\0${field}\0${value}`).subarray(0, 8);
  key[0] = field.startsWith('_') ? (key[0] as number) | 128 : (key[0] as number) & 127;
  return key.toString('hex');
}

function leb(value: number): number[] {
  let rest = BigInt(value);
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low + 128 : low);
  } while (rest > 0n);
  return bytes;
}
const zigzag = (value: number): number[] => leb(value < 0 ? -2 * value - 1 : 2 * value);

/** Which terms a record has, each as a field and a value. */
function termsIn({ text, form }: ReferenceSegment['records'][number]): [string, string][] {
  const terms = form === undefined || form === 'value' ? plainTerms(text.toString('utf8')) : undefined;
  if (terms === undefined) return [['_notJson', '']];
  const fields = FIELD_NAMES.filter((field) => terms.has(field));
  if (fields.length === 0) return [['_noFields', '']];
  return FIELD_NAMES.flatMap((field): [string, string][] =>
    terms.has(field)
      ? kept(field, [...(terms.get(field) ?? [])]).map((value) => [field, value])
      : [['_without', field]],
  );
}

/** Of addresses those without ports, of targets those without a query: what other values of the record are made of. */
function kept(field: string, values: readonly string[]): string[] {
  if (field === 'ip') {
    const bare = values.filter(
      (value) => !value.includes(',') && !/^(\d{1,3}(\.\d{1,3}){3}:\d{1,5}|\[[0-9a-f:.%]+\](:\d{1,5})?)$/.test(value),
    );
    return bare.length === 0 ? [...values] : bare;
  }
  if (field === 'target')
    return values.filter(
      (value) =>
        !/^(https?:\/\/|\/)/.test(value) ||
        value === (value.replace(/[?#].*$/s, '').replace(/[/ \t\r\n]+$/s, '') || value),
    );
  return [...values];
}

function postingsOf(bySegment: ReadonlyMap<number, readonly number[]>): Buffer {
  const bytes: number[] = [];
  let [count, next] = [0, 0];
  for (const [ordinal, records] of bySegment) {
    count += records.length;
    const runs: { start: number; end: number }[] = [];
    for (const record of records) {
      const last = runs.at(-1);
      if (last?.end === record) last.end += 1;
      else runs.push({ start: record, end: record + 1 });
    }
    bytes.push(...leb(ordinal - next), ...leb(runs.length));
    next = ordinal + 1;
    let at = 0;
    for (const { start, end } of runs) {
      if (end - start === 1) bytes.push(...leb((start - at) * 2));
      else bytes.push(...leb((start - at) * 2 + 1), ...leb(end - start - 2));
      at = end;
    }
  }
  return Buffer.from([...leb(count), ...bytes]);
}

function rowsOf(segments: readonly ReferenceSegment[], from: number): Buffer {
  const bytes: number[] = [];
  let [next, time] = [from, 0];
  for (const { leaf, entry, records } of segments) {
    const [first, last] = [Date.parse(entry.time.first), Date.parse(entry.time.last)];
    bytes.push(...leb(leaf - next), ...leb(Number(entry.partition)), ...leb(entry.index), ...leb(entry.incarnation));
    bytes.push(...leb(entry.events.first + 1), ...leb(entry.events.last + 1), ...leb(entry.events.count));
    bytes.push(...leb(records.length), ...zigzag(first - time), ...leb(last - first));
    [next, time] = [leaf + 1, first];
  }
  return Buffer.from(bytes);
}

function timesOf(segments: readonly ReferenceSegment[]): Buffer {
  const bytes: number[] = [];
  let before = 0;
  for (let start = 0; start < segments.length; start += 256) {
    const block = segments.slice(start, start + 256).map(({ entry }) => entry.time);
    const first = Math.min(...block.map((time) => Date.parse(time.first)));
    bytes.push(...zigzag(first - before), ...leb(Math.max(...block.map((time) => Date.parse(time.last))) - first));
    before = first;
  }
  return Buffer.from(bytes);
}

/** referenceTerms gives the terms of a unit, by key in hex, in their order. */
export function referenceTerms(segments: readonly ReferenceSegment[], from: number): Map<string, Buffer> {
  const found = new Map<string, Map<number, number[]>>();
  for (const [ordinal, { records }] of segments.entries()) {
    const pairs = new Set<string>();
    const keys = new Set<string>();
    for (const [number, record] of records.entries()) {
      const its = termsIn(record);
      const more = its.filter(([field]) => !field.startsWith('_')).map(([field, value]) => keyHex(field, value));
      const isTooMuch = new Set([...keys, ...more]).size > 131_072;
      if (!isTooMuch) for (const key of more) keys.add(key);
      for (const [field, value] of isTooMuch ? ([['_unindexed', '']] as const) : its) {
        const key = keyHex(field, value);
        if (pairs.has(`${number} ${key}`)) continue;
        pairs.add(`${number} ${key}`);
        const bySegment = found.get(key) ?? new Map<number, number[]>();
        const records = bySegment.get(ordinal) ?? [];
        records.push(number);
        bySegment.set(ordinal, records);
        found.set(key, bySegment);
      }
    }
  }
  const terms = new Map([...found].map(([key, bySegment]) => [key, postingsOf(bySegment)]));
  for (let block = 0; block * 256 < segments.length; block++)
    terms.set(keyHex('_segments', String(block)), rowsOf(segments.slice(block * 256, block * 256 + 256), from));
  if (segments.length > 0) terms.set(keyHex('_times', ''), timesOf(segments));
  return new Map([...terms].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** referenceRoot gives the root of the tree over terms, in hex: RFC 6962, section 2.1. */
export function referenceRoot(terms: ReadonlyMap<string, Buffer>): string {
  const tree = (leaves: readonly Buffer[]): Buffer => {
    if (leaves.length === 1) return leaves[0] as Buffer;
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return sha(Buffer.from([1]), tree(leaves.slice(0, split)), tree(leaves.slice(split)));
  };
  const leaves = [...terms].map(([key, postings]) => sha(Buffer.from([0]), Buffer.from(key, 'hex'), sha(postings)));
  return (leaves.length === 0 ? sha('') : tree(leaves)).toString('hex');
}
