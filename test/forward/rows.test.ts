import { hostileRecord } from '../support/hostileRecords.ts';
import { Random } from '../support/random.ts';
import { segmentStart } from '../support/segments.ts';
import COLUMNS from '../../infra/forwardColumns.json' with { type: 'json' };
import { cutBytes, cutText } from '../../src/forward/cut.ts';
import {
  COLUMN_NAMES,
  MAX_RAW_BYTES,
  MAX_VALUE_BYTES,
  bareRow,
  beginRow,
  missingRow,
  rowOf,
} from '../../src/forward/rows.ts';
import type { PlacedSegment } from '../../src/forward/rows.ts';
import { ZERO_HASH, formatHash, leafHash } from '../../src/core/hash.ts';
import { visitRecords } from '../../src/core/segment/lines.ts';
import type { RecordLine } from '../../src/core/segment/lines.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { decompress } from '../../src/core/segment/zstd.ts';
import { MAX_POST_BYTES } from '../../src/ports/forward.ts';
import type { Row } from '../../src/ports/forward.ts';

const segment: PlacedSegment = {
  leaf: 7,
  entry: {
    type: 'segment',
    size: 1,
    sha256: ZERO_HASH,
    root: ZERO_HASH,
    prev: ZERO_HASH,
    partition: '3',
    index: 5,
    incarnation: 0,
    records: { first: 0, count: 1 },
    events: { first: 0, last: 0, count: 1 },
    time: { first: '2026-11-22T00:00:00.000Z', last: '2026-11-22T00:00:00.000Z' },
    categories: new Map(),
  },
};

/** rowsOf seals bodies as ingest does, and gives the rows of their records. */
function rowsOf(...bodies: readonly (string | Buffer)[]): { readonly row: Row; readonly line: Buffer }[] {
  const events = bodies.map((body, i) => ({
    body: Buffer.from(body),
    sequenceNumber: i,
    enqueued: '2026-11-22T00:00:00.000Z',
  }));
  const { frames } = sealSegment(segmentStart({}), events as [(typeof events)[0]], 64 * 1024 * 1024);
  const content = decompress(frames);
  const records: RecordLine[] = [];
  visitRecords(content, (record) => records.push(record));
  return records.map((record) => ({
    row: rowOf('logs.example.com/audit', segment, content, record),
    line: Buffer.from(content.subarray(record.start, record.end)),
  }));
}

const rowOfBody = (body: string | Buffer): { readonly row: Row; readonly line: Buffer } =>
  rowsOf(body)[0] as { readonly row: Row; readonly line: Buffer };

const sizeOf = (row: Row): number => Buffer.byteLength(JSON.stringify(row));

test('the stream declares every column, and no other', () => {
  expect(Object.keys(COLUMNS)).toEqual(COLUMN_NAMES);
  // learn.microsoft.com/azure/azure-monitor/logs/create-custom-table
  const reserved = ['id', 'TenantId', 'Type', 'Title', 'UniqueId', '_ResourceId', 'MG', 'SourceSystem', 'Computer'];
  expect(COLUMN_NAMES.filter((name) => reserved.includes(name) || !/^[A-Za-z]\w{0,44}$/.test(name))).toEqual([]);
});

test('whatever is logged, a row is valid JSON, has declared columns, and holds the line that its hash is of', () => {
  const random = new Random(7);
  const bodies = Array.from({ length: 3000 }, () => hostileRecord(random));
  for (const { row, line } of rowsOf(...bodies)) {
    const text = JSON.stringify(row);
    expect(text.isWellFormed()).toBe(true);
    const read = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(read).filter((column) => !(column in COLUMNS))).toEqual([]);
    expect(read['RecordHash']).toBe(formatHash(leafHash(Buffer.from(String(read['Raw'])))));
    expect(read['RecordHash']).toBe(formatHash(leafHash(line)));
    for (const [column, value] of Object.entries(read)) {
      const type = COLUMNS[column as keyof typeof COLUMNS];
      if (type === 'long') expect(Number.isSafeInteger(value)).toBe(true);
      if (type === 'string') expect(typeof value).toBe('string');
      if (type === 'datetime') expect(new Date(String(value)).toISOString()).toBe(value);
    }
  }
});

test.each([
  ['a lone surrogate', '{"category":"\\ud800"}', '\ufffd'],
  ['NUL and a line break', '{"category":"a\\u0000b\\nc"}', 'a\0b\nc'],
  ['a number that no double holds', '{"category":9007199254740993}', '9007199254740993'],
  ['HTML', '{"category":"<script>"}', '<script>'],
  ['deep nesting', `{"category":"x","deep":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'x'],
])('%s comes through', (_what, body, category) => {
  const { row, line } = rowOfBody(body);
  expect(row['Category']).toBe(category);
  expect(row['Raw']).toBe(line.toString('utf8'));
  expect(row['Cut']).toBe('');
});

test.each([
  ['text that is no JSON', 'plain text', 'text'],
  ['bytes that are no text', Buffer.of(0xff, 0xfe, 0), 'base64'],
  ['a value that is no object', '[7]', 'value'],
])('%s has a row without fields', (_what, body, form) => {
  const { row } = rowOfBody(body);
  expect(row).toMatchObject({ Form: form, Record: 100, Kind: 'record' });
  expect(row).not.toHaveProperty('Category');
});

test('a record has no time of its own where it says none, or one that no datetime holds', () => {
  for (const time of ['', 'yesterday', '0000-01-01T00:00:00Z', '2026-02-30T00:00:00Z'])
    expect(rowsOf(JSON.stringify({ time }))[0]?.row).not.toHaveProperty('EventTime');
  expect(rowsOf('{"time":"9999-12-31T23:59:59Z"}')[0]?.row['EventTime']).toBe('9999-12-31T23:59:59.000Z');
});

test('further values of a field are in a column of their own', () => {
  const { row } = rowOfBody(
    '{"callerIpAddress":"192.0.2.1","properties":{"clientIP":"192.0.2.2","clientIp":"192.0.2.1"}}',
  );
  const ips = [String(row['Ip']), ...((JSON.parse(String(row['OtherValues'] ?? '{}')) as { ip?: string[] }).ip ?? [])];
  expect(new Set(ips)).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
});

test('what is too long is cut between characters, and the row says which columns', () => {
  const long = `{"category":"${'€'.repeat(5000)}","filler":"${'ä'.repeat(4_000_000)}"}`;
  const { row, line } = rowOfBody(long);
  expect(row['RawBytes']).toBe(line.length);
  expect(line.toString('utf8').startsWith(String(row['Raw']))).toBe(true);
  expect(Buffer.byteLength(String(row['Raw']))).toBeGreaterThan(MAX_RAW_BYTES - 4);
  expect(String(row['Category'])).toBe('€'.repeat(Math.floor(MAX_VALUE_BYTES / 3)));
  expect(String(row['Cut']).split(' ').toSorted()).toEqual(['Category', 'OtherValues', 'Raw']);
  expect(row['RecordHash']).toBe(formatHash(leafHash(line)));
});

test('the largest row has room in a request, also where JSON makes six bytes of each', () => {
  const text = '\\u0001'.repeat(100_000);
  const fields = [
    'category',
    'operationName',
    'resultType',
    'resourceId',
    'callerIpAddress',
    'correlationId',
    'caller',
    'target',
  ];
  const others = Object.fromEntries(fields.map((field) => [field, 0]));
  const body = `{${Object.keys(others)
    .map((field) => `"${field}":"${text}"`)
    .join(',')},"identity":{"claims":{"upn":"${text}"}},"properties":{"entity":"${text}"}}`;
  const { row } = rowOfBody(body);
  expect(sizeOf(row)).toBeGreaterThan(250_000);
  expect(sizeOf(row)).toBeLessThan(MAX_POST_BYTES);
  const most = 9 * 6 * MAX_VALUE_BYTES + 2 * MAX_RAW_BYTES + 2 * MAX_VALUE_BYTES + 4096;
  expect(most).toBeLessThan(MAX_POST_BYTES);
});

test('a row without what a service refuses still leads to the proof', () => {
  const { row } = rowOfBody('{"category":"x","time":"2026-11-22T00:00:00Z"}');
  const bare = bareRow(row);
  expect(bare).toMatchObject({
    Partition: '3',
    Record: 100,
    RecordHash: row['RecordHash'],
    Cut: 'Category EventTime Raw',
  });
  for (const other of [
    missingRow('l', segment, 'x'),
    beginRow('l', { time: '2026-11-22T00:00:00.000Z' }, '2026-11-22T00:00:00.000Z'),
  ])
    expect(Object.keys(bareRow(other)).filter((column) => !(column in COLUMNS))).toEqual([]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('a text is cut to %i bytes without parts of characters', (most) => {
  for (const text of ['aé€😀', '😀😀', '', 'abc', '€€€', '\ud800a', 'a\udc00']) {
    for (const { text: kept, isCut } of [cutText(text, most), cutBytes(Buffer.from(text), most)]) {
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(most);
      expect(text.toWellFormed().startsWith(kept)).toBe(true);
      expect(isCut).toBe(kept !== text.toWellFormed());
      expect(Buffer.byteLength(kept)).toBeGreaterThan(isCut ? most - 4 : -1);
    }
  }
});
