// Writes segments.json and signed.json: node test/vectors/generate.ts
import { writeFileSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';
import { formatHash, parseHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { NO_CHAIN } from '../../src/core/segment/chain.ts';
import { sealWithoutEvents } from '../../src/core/segment/eventless.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { compress, decompress } from '../../src/core/segment/zstd.ts';
import { LEDGER } from '../support/forge.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { TIME, eventsOf, segmentStart } from '../support/segments.ts';
import { CREATED } from '../support/sign.ts';
import { logCases } from './signed/batches.ts';
import { certificateCases } from './signed/certificates.ts';
import { KEYS } from './signed/keys.ts';
import { acknowledgementCases } from './signed/acknowledgements.ts';
import { signedReportCases } from './signed/reports.ts';
import { signedSegmentCases } from './signed/segments.ts';

interface Case {
  readonly name: string;
  readonly expect: 'valid' | 'malformed' | 'end-differs' | 'contradiction';
  readonly frames: Buffer;
}

const checksummed = { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_contentSizeFlag]: 0 };

function validCases(): [Case, ...Case[]] {
  const bodies = [
    '{"time":"x","records":[{"a":1},{ },"s",[1 ,\n2]],"n":1.0}',
    '{"records":[]}',
    '{"a" : "\\u00e9é"}\r\n{"b":{\r\n"c" : [ ]}}',
    'not JSON: "\u0000',
    Buffer.from('ff00fe', 'hex'),
    '',
    '{"_seal":{"record":9},"_seal":1}',
    '[{"records":[{"c":1}],"d":2},{"records":[]},[],null]',
  ];
  const [first, ...others] = eventsOf(bodies);
  const value: SealableEvent = { ...first, sequenceNumber: 15, body: Buffer.from('005377a1026869', 'hex'), isAmqp: true };
  const hub = { created: CREATED, asked: TIME, first: 7, last: 15, enqueued: TIME };
  const event: SealableEvent = { ...first, partitionKey: 'key "1"\n', properties: '{"p":{"_seal":1}}' };
  const ledger = { ledger: 'audit.example.com/log1', index: 0, previous: -1, firstRecord: 0 };
  const zero = sealSegment(segmentStart({ ...ledger, hub }), [event, ...others, value], 1e6);
  const { first: from, count } = zero.header.records;
  const one = sealSegment(
    segmentStart({
      ...ledger,
      index: 3,
      kind: 'repair',
      prev: zero.root,
      firstRecord: from + count,
      duplicates: 2,
      gaps: [
        { first: 16, last: 18, reason: 'expired' },
        { first: 19, last: 19, reason: 'unreadable' },
      ],
      hub: { ...hub, first: 19, last: 24, enqueued: '2026-11-22T12:34:57.903Z' },
      previous: 0,
    }),
    [{ body: Buffer.from('{"z":0}'), sequenceNumber: 20, enqueued: '2026-11-22T12:34:57.001Z' }],
    1e6,
  );
  const [keyed, plain] = eventsOf(['{"records":[]}', '[]']) as [SealableEvent, SealableEvent];
  const none = sealSegment(
    segmentStart({ ...ledger, hub }),
    [{ ...keyed, partitionKey: 'key "1"\n', properties: '{"p":{"n":1.0}}' }, plain],
    1e6,
  );
  const [received, made] = eventsOf(['{"_value":17,"_reason":"not an object"}', '[17]']) as [SealableEvent, SealableEvent];
  const alike = sealSegment(segmentStart({ ...ledger, hub }), [received, made], 1e6);
  const heartbeat =
    `{"_segment":{"version":1,"ledger":"audit.example.com/log1","partition":"0","index":4,"kind":"heartbeat",` +
    `"incarnation":0,"sealed":"${TIME}","previous":3,"prev":"${formatHash(one.root)}","records":{"first":${from + count + 1},` +
    `"count":0},"events":{"first":20,"last":20,"count":0},"duplicates":0,"gaps":[],"hub":{"created":"${CREATED}","asked":"${TIME}","first":21,"last":20},"later":{"unknown":[]}}}`;
  const gone = sealWithoutEvents(
    { ...NO_CHAIN, index: 5, previous: 4, root: rootOf([heartbeat]), record: from + count + 1, lastEvent: 20 },
    { ...ledger, partition: '0', kind: 'repair', sealed: TIME, gaps: [{ first: 21, last: 24, reason: 'recreated' }] },
  );
  const reborn = sealWithoutEvents(
    { ...NO_CHAIN, index: 6, previous: 5, root: gone.root, record: from + count + 1, incarnation: 1 },
    {
      ...ledger,
      partition: '0',
      kind: 'repair',
      sealed: TIME,
      gaps: [],
      hub: { created: '2026-11-22T12:00:00.000Z', asked: TIME, first: 0, last: -1 },
    },
  );
  const lines = decompress(zero.frames);
  const parts = [lines.subarray(0, 7), Buffer.alloc(0), lines.subarray(7, 900), lines.subarray(900)];
  const valid = (name: string, frames: Buffer): Case => ({ name, expect: 'valid', frames });
  return [
    valid('first segment, records of all forms', zero.frames),
    valid('next segment: prev, gap, indices that it passes over, duplicates', one.frames),
    valid('heartbeat, with a member that is not known', segmentOf([heartbeat])),
    valid('repair without events: gaps that no hub can be asked about', gone.frames),
    valid('repair without events or gaps: an incarnation begins', reborn.frames),
    valid('events without records', none.frames),
    valid('an object that was received as another value is kept', alike.frames),
    valid('several frames', Buffer.concat(parts.map((part) => compress(part)))),
    valid('a frame with a checksum and without a content size', zstdCompressSync(lines, { params: checksummed })),
  ];
}

const rootOf = (lines: readonly string[]): Hash =>
  parseHash(referenceRoot(lines.map((line) => Buffer.from(line)))) as Hash;

/** A segment of the given lines with the end line that they need. */
function segmentOf(lines: readonly string[]): Buffer {
  const root = referenceRoot(lines.map((line) => Buffer.from(line)));
  return compress(Buffer.from([...lines, `{"_end":{"records":${lines.length - 1},"root":"${root}"}}`, ''].join('\n')));
}

function invalidCases(frames: Buffer): Case[] {
  const text = decompress(frames).toString();
  const lines = text.split('\n').slice(0, -2);
  const edited = (from: string | RegExp, to: string): string[] => lines.join('\n').replace(from, to).split('\n');
  const end = text.split('\n').at(-2) as string;
  const it = (expect: Case['expect'], name: string, bytes: Buffer): Case => ({ name, expect, frames: bytes });
  const packed = (changed: string): Buffer => compress(Buffer.from(changed));
  return [
    it('malformed', 'nothing', Buffer.alloc(0)),
    it('malformed', 'not Zstandard', Buffer.from(text)),
    it('malformed', 'cut by a byte', frames.subarray(0, -1)),
    it('malformed', 'a byte behind', Buffer.concat([frames, Buffer.of(0)])),
    it('malformed', 'a skippable frame behind', Buffer.concat([frames, Buffer.from('502a4d180100000061', 'hex')])),
    it('malformed', 'no end line', packed(text.replace(`${end}\n`, ''))),
    it('malformed', 'end line without LF', packed(text.slice(0, -1))),
    it('malformed', 'a line behind the end line', packed(`${text}{}\n`)),
    it('malformed', 'no header', segmentOf(lines.slice(1))),
    it('malformed', 'prev in capitals', segmentOf(edited('"prev":"0', '"prev":"A'))),
    it('malformed', 'a kind that does not exist', segmentOf(edited('"kind":"ingest"', '"kind":"other"'))),
    it('malformed', 'an empty content', compress(Buffer.alloc(0))),
    it('malformed', 'version 2', segmentOf(edited('"version":1', '"version":2'))),
    it('end-differs', 'a changed record', packed(text.replace('{"a":1,', '{"a":2,'))),
    it('end-differs', 'a changed header', packed(text.replace('"duplicates":0', '"duplicates":1'))),
    it('end-differs', 'another root', packed(text.replace(/"root":"[0-9a-f]*/, `"root":"${'0'.repeat(64)}`))),
    it('end-differs', 'another count in the end line', packed(text.replace('"_end":{"records":', '"_end":{"records":1'))),
    it('malformed', 'a previous that is not before its index', segmentOf(edited('"previous":-1', '"previous":0'))),
    it('contradiction', 'a record removed', segmentOf(lines.toSpliced(1, 1))),
    it('contradiction', 'the last record removed', segmentOf(lines.slice(0, -1))),
    it('contradiction', 'two records exchanged', segmentOf([lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)])),
    it('contradiction', 'a record twice', segmentOf(lines.toSpliced(1, 0, lines[1]!))),
    it('malformed', 'a line that is empty', segmentOf([...lines, ''])),
    it('malformed', 'a line of 79 bytes', segmentOf([...lines, 'x'.repeat(79)])),
    it('contradiction', 'a line of 80 bytes without seal', segmentOf([...lines, 'x'.repeat(80)])),
    it('contradiction', 'a record without seal', segmentOf(edited('"_seal":{"record":0', '"seal":{"record":0'))),
    it('contradiction', 'an index with a hole', segmentOf(edited('"index":1', '"index":5'))),
    it('contradiction', 'an event without records that is not listed', segmentOf(edited(/,"empty":.*\]/, ''))),
    it('contradiction', 'an event listed as empty that has records', segmentOf(edited(/("empty":\[{"event":)8/, '$17'))),
    it('contradiction', 'a form that does not exist', segmentOf(edited('"form":"text"', '"form":"object"'))),
    it('contradiction', 'a form of a type of AMQP that is not in base64', segmentOf(edited('"form":"text"', '"form":"amqp"'))),
    it('malformed', 'a gap for a reason that does not exist', segmentOf(edited('"gaps":[', '"gaps":[{"first":1,"last":2,"reason":"unknown"}'))),
    it('malformed', 'a hub whose creation is no time', segmentOf(edited('"hub":{"created":"', '"hub":{"created":"+'))),
    it('malformed', 'a hub that was asked at no time', segmentOf(edited('"asked":"', '"asked":"+'))),
    it('malformed', 'a hub whose newest event is of no time', segmentOf(edited(/("last":15,"enqueued":)"[^"]*"/, '$1null'))),
    it('malformed', 'a hub whose first event is behind the next one', segmentOf(edited('"first":7,"last":15,"enqueued"', '"first":17,"last":15,"enqueued"'))),
    it('malformed', 'a hub whose newest event is below -1', segmentOf(edited('"first":7,"last":15,"enqueued"', '"first":0,"last":-2,"enqueued"'))),
    it('malformed', 'a hub that is a list', segmentOf(edited(/"hub":\{[^}]*\}/, '"hub":[]'))),
    it('contradiction', 'a form of another line', segmentOf(edited('"form":"text"', '"form":"value"'))),
    it('malformed', 'an empty event without a time', segmentOf(edited(/("empty":\[{"event":8),"enqueued":"[^"]*"/, '$1'))),
    it('contradiction', 'an event out of range', segmentOf(edited('"event":14', '"event":99'))),
    it('contradiction', 'other first event', segmentOf(edited('"first":7', '"first":6'))),
    it('contradiction', 'other first record', segmentOf(edited('"records":{"first":0', '"records":{"first":1'))),
    it('contradiction', 'other time of the first event', segmentOf(edited(/("enqueuedFirst":"2026)-11/, '$1-12'))),
  ];
}

const linesIn = (frames: Buffer): string[] => decompress(frames).toString().split('\n').slice(0, -1);

/** segmentCases builds what segments.json holds. */
export function segmentCases(): Record<string, unknown>[] {
  const valid = validCases();
  return [...valid, ...invalidCases(valid[0].frames)].map(({ name, expect, frames }) => {
    const common = { name, expect, frames: frames.toString('base64') };
    if (expect !== 'valid') return common;
    const lines = linesIn(frames);
    return { ...common, root: referenceRoot(lines.slice(0, -1).map((line) => Buffer.from(line))), lines };
  });
}

/** signedVectors builds what signed.json holds. */
export function signedVectors(): Record<string, unknown> {
  return {
    ledger: LEDGER,
    keys: KEYS,
    certificates: certificateCases(),
    segments: signedSegmentCases().map((it) => ({ ...it, stored: it.stored.toString('base64') })),
    logs: logCases().map((log) => ({ ...log, objects: log.objects.map(asText) })),
    reports: signedReportCases().map(asText),
    acknowledgements: acknowledgementCases().map(asText),
  };
}

/** All of these are UTF-8. */
const asText = <T extends { readonly bytes: Buffer }>(it: T): Omit<T, 'bytes'> & { readonly bytes: string } => ({
  ...it,
  bytes: it.bytes.toString(),
});

if (import.meta.main) {
  const write = (name: string, vectors: unknown): void =>
    writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
  write('segments.json', { cases: segmentCases() });
  write('signed.json', signedVectors());
}
