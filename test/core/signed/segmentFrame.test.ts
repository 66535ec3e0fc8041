import { createSignerKey } from '../../../src/core/note/signerKey.ts';
import { parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { MAX_INDEX } from '../../../src/core/objects/names.ts';
import { Certificates } from '../../../src/core/signed/certificate.ts';
import {
  MAX_SIGNATURE_FRAME_BYTES,
  findSignatureFrame,
  metadataFrame,
  openSegment,
  openSignatureFrame,
  signSegment,
  withSignature,
} from '../../../src/core/signed/segmentFrame.ts';
import type { Statement } from '../../../src/core/signed/segmentFrame.ts';
import type { Session } from '../../../src/core/signed/session.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { LEDGER, TRUST, forge, nameOf } from '../../support/forge.ts';
import { coded, oneByteChanges, takenOf } from '../../support/logVectors.ts';
import { Foreign, isForeign, splitReferenceSegment } from '../../support/referenceSignature.ts';
import { picked } from '../../support/sample.ts';
import { certificateOf, frameOf, signFrames } from '../../support/sign.ts';

const SEALED = '2025-12-03T12:00:00.000Z';
const FRAMES = Buffer.from('not decompressed: 5a2a4d18 is \x5a\x2a\x4d\x18', 'latin1');
const MAGIC = Buffer.from('5a2a4d18', 'hex');
const NAME = nameOf(0);
const STATEMENT: Statement = {
  frames: sha256(FRAMES),
  root: sha256(Buffer.from('root')),
  prev: sha256(Buffer.from('prev')),
  record: 10_753,
  incarnation: 1,
  created: '2025-11-22T10:00:00.000Z',
  event: 7051,
  enqueued: '2025-12-03T11:59:58.250Z',
  sealed: SEALED,
};
const { enqueued: _, ...IDLE } = { ...STATEMENT, event: -1 };
const KEY = createSignerKey('session', Buffer.alloc(32, 200));
const SESSION: Session = {
  certificate: {
    ledger: LEDGER,
    version: 1,
    role: 'segments',
    publicKey: KEY.verifierKey.material,
    from: '2025-12-03T00:00:00.000Z',
    until: '2025-12-04T00:00:00.000Z',
  },
  note: certificateOf({ ledger: LEDGER }),
  privateKey: KEY.privateKey,
};
const certificates = new Certificates(LEDGER, TRUST.keys.map(parseVerifierKey));
/** How many of many changes the fast run tries. */
const SAMPLE = 200;
const foreign = coded('FOREIGN_OBJECT');
const stored = withSignature(FRAMES, signSegment(SESSION, NAME, STATEMENT));

describe('what core signs', () => {
  test.each([
    ['with events', STATEMENT],
    ['without any event', IDLE],
    ['with the largest numbers', { ...STATEMENT, record: Number.MAX_SAFE_INTEGER, event: Number.MAX_SAFE_INTEGER }],
    ['sealed when its certificate begins', { ...STATEMENT, sealed: SESSION.certificate.from }],
    ['sealed when its certificate ends', { ...STATEMENT, sealed: SESSION.certificate.until }],
  ])('opens, and by hand: %s', (_name, statement) => {
    const bytes = withSignature(FRAMES, signSegment(SESSION, NAME, statement));
    expect(openSegment(bytes, NAME, certificates)).toEqual({
      frames: FRAMES,
      statement: { ledger: LEDGER, until: SESSION.certificate.until, ...statement },
    });
    const { frames, statement: read } = splitReferenceSegment(bytes, NAME, TRUST);
    expect(frames).toEqual(FRAMES);
    expect(read).toEqual({
      version: 1,
      ...statement,
      ...Object.fromEntries((['frames', 'root', 'prev'] as const).map((it) => [it, hex(statement[it])])),
    });
  });

  test('is what the hand makes', () => {
    const { frames: _frames, ...said } = { ...STATEMENT, root: hex(STATEMENT.root), prev: hex(STATEMENT.prev) };
    expect(stored).toEqual(
      signFrames(FRAMES, NAME, said, {
        ledger: LEDGER,
        from: SESSION.certificate.from,
        until: SESSION.certificate.until,
      }),
    );
  });

  test('is good for its name alone', () => {
    for (const name of [nameOf(1), nameOf(0, '1'), nameOf(MAX_INDEX), `${NAME}\n`, ''])
      expect(() => openSegment(stored, name, certificates)).toThrow(foreign);
  });

  test('is good for its frames alone', () => {
    for (const frames of [Buffer.alloc(0), FRAMES.subarray(1), Buffer.concat([FRAMES, FRAMES])])
      expect(() => openSegment(Buffer.concat([frames, stored.subarray(FRAMES.length)]), NAME, certificates)).toThrow(
        'its bytes are not those that were signed',
      );
  });

  test('grows a segment by at most 1,000 bytes', () => {
    expect(stored.length - FRAMES.length).toBeLessThanOrEqual(1000);
  });

  test('is not made where the signatures of all keys have no room', () => {
    const signed = signSegment({ ...SESSION, note: 'x'.repeat(MAX_SIGNATURE_FRAME_BYTES) }, NAME, STATEMENT);
    expect(() => withSignature(FRAMES, signed)).toThrow(coded('CONFIG_INVALID'));
    const most = signed.subarray(0, MAX_SIGNATURE_FRAME_BYTES - 8);
    expect(withSignature(FRAMES, most)).toHaveLength(FRAMES.length + MAX_SIGNATURE_FRAME_BYTES);
    expect(() => withSignature(FRAMES, signed.subarray(0, MAX_SIGNATURE_FRAME_BYTES - 7))).toThrow(/^LEDGER_ORIGIN: /);
  });
});

const hex = (hash: string): string => Buffer.from(hash, 'latin1').toString('hex');

describe('a stored segment', () => {
  const { stored: real } = forge({ events: [0, 1, 2] });
  const question = { name: NAME, trust: TRUST };
  const splitByHand = (bytes: Buffer): unknown => splitReferenceSegment(bytes, NAME, TRUST);
  /** Throws what the summary says of a foreign object. */
  const summarize = (bytes: Buffer): void => {
    const summary = summarizeSegment(bytes, question);
    if (!summary.ok && summary.isForeign && summary.sha256 === undefined) throw new Foreign(summary.why);
  };

  test('is read, if a certified session signed it', () => {
    expect(summarizeSegment(Buffer.from(real), question)).toMatchObject({ ok: true, endDiffers: false });
    expect(summarizeSegment(Buffer.from(real), question)).not.toHaveProperty('contradiction');
  });

  test('is foreign with a changed byte, wherever, and is not looked into', () => {
    expect(takenOf(picked([...oneByteChanges(real)], SAMPLE), isForeign, summarize, splitByHand)).toEqual([]);
  });

  test('is foreign with an end or a beginning that was cut, or with more', () => {
    const cuts = Array.from({ length: real.length }, (_, at) => [real.subarray(0, at), real.subarray(at + 1)]).flat();
    const more = [0, 1, 64, 5000].flatMap((length) => [
      Buffer.concat([real, Buffer.alloc(length + 1)]),
      Buffer.concat([Buffer.alloc(length + 1), real]),
    ]);
    expect(takenOf(picked([...cuts, ...more], SAMPLE), isForeign, summarize, splitByHand)).toEqual([]);
  });

  test('is not decompressed before its signature holds', () => {
    const bomb = Buffer.concat([FRAMES, frameOf(Buffer.from('{}\n'), Buffer.alloc(64))]);
    expect(summarizeSegment(bomb, question)).toEqual({
      ok: false,
      isForeign: true,
      isOfLater: false,
      why: 'its certificate is not a signed note',
    });
  });
});

describe('findSignatureFrame', () => {
  const content = Buffer.from('statement\ncertificate');

  test('finds where the frame begins, whatever the frames and the signature hold', () => {
    for (let at = 0; at <= 60; at++) {
      const signature = Buffer.alloc(64, 7);
      MAGIC.copy(signature, at);
      const frame = frameOf(content, signature);
      for (const before of [Buffer.alloc(0), FRAMES, frame, MAGIC, Buffer.concat([frame, MAGIC])]) {
        const found = findSignatureFrame(Buffer.concat([before, frame]));
        expect(found).toEqual({ size: frame.length, content, signature });
      }
    }
  });

  test('does so from the last 4 KiB alone', () => {
    const whole = Buffer.concat([Buffer.alloc(100_000), stored]);
    const end = whole.subarray(-MAX_SIGNATURE_FRAME_BYTES);
    expect(findSignatureFrame(end)).toEqual(findSignatureFrame(whole));
    expect(openSignatureFrame(findSignatureFrame(end), NAME, certificates)).toMatchObject(STATEMENT);
  });

  test('finds one of up to 4 KiB', () => {
    const long = (length: number): Buffer => frameOf(Buffer.alloc(length - 72, 0x20), Buffer.alloc(64));
    expect(findSignatureFrame(long(MAX_SIGNATURE_FRAME_BYTES)).size).toBe(MAX_SIGNATURE_FRAME_BYTES);
    expect(() => findSignatureFrame(long(MAX_SIGNATURE_FRAME_BYTES + 1))).toThrow(foreign);
    expect(findSignatureFrame(long(72))).toMatchObject({ size: 72, content: Buffer.alloc(0) });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a magic number alone', MAGIC],
    ['a signature alone', Buffer.alloc(64)],
    ['a magic number that ends in the signature', Buffer.concat([MAGIC, Buffer.alloc(63)])],
    ['a head that ends in the signature', Buffer.concat([MAGIC, Buffer.alloc(67)])],
    ['a length that is too small', Buffer.concat([MAGIC, Buffer.of(63, 0, 0, 0), Buffer.alloc(64)])],
    ['a length that is too large', Buffer.concat([MAGIC, Buffer.of(65, 0, 0, 0), Buffer.alloc(64)])],
    ['a length above 2^31', Buffer.concat([MAGIC, Buffer.of(64, 0, 0, 0x80), Buffer.alloc(64)])],
    ['another skippable frame', Buffer.concat([Buffer.from('502a4d1840000000', 'hex'), Buffer.alloc(64)])],
  ])('finds none in %s', (_name, bytes) => {
    expect(() => findSignatureFrame(bytes)).toThrow(foreign);
  });
});

describe('metadataFrame', () => {
  const metadata = stored.subarray(FRAMES.length + 8).toString('base64');

  test('gives the frame that the blob ends with', () => {
    expect(metadataFrame(metadata)).toEqual(findSignatureFrame(stored));
    expect(openSignatureFrame(metadataFrame(metadata), NAME, certificates)).toMatchObject(STATEMENT);
  });

  test.each([
    ['nothing', ''],
    ['a signature and no content', Buffer.alloc(64).toString('base64')],
    ['base64 without padding', Buffer.alloc(65).toString('base64').replace(/=+$/, '')],
    ['base64 of another alphabet', metadata.replaceAll(/[+/]/g, '-')],
    ['white space', `${metadata} `],
    ['more than a frame may have', Buffer.alloc(MAX_SIGNATURE_FRAME_BYTES - 7).toString('base64')],
    ['very much', 'A'.repeat(1_000_000)],
  ])('refuses %s', (_name, text) => {
    expect(() => metadataFrame(text)).toThrow(foreign);
  });

  test('takes as much as a frame may have', () => {
    const most = Buffer.alloc(MAX_SIGNATURE_FRAME_BYTES - 8);
    expect(metadataFrame(most.toString('base64')).size).toBe(MAX_SIGNATURE_FRAME_BYTES);
  });

  test('with a changed byte is not opened', () => {
    const open = (bad: Buffer): unknown =>
      openSignatureFrame(metadataFrame(bad.toString('latin1')), NAME, certificates);
    expect(takenOf(picked([...oneByteChanges(Buffer.from(metadata))], SAMPLE), isForeign, open)).toEqual([]);
  });
});
