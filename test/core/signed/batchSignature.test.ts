import { sha256 } from '../../../src/core/hash.ts';
import { createSignerKey } from '../../../src/core/note/signerKey.ts';
import { parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { EMPTY_ROOT } from '../../../src/core/merkle/tree.ts';
import { NO_LOG, formatBatch, openNextBatch } from '../../../src/core/objects/batch.ts';
import { NO_HEADS, formatHeads } from '../../../src/core/objects/heads.ts';
import { MAX_INDEX, batchName } from '../../../src/core/objects/names.ts';
import { openBatch, signBatch } from '../../../src/core/signed/batchSignature.ts';
import type { BatchClaim } from '../../../src/core/signed/batchSignature.ts';
import { Certificates } from '../../../src/core/signed/certificate.ts';
import type { Session } from '../../../src/core/signed/session.ts';
import { LEDGER, TRUST } from '../../support/forge.ts';
import { coded, oneByteChanges, takenOf } from '../../support/logVectors.ts';
import { isForeign, openReferenceBatch } from '../../support/referenceSignature.ts';
import { picked } from '../../support/sample.ts';
import { certificateOf, noticeOf, signLines } from '../../support/sign.ts';

const TIME = '2025-12-03T12:00:00.000Z';
const KEY = createSignerKey('session', Buffer.alloc(32, 200));
const SESSION: Session = {
  certificate: {
    ledger: LEDGER,
    version: 1,
    role: 'batches',
    publicKey: KEY.verifierKey.material,
    from: '2025-12-03T00:00:00.000Z',
    until: '2025-12-04T00:00:00.000Z',
  },
  note: certificateOf({ ledger: LEDGER, role: 'batches' }),
  privateKey: KEY.privateKey,
};
const HEADS = { ...NO_HEADS, time: TIME, keys: TRUST.keys };
const NOTE = noticeOf(LEDGER, TRUST.keys[0] as string, [{ name: LEDGER, seed: 1 }]);
const LINES = formatBatch([Buffer.from(JSON.stringify({ type: 'key', note: NOTE })), ...formatHeads(HEADS)]);
const NEXT_LINES = formatBatch([Buffer.from('{"type":"x"}'), ...formatHeads(HEADS)]);
const NAME = batchName(0);
const FIRST: BatchClaim = { previous: -1, size: 0, root: EMPTY_ROOT };
const certificates = new Certificates(LEDGER, TRUST.keys.map(parseVerifierKey));
const batch = signBatch(SESSION, NAME, LINES, FIRST);
const foreign = coded('FOREIGN_OBJECT');
/** How many of many changes the fast run tries. */
const SAMPLE = 200;

describe('what core signs', () => {
  test.each([
    ['the first batch', FIRST],
    ['a later one', { previous: 41, size: 1234, root: sha256(Buffer.from('root')) }],
    ['the last one there can be', { previous: MAX_INDEX, size: Number.MAX_SAFE_INTEGER, root: EMPTY_ROOT }],
  ])('opens, and by hand, and is what the hand makes: %s', (_name, claim) => {
    const bytes = signBatch(SESSION, NAME, LINES, claim);
    expect(openBatch(bytes, NAME, certificates)).toMatchObject({
      ...claim,
      lines: LINES,
      certificate: SESSION.certificate,
    });
    const said = { ...claim, root: Buffer.from(claim.root, 'latin1').toString('hex') };
    expect(openReferenceBatch(bytes, NAME, TRUST)).toMatchObject({ ...said, lines: LINES });
    const session = { ledger: LEDGER, from: SESSION.certificate.from, until: SESSION.certificate.until };
    expect(signLines(LINES, NAME, said, session)).toEqual(bytes);
  });

  test('is good for its name alone', () => {
    for (const name of [batchName(1), batchName(MAX_INDEX), `${NAME}\n`, ''])
      expect(() => openBatch(batch, name, certificates)).toThrow(foreign);
  });
});

describe('openBatch', () => {
  const open = (bytes: Buffer): unknown => openBatch(bytes, NAME, certificates);
  const openByHand = (bytes: Buffer): unknown => openReferenceBatch(bytes, NAME, TRUST);

  test('opens no batch with a changed byte, wherever', () => {
    expect(takenOf(picked([...oneByteChanges(batch)], SAMPLE), isForeign, open, openByHand)).toEqual([]);
  });

  test('opens none with an end or a beginning that was cut, or with more', () => {
    const cuts = Array.from({ length: batch.length }, (_, at) => [batch.subarray(0, at), batch.subarray(at + 1)]);
    const more = [Buffer.from('\n'), Buffer.from('{}\n'), batch].flatMap((it) => [
      Buffer.concat([batch, it]),
      Buffer.concat([it, batch]),
    ]);
    expect(takenOf(picked([...cuts.flat(), ...more], SAMPLE), isForeign, open, openByHand)).toEqual([]);
  });
});

describe('openNextBatch', () => {
  test('gives the entries of the next batch, and where they lead', () => {
    expect(openNextBatch(batch, 0, NO_LOG, TRUST)).toMatchObject({ number: 0, heads: HEADS });
    expect(openNextBatch(batch, 0, NO_LOG, TRUST).entries.map(String)).toEqual(LINES.toString().trim().split('\n'));
  });

  test('without a ledger or keys takes any first batch, and by what it announces the next', () => {
    expect(openNextBatch(batch, 0, NO_LOG, {}).heads).toEqual(HEADS);
    const before = { ...NO_LOG, number: 0, head: { size: 2, rootHash: EMPTY_ROOT }, time: TIME, keys: TRUST.keys };
    const next = signBatch(SESSION, batchName(1), NEXT_LINES, { previous: 0, size: 2, root: EMPTY_ROOT });
    expect(openNextBatch(next, 1, before, {}).heads).toEqual(HEADS);
    expect(() => openNextBatch(next, 1, { ...before, keys: [] }, {})).toThrow(foreign);
    // Once there is a log, its own keys decide, and no others that a checker was given.
    expect(openNextBatch(next, 1, before, { ledger: LEDGER, keys: [] }).heads).toEqual(HEADS);
  });
});
