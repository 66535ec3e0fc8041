import { formatEntry } from '../../src/core/objects/entry.ts';
import { segmentEntryOf } from '../../src/core/objects/judge.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { Fault } from '../../web/verify/fault.ts';
import { readSegment } from '../../web/verify/ledger/segment.ts';
import { parseCertificate } from '../../web/verify/signed/certificate.ts';
import { LEDGER, TRUST, ZEROS, forge, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { picked, triedOf } from '../support/sample.ts';
import { certificateOf, keyText, signFrames, signedNote } from '../support/sign.ts';
import type { HandSession } from '../support/sign.ts';
import { GIVEN, OTHER, SIGNED_SAMPLE, SIGNED_USUAL, changesOf, trustOf, withStrangers } from './signedTools.ts';
import type { Given } from './signedTools.ts';

const NAME = nameOf(0);

/** coreSegment and pageSegment say what each makes of stored bytes. */
function coreSegment(stored: Buffer, name: string, keys: Given): object {
  const trust = { ledger: LEDGER, ...(keys !== undefined && { keys }) };
  const read = summarizeSegment(Buffer.from(stored), { name, trust, countsCategories: true });
  if (!read.ok) return { isForeign: read.isForeign };
  const { contradiction, endDiffers, header, statement, latest } = read;
  const entry = contradiction === undefined && formatEntry(segmentEntryOf(read, stored.length)).toString();
  return {
    isWrong: contradiction !== undefined,
    endDiffers,
    index: header.index,
    said: statement.enqueued ?? '',
    latest,
    entry,
  };
}

async function pageSegment(stored: Buffer, name: string, keys: Given): Promise<object> {
  const read = await readSegment(new Uint8Array(stored), name, await trustOf(keys));
  if (!read.isSegment) return { isForeign: read.isForeign };
  const { contradiction, endDiffers, header, enqueued: said, latest, categories } = read;
  const { index, incarnation, partition, prev, records, events, sealed } = header;
  const { first, last, count, enqueuedFirst, enqueuedLast } = events;
  const times = count === 0 ? [sealed, sealed] : [enqueuedFirst, enqueuedLast].sort();
  const entry =
    contradiction === undefined &&
    JSON.stringify({
      type: 'segment',
      name: nameOf(index, partition),
      size: stored.length,
      sha256: read.sha256,
      root: read.root,
      prev,
      partition,
      index,
      incarnation,
      records,
      events: { first, last, count },
      time: { first: times[0], last: times[1] },
      categories: Object.fromEntries(categories),
    });
  return { isWrong: contradiction !== undefined, endDiffers, index, said, latest, entry };
}

async function expectSameSegment(stored: Buffer, name = NAME): Promise<void> {
  for (const keys of GIVEN)
    expect({ keys, read: await pageSegment(stored, name, keys) }).toEqual({
      keys,
      read: coreSegment(stored, name, keys),
    });
}

const day = (from: number, until: number): Partial<HandSession> => ({ from: timeOf(from), until: timeOf(until) });
const SEALED = 1_000_000;
const DAY = day(0, 100);
const note = (change: (text: string) => string, keys = [{ name: LEDGER, seed: 1 }]): Partial<HandSession> => ({
  edit: change,
  keys,
});

const SEGMENTS: readonly [string, Spec][] = [
  ['is right', {}],
  ['has categories', { events: [1, 2, 3], edit: categorized }],
  ['is not signed', { isUnsigned: true }],
  ['is signed by a stranger', { session: { keys: [OTHER] } }],
  ['is signed by nobody’s key name', { session: { keys: [{ name: 'other.example.com', seed: 1 }] } }],
  ['is signed by the log and a stranger', { session: { keys: [OTHER, { name: LEDGER, seed: 1 }] } }],
  ['is signed by an auditor', { session: { keys: [{ name: `${LEDGER}/auditor`, seed: 100 }] } }],
  ['has another session’s signature', { session: { seed: 201 } }],
  ['is certified for batches', { session: { role: 'batches' } }],
  ['is certified for a role that there is not', { session: { role: 'reports' } }],
  ['is of another ledger', { ledger: 'other.example.com' }],
  ['is certified for another ledger', { session: { ledger: 'other.example.com' } }],
  ['is certified for a ledger that no key can name', { session: { ledger: 'a b' } }],
  ['is signed for another name', { name: nameOf(1) }],
  ['is sealed at the first moment of its certificate', { session: day(SEALED, SEALED + 60) }],
  ['is sealed at the last moment of its certificate', { session: day(SEALED - 60, SEALED) }],
  ['is sealed before its certificate', { session: day(SEALED + 1, SEALED + 60) }],
  ['is sealed after its certificate', { session: day(SEALED - 60, SEALED - 1) }],
  ['has a certificate of a day', { session: day(SEALED, SEALED + 86_400) }],
  ['has a certificate of more than a day', { session: day(SEALED, SEALED + 86_401) }],
  ['has a certificate of no time', { session: day(SEALED + 1, SEALED) }],
  ['has a certificate of one line more', { session: note((text) => `${text}x\n`) }],
  ['has a certificate with another word', { session: note((text) => text.replace('auditseal certificate', '17')) }],
  ['has a certificate with a bad date', { session: note((text) => text.replace(/-\d\dT/, '-32T')) }],
  ['has a certificate with CRLF', { session: note((text) => text.replaceAll('\n', '\r\n')) }],
  ['has a certificate with a short key', { session: note((text) => text.replace(/\n[^\n]{44}\n/, '\nAAAA\n')) }],
  ['says another version', { statement: { version: 2 } }],
  ['says version 0', { statement: { version: 0 } }],
  ['says another hash of its frames', { statement: { frames: ZEROS } }],
  ['says another root', { statement: { root: ZEROS } }],
  ['says another prev', { statement: { prev: 'ab'.repeat(32) } }],
  ['says a prev that is no hash', { statement: { prev: 'AB'.repeat(32) } }],
  ['says another record', { statement: { record: 17 } }],
  ['says a record below 0', { statement: { record: -1 } }],
  ['says half a record', { statement: { record: 0.5 } }],
  ['says another incarnation', { statement: { incarnation: 1 } }],
  ['says another event', { statement: { event: 5 } }],
  ['says an event below -1', { statement: { event: -2 } }],
  ['says a later time of an event', { latest: timeOf(50) }],
  ['says an earlier time of an event', { latest: timeOf(-50) }],
  ['says no time of an event', { statement: { enqueued: undefined } }],
  ['says a time that there is not', { statement: { enqueued: '2026-02-30T00:00:00.000Z' } }],
  ['says that it was sealed later', { statement: { sealed: timeOf(SEALED + 1) } }],
  ['has a wrong end line', { end: `{"_end":{"records":1,"root":"${ZEROS}"}}` }],
  ['has a header of a later version', { header: { version: 2 } }],
  ['has a header of another ledger', { header: { ledger: 'other.example.com' } }],
  ['follows itself', { previous: 0 }],
  ['follows none', { previous: -1, index: 4, name: NAME }],
  ['says another hub than its header', { statement: { created: timeOf(50) } }],
  ['says a hub that was created at no time', { statement: { created: '2026-02-30T00:00:00.000Z' } }],
  ['says nothing of the hub', { hub: null }],
  ['has a hub without a time', { hub: { created: 'now' } }],
  ['has a hub that was asked at no time', { hub: { asked: '' } }],
  ['has a hub with a time of its newest event', { hub: { enqueued: timeOf(3) } }],
  ['has a hub with a newest event of no time', { hub: { enqueued: 'now' } }],
  ['has a hub with half an event', { hub: { first: 0.5 } }],
  ['has a hub whose newest event is below -1', { hub: { last: -2 } }],
  ['has a hub whose first event is behind the next one', { hub: { first: 2 } }],
  ['has a hub that is none', { header: { hub: [] } }],
  [
    'is a repair without events',
    { kind: 'repair', isEventless: true, gaps: [{ first: 0, last: 0, reason: 'expired' }] },
  ],
  ['has a record of a type of AMQP', { edit: amqp }],
  [
    'has a record of a type of AMQP that is not in base64',
    { edit: (lines) => amqp(lines).map((line) => line.replace('_base64', '_text')) },
  ],
  ['is a heartbeat', { kind: 'heartbeat', events: [-1] }],
  ['is a heartbeat with a time of before', { kind: 'heartbeat', events: [7], latest: timeOf(7) }],
];

function categorized(lines: string[]): string[] {
  return lines.map((line, i) => line.replace('{"n":', `{"category":"${['A', 'é', '1', 'A'][i]}","n":`));
}

function amqp(lines: string[]): string[] {
  return lines.map((line) =>
    line.replace(/^\{"n":\d+,/, '{"_base64":"AFN3oQJoaQ==","_reason":"x",').replace(/"\}\}$/, '","form":"amqp"}}'),
  );
}

describe('a segment', () => {
  test.each(SEGMENTS)('that %s', async (_what, spec) => {
    await expectSameSegment(forge(spec).stored);
  });

  test('that is right is read as one, with its categories', async () => {
    const { stored } = forge({ events: [1, 2, 3], edit: categorized });
    expect(await pageSegment(stored, NAME, TRUST.keys)).toMatchObject({
      isWrong: false,
      entry: expect.stringContaining('"categories":{"1":1,"A":1}') as unknown,
    });
    expect(await pageSegment(stored, NAME, [keyText(OTHER)])).toEqual({ isForeign: true });
    expect(await pageSegment(stored, nameOf(1), TRUST.keys)).toEqual({ isForeign: true });
  });

  test('of which any byte behind its frames is changed, or that is cut or extended', async () => {
    const { stored } = forge({});
    const changes = [...changesOf(stored, stored.lastIndexOf('5a2a4d18', undefined, 'hex'))];
    expect(changes.length).toBeGreaterThan(700);
    let tried = 0;
    for (const changed of picked(changes, SIGNED_SAMPLE, SIGNED_USUAL)) {
      expect(await pageSegment(changed, NAME, TRUST.keys)).toEqual({ isForeign: true });
      await expectSameSegment(changed);
      tried += 1;
    }
    expect(tried).toBe(triedOf(changes.length, SIGNED_SAMPLE, SIGNED_USUAL));
  });

  test('with two signature frames, one of more than 4 KiB, one of almost that, and the number of one in it', async () => {
    const frames = forge({ isUnsigned: true }).stored;
    const said = { root: ZEROS, prev: ZEROS, record: 1, incarnation: 0, event: 0, sealed: timeOf(SEALED) };
    const session = { ledger: LEDGER };
    const once = signFrames(frames, NAME, said, session);
    await expectSameSegment(signFrames(once, NAME, said, session));
    // Lines by strangers make a certificate longer.
    for (const strangers of [17, 18, 19, 20, 21, 22, 23, 24, 60]) {
      const keys = withStrangers(strangers);
      await expectSameSegment(signFrames(frames, NAME, said, { ledger: LEDGER, keys }));
    }
    for (const extra of ['5a2a4d18', '5a2a4d1800000000', '502a4d180100000000'])
      await expectSameSegment(signFrames(Buffer.concat([frames, Buffer.from(extra, 'hex')]), NAME, said, session));
    for (const bytes of ['', '5a2a4d18', '5a2a4d1800000000', '00'.repeat(80), '5a2a4d18'.repeat(30)])
      await expectSameSegment(Buffer.from(bytes, 'hex'));
  });
});

test('a certificate is printed in one way only', () => {
  const text = certificateOf({ ledger: LEDGER, ...DAY }).split('\n\n')[0] as string;
  expect(parseCertificate(`${text}\n`)).toMatchObject({ ledger: LEDGER, role: 'segments', ...DAY });
  for (const bad of [text, `${text}\n\n`, `\n${text}\n`, `${text.replace('/sealer', '/auditor')}\n`, '', '\n'])
    expect(() => parseCertificate(bad)).toThrow(Fault);
  expect(signedNote(`${text}\n`, [{ name: LEDGER, seed: 1 }])).toBe(certificateOf({ ledger: LEDGER, ...DAY }));
});
