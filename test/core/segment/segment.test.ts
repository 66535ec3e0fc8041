import { AuditsealError } from '../../../src/core/errors.ts';
import { ZERO_HASH, formatHash, sha256 } from '../../../src/core/hash.ts';
import { MAX_EMPTY_EVENT_BYTES, MAX_EVENT_LINES_BYTES } from '../../../src/core/segment/seal.ts';
import type { SealableEvent } from '../../../src/core/segment/seal.ts';
import { MAX_HEADER_BYTES } from '../../../src/core/segment/header.ts';
import { readSegment } from '../../../src/core/segment/reader.ts';
import type { SegmentReading } from '../../../src/core/segment/reader.ts';
import { sealSegment } from '../../../src/core/segment/writer.ts';
import { MAX_SEGMENT_BYTES, compress, decompress } from '../../../src/core/segment/zstd.ts';
import { readReferenceFrames, referenceLines, referenceRoot } from '../../support/referenceLedger.ts';
import { picks } from '../../support/sample.ts';
import { TIME, eventsOf, sealBodies, segmentStart } from '../../support/segments.ts';

const BODIES = ['{"x":1,"records":[{"a":1},{"b":2}]}', '{"records":[]}', 'no JSON', '[7]', '{}'];
/** How many of many changes the fast run tries. */
const SAMPLE = 200;

/** The code and the words of what `act` throws. */
function fault(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AuditsealError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing';
}
/** A frames segment of the given lines, with the end line that they need. */
function segmentOf(lines: readonly (string | Buffer)[]): Buffer {
  const bytes = lines.map((line) => Buffer.from(line));
  const end = `{"_end":{"records":${lines.length - 1},"root":"${referenceRoot(bytes)}"}}`;
  return compress(Buffer.from([...bytes.map((line) => line.toString('latin1')), end, ''].join('\n'), 'latin1'));
}
const GOOD = referenceLines(sealBodies(...BODIES).frames)
  .slice(0, -1)
  .map(String);
/** The reading of the good lines after a change of one of them. */
function readingOf(line: number, from: string | RegExp, to: string): SegmentReading {
  const lines = [...GOOD];
  lines[line] = GOOD[line]!.replace(from, to);
  expect(lines[line]).not.toBe(GOOD[line]);
  return readSegment(segmentOf(lines));
}

describe('sealSegment', () => {
  test('makes what the reference reads back', () => {
    const { header, frames, root, size, taken } = sealBodies(...BODIES);
    const reference = readReferenceFrames(frames);
    expect(reference.root).toBe(formatHash(root));
    expect(reference.header).toEqual({ version: 1, ...header, prev: '0'.repeat(64) });
    expect(header.records).toEqual({ first: 100, count: 5 });
    expect(header.events).toEqual({ first: 7, last: 11, count: 5, enqueuedFirst: TIME, enqueuedLast: TIME });
    expect(reference.records.map(({ original }) => original.toString())).toEqual([
      '{"a":1}',
      '{"b":2}',
      'no JSON',
      '7',
      '{}',
    ]);
    expect(size).toBe(decompress(frames).length);
    expect(taken).toBe(BODIES.length);
  });

  test('gives the same bytes for the same events', () => {
    expect(sealBodies(...BODIES).frames.equals(sealBodies(...BODIES).frames)).toBe(true);
  });

  test('writes gaps, duplicates, kind, incarnation, previous and prev', () => {
    const start = segmentStart({
      kind: 'repair',
      incarnation: 3,
      duplicates: 12,
      prev: sha256(Buffer.from('before')),
      gaps: [
        { first: 1, last: 4, reason: 'expired' },
        { first: 5, last: 6, reason: 'recreated' },
      ],
      previous: 38,
    });
    const { firstRecord, ...rest } = start;
    const sealed = sealSegment(start, eventsOf(BODIES), 1e6);
    expect(sealed.header).toMatchObject({ ...rest, records: { first: firstRecord, count: 5 } });
    expect(readSegment(sealed.frames).header).toEqual(sealed.header);
    expect(readReferenceFrames(sealed.frames).header.prev).toBe(formatHash(start.prev));
  });

  test('takes as many events as have at most maxRawBytes, and at least one', () => {
    const bodies = ['{"a":1}', '{"b":22}', '{"c":333}', '{}'];
    const taken = (maxRawBytes: number): number => sealSegment(segmentStart(), eventsOf(bodies), maxRawBytes).taken;
    expect([0, 7, 14, 15, 23, 24, 25, 26, 1000].map(taken)).toEqual([1, 1, 1, 2, 2, 3, 3, 4, 4]);
    const { header, frames } = sealSegment(segmentStart(), eventsOf(bodies), 15);
    expect(header.events).toMatchObject({ first: 7, last: 8, count: 2 });
    expect(readReferenceFrames(frames).records).toHaveLength(2);
  });

  test('keeps the times of its first and last event apart', () => {
    const [first, second] = eventsOf(['{}', '{}']) as [SealableEvent, SealableEvent];
    const later = '2026-11-22T12:34:57.000Z';
    const { header, frames, latest } = sealSegment(segmentStart(), [first, { ...second, enqueued: later }], 1e6);
    expect([latest, readSegment(frames).latest, readReferenceFrames(frames).latest]).toEqual([later, later, later]);
    expect(header.events).toMatchObject({ enqueuedFirst: TIME, enqueuedLast: later });
    expect(readReferenceFrames(frames).records.map(({ seal }) => seal.enqueued)).toEqual([TIME, later]);
    expect(readSegment(frames).contradiction).toBeUndefined();
  });

  test('says in the header what events without records were, and keeps their key and properties', () => {
    const [first, second, third] = eventsOf(['{"records":[]}', '{"a":1}', '[]']) as [
      SealableEvent,
      SealableEvent,
      SealableEvent,
    ];
    const key = { partitionKey: 'k "1"\n\ud800', properties: '{"p":{"n":1.0,"n":2}}' };
    const { header, frames } = sealSegment(segmentStart(), [{ ...first, ...key }, second, third], 1e6);
    const empty = [
      { event: 7, enqueued: TIME, ...key },
      { event: 9, enqueued: TIME },
    ];
    expect(header).toMatchObject({ records: { count: 1 }, empty });
    const [line] = referenceLines(frames);
    expect(line?.toString()).toContain(
      `,"gaps":[],"empty":[{"event":7,"enqueued":"${TIME}","partitionKey":"k \\"1\\"\\n\\ud800","properties":{"p":{"n":1.0,"n":2}}},` +
        `{"event":9,"enqueued":"${TIME}"}]}}`,
    );
    expect(readReferenceFrames(frames).header.empty).toMatchObject([
      { event: 7, partitionKey: key.partitionKey },
      { event: 9 },
    ]);
    expect(readSegment(frames).contradiction).toBeUndefined();
  });

  test('takes no further event when its header says much of events without records; one that says too much is kept whole', () => {
    const propertiesOf = (length: number): string => `{"p":"${'x'.repeat(length)}"}`;
    const events = eventsOf(Array.from({ length: 6 }, () => '[]')).map((event) => ({
      ...event,
      properties: propertiesOf(100_000),
    })) as [SealableEvent, ...SealableEvent[]];
    const { taken, header, frames } = sealSegment(segmentStart(), events, 1e9);
    expect([taken, header.empty?.length, header.records.count]).toEqual([3, 3, 0]);
    expect(readSegment(frames)).toMatchObject({ endDiffers: false, header: { events: { count: 3 } } });
    expect(readReferenceFrames(frames).header.empty).toHaveLength(3);
    const most = MAX_EMPTY_EVENT_BYTES - `{"event":7,"enqueued":"${TIME}","properties":{"p":""}}`.length;
    const kept = (length: number): number =>
      sealSegment(segmentStart(), [{ ...events[0], properties: propertiesOf(length) }], 1).header.records.count;
    expect([kept(most), kept(most + 1)]).toEqual([0, 1]);
    const [whole] = readReferenceFrames(
      sealSegment(segmentStart(), [{ ...events[0], properties: propertiesOf(2_000_000) }], 1).frames,
    ).records;
    expect([whole?.original.toString(), whole?.seal.properties?.length]).toEqual(['[]', 2_000_008]);
  });

  test('makes a segment of events without records', () => {
    const sealed = sealBodies('{"records":[]}', '[]');
    expect(sealed.header.records.count).toBe(0);
    expect(readReferenceFrames(sealed.frames)).toMatchObject({ records: [], root: formatHash(sealed.root) });
    expect(readSegment(sealed.frames)).toMatchObject({ endDiffers: false, root: sealed.root });
  });

  test('works with the largest numbers', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const start = segmentStart({
      firstRecord: largest,
      index: largest,
      previous: largest - 1,
      incarnation: largest,
      duplicates: largest,
    });
    const [event] = eventsOf(['{}']);
    const { frames } = sealSegment(start, [{ ...event, sequenceNumber: largest }], 1);
    expect(readSegment(frames).contradiction).toBeUndefined();
    expect(readReferenceFrames(frames).records[0]?.seal.record).toBe(largest);
  });

  test('grows beyond what it expected', () => {
    const body = `[${'1,'.repeat(20_000)}1]`;
    const { frames, header } = sealBodies(body, body, `"${'\\u0000'.repeat(9)}`, '\u0001'.repeat(200_000));
    expect(header.records.count).toBe(40_004);
    expect(readSegment(frames)).toMatchObject({ endDiffers: false });
    expect(readReferenceFrames(frames).records.at(-1)?.original).toHaveLength(200_000);
  });

  test('keeps a body whole if its records would take too much, and stays readable', () => {
    const many = `[${'1,'.repeat(600_000)}1]`;
    const { frames, header, taken, size } = sealBodies(many, '{"a":1}');
    expect([header.records.count, taken]).toEqual([2, 2]);
    expect(size).toBeLessThan(MAX_EVENT_LINES_BYTES);
    const [whole, next] = readReferenceFrames(frames).records;
    expect(whole?.text.subarray(-33).toString()).toBe(',"_reason":"too large as records"}'.slice(1));
    expect(whole?.original.toString()).toBe(many);
    expect(next?.original.toString()).toBe('{"a":1}');
    const text = Buffer.alloc(MAX_EVENT_LINES_BYTES / 6 + 1, 0x01);
    const kept = sealBodies(text);
    expect(readReferenceFrames(kept.frames).records[0]?.original.equals(text)).toBe(true);
  });

  test('takes no further event when its lines are many, so that it can be read', () => {
    const body = `[${'1,'.repeat(450_000)}1]`;
    const events = eventsOf([body, body, body]);
    const { taken, size, frames } = sealSegment(segmentStart(), events, 1e9);
    expect(taken).toBe(1);
    expect(size).toBeLessThan(MAX_SEGMENT_BYTES);
    expect(readSegment(frames)).toMatchObject({ endDiffers: false, header: { events: { count: 1 } } });
  });
});

describe('readSegment', () => {
  test('re-computes what the writer wrote', () => {
    const { frames, header, root, size } = sealBodies(...BODIES);
    expect(readSegment(frames)).toEqual({ header, root, size, earliest: TIME, latest: TIME, endDiffers: false });
  });

  test('shows every record line, and only those', () => {
    const { frames } = sealBodies(...BODIES);
    const shown: Buffer[] = [];
    readSegment(frames, {
      visit: (bytes, start, end) => shown.push(Buffer.from(bytes.subarray(start, end))),
    });
    expect(shown).toEqual(referenceLines(frames).slice(1, -1));
  });

  test('reads a segment of several frames', () => {
    const bytes = decompress(sealBodies(...BODIES).frames);
    const parts = [bytes.subarray(0, 10), bytes.subarray(10, 500), bytes.subarray(500)];
    const frames = Buffer.concat(parts.map(compress));
    expect(readSegment(frames)).toEqual(readSegment(sealBodies(...BODIES).frames));
    expect(readReferenceFrames(frames).root).toBe(formatHash(readSegment(frames).root));
  });

  test('reads a heartbeat, before any event and behind some', () => {
    for (const last of [-1, 7000]) {
      const line =
        `{"_segment":{"version":1,"ledger":"x/y","partition":"0","index":0,"kind":"heartbeat","incarnation":0,` +
        `"sealed":"${TIME}","previous":-1,"prev":"${formatHash(ZERO_HASH)}","records":{"first":0,"count":0},` +
        `"events":{"first":${last},"last":${last},"count":0},"duplicates":0,"gaps":[]}}`;
      const frames = segmentOf([line]);
      expect(readSegment(frames).contradiction).toBeUndefined();
      expect(readSegment(frames)).toMatchObject({ endDiffers: false, header: { kind: 'heartbeat' } });
      expect(readReferenceFrames(frames).records).toEqual([]);
      const apart = readSegment(segmentOf([line.replace(`"last":${last}`, '"last":9')]));
      expect(apart.contradiction).toBe(`it says 0 events numbered ${last} to 9`);
    }
  });

  test.each<[string, number, string | RegExp, string, RegExp]>([
    ['records.first', 0, '"first":100', '"first":101', /^record line 0 is numbered 100, not 101$/],
    ['records.count', 0, '"count":5}', '"count":6}', /^it says 6 records and has 5$/],
    ['events.first', 0, '"first":7', '"first":8', /^it says 5 events numbered 8 to 11$/],
    ['events.last', 0, '"last":11', '"last":12', /^it says 5 events numbered 7 to 12$/],
    ['events.count', 0, '"count":5,', '"count":4,', /^it says 4 events numbered 7 to 11$/],
    ['no events', 0, '"first":7,"last":11,"count":5', '"first":7,"last":7,"count":0', /^it has records but no events$/],
    ['its kind', 0, '"kind":"ingest"', '"kind":"heartbeat"', /^it is a heartbeat but has events$/],
    [
      'enqueuedFirst',
      0,
      `"enqueuedFirst":"${TIME}"`,
      '"enqueuedFirst":"2026-11-22T00:00:00.000Z"',
      /^record line 0 has another time than the header says$/,
    ],
    [
      'enqueuedLast',
      0,
      `"enqueuedLast":"${TIME}"`,
      '"enqueuedLast":"2026-11-22T00:00:00.000Z"',
      /^record line 4 has another time than the header says$/,
    ],
    ['no seal', 1, '"_seal"', '"seal"', /^record line 0 does not end in a seal$/],
    ['a record number', 2, '"record":101', '"record":102', /^record line 1 is numbered 102, not 101$/],
    ['an index that skips one', 2, '"index":1', '"index":2', /^record line 1 has index 2 behind index 0 of its event$/],
    ['an index twice', 2, '"index":1', '"index":0', /^record line 1 has index 0 behind index 0 of its event$/],
    ['two times for one event', 2, TIME, '2026-11-22T12:34:56.788Z', /^record line 1 has another time than its event$/],
    ['an event before', 3, '"event":9', '"event":6', /^record line 2 is of event 6, out of order or out of range$/],
    ['an event behind', 5, '"event":11', '"event":12', /^record line 4 is of event 12, out of order or out of range$/],
    [
      'an event that begins late',
      3,
      '"index":0',
      '"index":1',
      /^record line 2 is the first of event 9 but has index 1$/,
    ],
    ['no time', 3, TIME, '2026-11-22T12:34:56.7890', /^record line 2 has no valid time$/],
    ['an event without records that is not listed', 0, /,"empty":.*\]/, '', /^event 8 has no record, and the header/],
    ['an event with records that is listed', 0, '"empty":[{"event":8', '"empty":[{"event":7', /^event 8 has no record/],
    ['one that is listed twice', 0, /("empty":\[)(.*)\]/, '$1$2,$2]', /^it lists event 8 as empty, out of place$/],
    [
      'one that is listed and not there',
      0,
      /\}\]\}\}$/,
      `},{"event":12,"enqueued":"${TIME}"}]}}`,
      /^it lists event 12 as empty, out of place$/,
    ],
    ['a form', 3, '"form":"text"', '"form":"value"', /^record line 2 does not end in a seal$/],
    ['a line of junk', 3, /.*/, 'x'.repeat(80), /^record line 2 does not end in a seal$/],
  ])('says so when header and records disagree about %s', (_name, line, from, to, contradiction) => {
    const reading = readingOf(line, from, to);
    expect(reading.contradiction).toMatch(contradiction);
    expect(reading.endDiffers).toBe(false);
    const lines = [...GOOD];
    lines[line] = GOOD[line]!.replace(from, to);
    expect(() => readReferenceFrames(segmentOf(lines))).toThrow(/./);
  });

  test('says so when a record is missing, twice, or moved', () => {
    const [header, first, second, ...rest] = GOOD as [string, string, string];
    expect(readSegment(segmentOf([header, second, ...rest])).contradiction).toBe(
      'record line 0 is numbered 101, not 100',
    );
    expect(readSegment(segmentOf([header, first, first, second, ...rest])).contradiction).toMatch(/^record line 1 /);
    expect(readSegment(segmentOf([header, second, first, ...rest])).contradiction).toMatch(/^record line 0 /);
    expect(readSegment(segmentOf([header, first, second, ...rest.slice(0, -1)])).contradiction).toMatch(/5 records/);
  });

  test('says so when the end line differs from the lines', () => {
    const { frames, root } = sealBodies(...BODIES);
    const text = decompress(frames).toString();
    for (const [from, to] of [
      ['"records":5,"root"', '"records":4,"root"'],
      [formatHash(root), formatHash(ZERO_HASH)],
      ['"}}\n', '"}} \n'],
      ['{"_end":{', '{"_end":{ '],
    ] as const) {
      const at = text.lastIndexOf(from);
      const changed = text.slice(0, at) + to + text.slice(at + from.length);
      expect(readSegment(compress(Buffer.from(changed)))).toMatchObject({ endDiffers: true, root });
    }
    expect(readSegment(compress(Buffer.from(text.replace('"b":2', '"b":3')))).endDiffers).toBe(true);
  });

  test.each<[string, (text: string) => string, string]>([
    ['nothing', () => '', 'SEGMENT_MALFORMED: it holds no line'],
    ['no line', () => '{}', 'SEGMENT_MALFORMED: it holds no line'],
    ['a header alone', (text) => text.slice(0, text.indexOf('\n') + 1), 'SEGMENT_MALFORMED: it has no end line'],
    ['no end line', (text) => text.slice(0, text.lastIndexOf('{"_end"')), 'SEGMENT_MALFORMED: it has no end line'],
    ['no LF behind the end line', (text) => text.slice(0, -1), 'SEGMENT_MALFORMED: its last line is not ended by LF'],
    ['more behind the end line', (text) => `${text}{"a":1}\n`, 'SEGMENT_MALFORMED: it has no end line'],
    [
      'an end line that is cut',
      (text) => `${text.slice(0, text.lastIndexOf('{"_end"') + 6)}\n`,
      'SEGMENT_MALFORMED: it has no end line',
    ],
    ['no header', (text) => text.slice(text.indexOf('\n') + 1), 'SEGMENT_MALFORMED: the header has no _segment'],
    [
      'a header that is too long',
      (text) => ' '.repeat(MAX_HEADER_BYTES) + text,
      'SEGMENT_MALFORMED: its header is longer than 1 MiB',
    ],
    [
      'another version',
      (text) => text.replace('"version":1', '"version":2'),
      'SEGMENT_MALFORMED: the header has version 2, and what was signed of it has 1',
    ],
  ])('refuses %s', (_name, change, message) => {
    const frames = compress(Buffer.from(change(decompress(sealBodies(...BODIES).frames).toString())));
    expect(fault(() => readSegment(frames))).toBe(message);
    expect(() => readReferenceFrames(frames)).toThrow(/./);
  });

  test('notices every flipped bit that changes what is decompressed', () => {
    const { frames } = sealBodies(...BODIES);
    const before = decompress(frames);
    let harmless = 0;
    for (const bit of picks(frames.length * 8, SAMPLE, Math.ceil(frames.length / 3))) {
      const flipped = Buffer.from(frames);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      let reading: SegmentReading;
      try {
        reading = readSegment(flipped);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SEGMENT_MALFORMED' });
        continue;
      }
      if (reading.endDiffers || reading.contradiction !== undefined) continue;
      expect(decompress(flipped).equals(before)).toBe(true);
      harmless++;
    }
    expect(harmless).toBeLessThan(frames.length);
  });

  test('notices every flipped bit and every truncation of the lines', () => {
    const lines = decompress(sealBodies(...BODIES).frames);
    const isGood = (bytes: Buffer): boolean => {
      try {
        const { endDiffers, contradiction } = readSegment(compress(bytes));
        return !endDiffers && contradiction === undefined;
      } catch {
        return false;
      }
    };
    expect(isGood(lines)).toBe(true);
    const unnoticed: number[] = [];
    for (const bit of picks(lines.length * 8, SAMPLE, Math.ceil(lines.length / 3))) {
      const flipped = Buffer.from(lines);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      if (isGood(flipped)) unnoticed.push(bit);
    }
    for (const length of picks(lines.length, SAMPLE)) if (isGood(lines.subarray(0, length))) unnoticed.push(length);
    expect(unnoticed).toEqual([]);
  });
});
