import { formatBatch, parseBatch } from '../../../src/core/objects/batch.ts';
import { formatEntry, nameIn, parseEntry, placeOf } from '../../../src/core/objects/entry.ts';
import { segmentName } from '../../../src/core/objects/names.ts';
import type { LogEntry, SegmentEntry } from '../../../src/core/objects/entry.ts';
import { ZERO_HASH, sha256 } from '../../../src/core/hash.ts';
import { MAX_ENTRY_BYTES } from '../../../src/core/merkle/tile.ts';
import { LEDGER, TRUST } from '../../support/forge.ts';
import { noticeOf } from '../../support/sign.ts';
import { coded, damaged, expectExact, loadVectors } from '../../support/logVectors.ts';
import { TIME } from '../../support/segments.ts';

const { entries } = loadVectors('evidence.json') as {
  entries: {
    good: { name: string; line: string; type: string }[];
    bad: { name: string; line: string }[];
  };
};

const SEGMENT: SegmentEntry = {
  type: 'segment',
  size: 48_211,
  sha256: sha256(Buffer.from('stored')),
  root: sha256(Buffer.from('root')),
  prev: ZERO_HASH,
  partition: '0',
  index: 41,
  incarnation: 0,
  records: { first: 10_241, count: 512 },
  events: { first: 7000, last: 7051, count: 52 },
  time: { first: TIME, last: TIME },
  categories: new Map([['AuditEvent', 512]]),
};

describe('parseEntry', () => {
  test.each(entries.good)('reads $name, and formatEntry prints it', ({ line, type }) => {
    const entry = parseEntry(Buffer.from(line));
    expect(entry.type).toBe(type);
    expect(formatEntry(entry).toString()).toBe(line);
  });

  test.each(entries.bad)('refuses $name', ({ line }) => {
    expect(() => parseEntry(Buffer.from(line))).toThrow(coded('ENTRY_MALFORMED'));
  });

  test('refuses what is not UTF-8', () => {
    expect(() => parseEntry(Buffer.from('{"type":"x","a":"\xff"}', 'latin1'))).toThrow(coded('ENTRY_MALFORMED'));
  });

  test('reads only what formatEntry prints', () => {
    for (const [seed, { line }] of entries.good.entries()) {
      const back = (it: Buffer): Buffer => formatEntry(parseEntry(it));
      expectExact(damaged(Buffer.from(line), seed, 1500), ['ENTRY_MALFORMED'], back);
    }
  });
});

describe('formatEntry', () => {
  test('prints the members in their order, and parseEntry gives the entry back', () => {
    const line = formatEntry(SEGMENT);
    expect(Object.keys(JSON.parse(line.toString()) as object).join(' ')).toBe(
      'type name size sha256 root prev partition index incarnation records events time categories',
    );
    expect(parseEntry(line)).toEqual(SEGMENT);
    const others: LogEntry[] = [
      { type: 'report', name: 'reports/000000000004.json', sha256: ZERO_HASH, status: 'unverified' },
      { type: 'foreign', name: 'odd "name"\n' },
      { type: 'key', note: noticeOf(LEDGER, TRUST.keys[0] as string, [{ name: LEDGER, seed: 1 }]) },
      { type: 'opaque', statedType: 'x', line: '{"type":"x"}' },
    ];
    for (const entry of others) expect(parseEntry(formatEntry(entry))).toEqual(entry);
  });

  test('takes categories of any name', () => {
    const categories = new Map(['', '__proto__', 'constructor', '\ud800', '"\n'].map((name, i) => [name, i] as const));
    expect((parseEntry(formatEntry({ ...SEGMENT, categories })) as SegmentEntry).categories).toEqual(categories);
  });

  test.each<[string, LogEntry]>([
    ['a category too many', { ...SEGMENT, categories: new Map([['a'.repeat(MAX_ENTRY_BYTES), 1]]) }],
    ['a partition that is none', { ...SEGMENT, partition: '../0' }],
    ['a time that is none', { ...SEGMENT, time: { first: 'now', last: TIME } }],
    ['half a record', { ...SEGMENT, records: { first: 0.5, count: 1 } }],
    ['a key that is none', { type: 'key', note: 'x' }],
    ['an opaque entry of a known type', { type: 'opaque', statedType: 'report', line: '{"type":"report"}' }],
    ['an opaque entry that is no JSON', { type: 'opaque', statedType: 'x', line: 'x' }],
  ])('refuses %s', (_name, entry) => {
    expect(() => formatEntry(entry)).toThrow(coded('ENTRY_MALFORMED'));
  });

  test('prints up to 65,535 bytes', () => {
    const room = MAX_ENTRY_BYTES - formatEntry({ ...SEGMENT, categories: new Map([['', 1]]) }).length;
    const entry = { ...SEGMENT, categories: new Map([['a'.repeat(room), 1]]) };
    expect(formatEntry(entry)).toHaveLength(MAX_ENTRY_BYTES);
  });
});

describe('batches', () => {
  const lines = entries.good.map(({ line }) => Buffer.from(line));

  test('are lines ended by LF', () => {
    const batch = formatBatch(lines);
    expect(batch.toString()).toBe(lines.map((line) => `${line.toString()}\n`).join(''));
    expect(parseBatch(batch)).toEqual(lines);
  });

  test.each([
    ['nothing', ''],
    ['no LF at the end', '{}'],
    ['one empty line', '\n'],
    ['an empty line between others', 'a\n\nb\n'],
    ['an empty line at the end', 'a\n\n'],
    ['a line of 65,536 bytes', `${'a'.repeat(MAX_ENTRY_BYTES + 1)}\n`],
  ])('with %s are refused', (_name, text) => {
    expect(() => parseBatch(Buffer.from(text))).toThrow(coded('BATCH_MALFORMED'));
  });

  test('hold lines of 65,535 bytes', () => {
    const long = [Buffer.alloc(MAX_ENTRY_BYTES, 'a'), Buffer.from('b')];
    expect(parseBatch(formatBatch(long))).toEqual(long);
  });

  test.each([
    ['no entry', []],
    ['an entry of two lines', ['a\nb']],
    ['an empty entry', ['a', '']],
  ])('of %s are not printed', (_name, texts) => {
    expect(() => formatBatch(texts.map((text) => Buffer.from(text)))).toThrow(coded('BATCH_MALFORMED'));
  });

  test('are read only as they are printed', () => {
    const batch = formatBatch(lines.slice(-3));
    const taken = expectExact(damaged(batch, 1, 2000), ['BATCH_MALFORMED'], (bytes) => formatBatch(parseBatch(bytes)));
    expect(taken).toBeGreaterThan(100);
  });
});

test('an entry names the object that it is of, and its place if that is one of a segment', () => {
  const name = segmentName('7', 3);
  expect([nameIn({ type: 'foreign', name }), nameIn(SEGMENT)]).toEqual([name, undefined]);
  expect(placeOf(SEGMENT)).toEqual({ partition: '0', index: 41 });
  expect(placeOf({ type: 'foreign', name })).toEqual({ partition: '7', index: 3 });
  expect(placeOf({ type: 'foreign', name: 'actions/000000000000.json' })).toBeUndefined();
  expect(placeOf({ type: 'opaque', statedType: 'x', line: '{"type":"x"}' })).toBeUndefined();
});
