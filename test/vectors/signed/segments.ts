import { referenceRoot } from '../../support/referenceLedger.ts';
import { rawFrame } from '../../support/rawFrame.ts';
import { LEDGER, ZEROS, nameOf } from '../../support/forge.ts';
import { CREATED, certificateOf, frameOf, signContent, signFrames, statementLine } from '../../support/sign.ts';
import type { HandKey, HandSession, HandStatement } from '../../support/sign.ts';
import { NEW, OLD, OTHER, STRANGER } from './keys.ts';
import type { KeyLabel } from './keys.ts';

/** SignedSegmentCase is one of `segments` in signed.json: what is stored under a name, and whose signatures count. */
export interface SignedSegmentCase {
  readonly name: string;
  readonly expect: 'valid' | 'foreign' | 'malformed' | 'version-unknown';
  readonly object: string;
  readonly trusted: readonly KeyLabel[] | null;
  readonly stored: Buffer;
  /** of valid ones */
  readonly root?: string;
}

const FROM = '2026-12-03T00:00:00.000Z';
const SEALED = '2026-12-03T12:00:00.000Z';
const UNTIL = '2026-12-04T00:00:00.000Z';
const FIRST = '2026-12-03T11:59:58.000Z';
const LAST = '2026-12-03T11:59:58.250Z';
const NAME = nameOf(0);

const HEADER = {
  version: 1,
  ledger: LEDGER,
  partition: '0',
  index: 0,
  kind: 'ingest',
  incarnation: 0,
  sealed: SEALED,
  previous: -1,
  prev: ZEROS,
  records: { first: 0, count: 2 },
  events: { first: 7, last: 8, count: 2, enqueuedFirst: FIRST, enqueuedLast: LAST },
  duplicates: 0,
  gaps: [] as unknown[],
  hub: { created: CREATED, asked: SEALED, first: 7, last: 8 },
};
type Header = Omit<typeof HEADER, 'events'> & {
  readonly events: Partial<typeof HEADER.events> & Pick<typeof HEADER.events, 'first' | 'last' | 'count'>;
};

interface Made {
  readonly frames: Buffer;
  readonly root: string;
  readonly statement: HandStatement;
}

/** The frame of a segment, and the statement that is true of it. */
function made(changes: Partial<Header> = {}, body = '"a"'): Made {
  const header: Header = { ...HEADER, ...changes };
  const { records, incarnation, events, sealed, prev } = header;
  const lines = [
    JSON.stringify({ _segment: header }),
    ...[FIRST, LAST].slice(0, records.count).map((enqueued, i) => {
      const seal = { record: records.first + i, event: 7 + i, index: 0, enqueued };
      return `{"said":${body},"_seal":${JSON.stringify(seal)}}`;
    }),
  ];
  const root = referenceRoot(lines.map((line) => Buffer.from(line)));
  const end = `{"_end":{"records":${lines.length - 1},"root":"${root}"}}`;
  const { created } = header.hub;
  const said = { root, prev, record: records.first + records.count, incarnation, created, event: events.last, sealed };
  return {
    frames: rawFrame(Buffer.from([...lines, end, ''].join('\n'))),
    root,
    statement: { ...said, enqueued: events.enqueuedLast },
  };
}

const GOOD = made();
const session: HandSession = { ledger: LEDGER, from: FROM, until: UNTIL };
const stored = ({ frames, statement }: Made, changes: Partial<HandSession> = {}, name = NAME): Buffer =>
  signFrames(frames, name, statement, { ...session, ...changes });
const claiming = (changes: Partial<HandStatement>): Buffer =>
  stored({ ...GOOD, statement: { ...GOOD.statement, ...changes } });
const CERTIFICATE = certificateOf(session);
const LINE = statementLine(GOOD.frames, GOOD.statement);
const content = (text: string | Buffer): Buffer => signContent(GOOD.frames, NAME, text, session);
const editedLine = (from: string | RegExp, to: string): Buffer => {
  const line = LINE.replace(from, to);
  if (line === LINE) throw new Error(`nothing to change: ${String(from)}`);
  return content(`${line}\n${CERTIFICATE}`);
};
const many = (count: number): HandKey[] =>
  Array.from({ length: count }, (_, i) => ({ name: LEDGER, seed: 20 + i }));

/** segmentCases builds stored segments, good and bad ones. */
export function signedSegmentCases(): SignedSegmentCase[] {
  const it = (
    expect: SignedSegmentCase['expect'],
    name: string,
    bytes: Buffer,
    more: Partial<SignedSegmentCase> = {},
  ): SignedSegmentCase => ({ name, expect, object: NAME, trusted: ['old'], stored: bytes, ...more });
  const valid = (name: string, segment: Made, bytes: Buffer, more: Partial<SignedSegmentCase> = {}): SignedSegmentCase =>
    it('valid', name, bytes, { root: segment.root, ...more });
  const next = made({ index: 1, previous: 0, prev: GOOD.root, records: { first: 2, count: 2 } });
  const idle = made({
    kind: 'heartbeat',
    records: { first: 0, count: 0 },
    events: { first: -1, last: -1, count: 0 },
    hub: { ...HEADER.hub, first: 0, last: -1 },
  });
  const good = stored(GOOD);
  const at = GOOD.frames.length;
  const frame = good.subarray(at);
  const raw = Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.from('5a2a4d18', 'hex')]);
  const hidden = Buffer.concat([GOOD.frames, raw]);
  return [
    valid('signed by a session that the log’s key certified', GOOD, good),
    valid('the next one of its chain', next, stored(next, {}, nameOf(1)), { object: nameOf(1) }),
    valid('a heartbeat before any event', idle, stored(idle)),
    valid('certified by two keys, of which one is trusted', GOOD, stored(GOOD, { keys: [OLD, NEW] }), { trusted: ['new'] }),
    valid('certified by a stranger, where nobody’s signatures are looked at', GOOD, stored(GOOD, { keys: [STRANGER] }), { trusted: null }),
    valid('sealed when its certificate begins', GOOD, stored(GOOD, { from: SEALED })),
    valid('sealed when its certificate ends', GOOD, stored(GOOD, { until: SEALED })),
    valid('behind events of a later time than its own', GOOD, claiming({ enqueued: SEALED })),

    it('foreign', 'without a signature frame', GOOD.frames),
    it('foreign', 'nothing', Buffer.alloc(0)),
    it('foreign', 'a signature frame without its first byte, and nothing else', frame.subarray(1)),
    it('foreign', 'cut by a byte', good.subarray(0, -1)),
    it('foreign', 'with a byte behind', Buffer.concat([good, Buffer.of(0)])),
    it('foreign', 'its signature frame twice', Buffer.concat([good, frame])),
    it('foreign', 'a skippable frame of another number', Buffer.concat([GOOD.frames, Buffer.of(0x5b), frame.subarray(1)])),
    it('foreign', 'a length that is one too large', withLength(good, at, 1)),
    it('foreign', 'a length that is one too small', withLength(good, at, -1)),
    it('foreign', 'a signature frame before the frames', Buffer.concat([frame, GOOD.frames])),
    it('foreign', 'with a changed byte in its frames', flipped(good, 20)),
    it('foreign', 'with a changed byte in its statement', flipped(good, at + 30)),
    it('foreign', 'with a changed byte in its certificate', flipped(good, at + 8 + LINE.length + 10)),
    it('foreign', 'with a changed byte in its signature', flipped(good, good.length - 1)),
    it('foreign', 'with 64 zero bytes for a signature', Buffer.concat([GOOD.frames, frameOf(frame.subarray(8, -64), Buffer.alloc(64))])),
    it('foreign', 'under the name of another index', good, { object: nameOf(1) }),
    it('foreign', 'under the name of another partition', good, { object: nameOf(0, '1') }),
    it('foreign', 'of another ledger', signFrames(GOOD.frames, NAME, GOOD.statement, { ...session, ledger: OTHER.name, keys: [OTHER] }), { trusted: ['old', 'other'] }),
    it('foreign', 'signed by a session that its certificate is not of', signFrames(GOOD.frames, NAME, GOOD.statement, { ...session, seed: 201 }, CERTIFICATE)),
    it('foreign', 'certified by a stranger', stored(GOOD, { keys: [STRANGER] })),
    it('foreign', 'certified by a key that is not trusted yet', stored(GOOD, { keys: [NEW] })),
    it('foreign', 'certified for batches', stored(GOOD, { role: 'batches' })),
    it('foreign', 'certified for more than 24 hours', stored(GOOD, { from: '2026-12-02T23:59:59.999Z' })),
    it('foreign', 'sealed a millisecond before its certificate begins', stored(GOOD, { from: '2026-12-03T12:00:00.001Z' })),
    it('foreign', 'sealed a millisecond after its certificate ends', stored(GOOD, { until: '2026-12-03T11:59:59.999Z' })),
    it('foreign', 'with another SHA-256 of its frames', claiming({ frames: ZEROS })),
    it('foreign', 'with an empty certificate', content(`${LINE}\n`)),
    it('foreign', 'without a certificate', content(LINE)),
    it('foreign', 'with a control character', content(`${LINE}\n${CERTIFICATE.replace('\n', '\t\n')}`)),
    it('foreign', 'with CR LF behind its statement', content(`${LINE}\r\n${CERTIFICATE}`)),
    it('foreign', 'with a certificate whose lines end in CR LF', content(`${LINE}\n${CERTIFICATE.replaceAll('\n', '\r\n')}`)),
    it('foreign', 'with bytes that are not UTF-8', content(Buffer.concat([Buffer.from(`${LINE}\n`), Buffer.of(0xff), Buffer.from(CERTIFICATE)]))),
    it('foreign', 'with a signature frame of more than 4 KiB', stored(GOOD, { keys: [OLD, ...many(30)] })),
    it('foreign', 'of a later version, certified by a stranger', stored({ ...GOOD, statement: { ...GOOD.statement, version: 2 } }, { keys: [STRANGER] })),
    ...STATEMENTS.map(([name, from, to]) => it('foreign', `with a statement ${name}`, editedLine(from, to))),
    it('foreign', 'with a statement that is no JSON', content(`{\n${CERTIFICATE}`)),
    it('foreign', 'with a statement that is an array', content(`[]\n${CERTIFICATE}`)),
    it('foreign', 'with an empty statement', content(`\n${CERTIFICATE}`)),

    it('version-unknown', 'of version 2', claiming({ version: 2 })),
    it('version-unknown', 'of a later version, with another statement', content(`{"version":3,"said":[]}\n${certificateOf({ ...session, version: 3 })}`)),
    it('foreign', 'of version 2, by a session that is certified for version 1', stored({ ...GOOD, statement: { ...GOOD.statement, version: 2 } }, { version: 1 })),
    it('foreign', 'of version 1, by a session that is certified for version 2', stored(GOOD, { version: 2 })),

    it('malformed', 'a signature frame alone', signFrames(Buffer.alloc(0), NAME, GOOD.statement, session)),
    it('malformed', 'frames that are none', signFrames(Buffer.from('text'), NAME, GOOD.statement, session)),
    it('malformed', 'with another skippable frame, which is signed', signFrames(hidden, NAME, GOOD.statement, session)),
    it('malformed', 'with a signature frame that is signed by another one', signFrames(good, NAME, GOOD.statement, session)),
    it('malformed', 'with lines of another ledger', stored(made({ ledger: OTHER.name }))),
    it('malformed', 'with a header of version 2', stored(made({ version: 2 }))),
    it('malformed', 'with another root than its lines have', claiming({ root: ZEROS })),
    it('malformed', 'with another prev than its header has', claiming({ prev: GOOD.root })),
    it('malformed', 'with another number of the next record', claiming({ record: 3 })),
    it('malformed', 'with another incarnation', claiming({ incarnation: 1 })),
    it('malformed', 'with another hub than its header', claiming({ created: SEALED })),
    it('malformed', 'with another last event', claiming({ event: 9 })),
    it('malformed', 'with another time of sealing', claiming({ sealed: '2026-12-03T12:00:00.001Z' })),
    it('malformed', 'with an earlier time than its last event', claiming({ enqueued: FIRST })),
    it('malformed', 'without the time of its last event', claiming({ enqueued: undefined })),
  ];
}

/** What makes a statement, with a signature that is right, none. */
const STATEMENTS: readonly (readonly [name: string, from: string | RegExp, to: string])[] = [
  ['with a space', ',"root"', ', "root"'],
  ['with a member twice', '"record":2', '"record":1,"record":2'],
  ['with members in another order', '"record":2,"incarnation":0', '"incarnation":0,"record":2'],
  ['with a member that is not known', /\}$/, ',"more":1}'],
  ...['version', 'frames', 'root', 'prev', 'record', 'incarnation', 'created', 'event', 'sealed'].map(
    (member) => [`without ${member}`, new RegExp(`"${member}":("[^"]*"|-?\\d+),?`), ''] as const,
  ),
  ['of version 0', '"version":1', '"version":0'],
  ['of a version that is a text', '"version":1', '"version":"2"'],
  ['of a version that is a fraction', '"version":1', '"version":1.5'],
  ['with a hash in capitals', /"root":"[0-9a-f]*/, `"root":"${'A'.repeat(64)}`],
  ['with a hash of 63 digits', /("prev":")0/, '$1'],
  ['with a number as text', '"record":2', '"record":"2"'],
  ['with a number with a sign', '"incarnation":0', '"incarnation":-0'],
  ['with a number with a fraction', '"record":2', '"record":2.0'],
  ['with a number with an exponent', '"record":2', '"record":2e0'],
  ['with a number above 2^53 - 1', '"record":2', '"record":9007199254740993'],
  ['with a record below 0', '"record":2', '"record":-1'],
  ['with an incarnation below 0', '"incarnation":0', '"incarnation":-1'],
  ['with a hub that was created at no time', /"created":"[^"]*"/, '"created":""'],
  ['with a hub that was created at a null', /"created":"[^"]*"/, '"created":null'],
  ['with an event below -1', '"event":8', '"event":-2'],
  ['with a time without milliseconds', SEALED, '2026-12-03T12:00:00Z'],
  ['with a day that does not exist', SEALED, '2026-02-30T12:00:00.000Z'],
  ['with an enqueued that is null', /"enqueued":"[^"]*"/, '"enqueued":null'],
  ['with an enqueued that is no time', /"enqueued":"[^"]*"/, '"enqueued":"yesterday"'],
];

const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
};

/** A stored segment whose signature frame, which begins at `at`, states a length that is `by` larger. */
function withLength(bytes: Buffer, at: number, by: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(changed.readUInt32LE(at + 4) + by, at + 4);
  return changed;
}
