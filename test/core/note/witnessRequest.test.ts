import { MAX_NOTE_BYTES } from '../../../src/core/note/note.ts';
import {
  MAX_WITNESS_REQUEST_BYTES,
  formatWitnessRequest,
  parseWitnessRequest,
} from '../../../src/core/note/witnessRequest.ts';
import { coded, damaged, expectExact, leafHashes } from '../../support/logVectors.ts';
import { TestLog } from '../../support/witnessLog.ts';

const log = new TestLog();
const HASH = 'BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=';

/** The request that takes a witness of the vectors from 3 entries to 5. */
const THREE_TO_FIVE = `old 3
BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=
J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=
LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=
GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=

audit.example.com/log1
5
GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=

— audit.example.com/log1 Iua1HhJBmkzDPym6SImoqEiaxi5H4Hr/+R9TiTQNd6Sn/06abJBPgMtV3si4H/aj6E4gra2eLMdlKniJaTKe2aYxng4=
`;

describe('a request to a witness', () => {
  test('is printed and read', () => {
    expect(log.request(3, 5).toString()).toBe(THREE_TO_FIVE);
    expect(parseWitnessRequest(Buffer.from(THREE_TO_FIVE))).toEqual({
      oldSize: 3,
      proof: log.proof(3, 5),
      checkpoint: log.checkpoint(5),
    });
  });

  test('keeps its checkpoint byte for byte, empty lines and all', () => {
    const checkpoint = Buffer.from([0x61, 0x0a, 0x0a, 0xff, 0x0a, 0x0a, 0x00]);
    const request = formatWitnessRequest({ oldSize: 0, proof: [], checkpoint });
    expect(parseWitnessRequest(request).checkpoint).toEqual(checkpoint);
  });

  test.each([
    ['nothing', ''],
    ['no empty line', 'old 0\na'],
    ['no checkpoint', 'old 0\n\n'],
    ['no old size', `\n\n${THREE_TO_FIVE}`],
    ['a proof only', `${HASH}\n\na\n`],
    ['another word', 'new 0\n\na\n'],
    ['two spaces', 'old  0\n\na\n'],
    ['a tab', 'old\t0\n\na\n'],
    ['a leading zero', 'old 05\n\na\n'],
    ['a sign', 'old +5\n\na\n'],
    ['a negative size', 'old -1\n\na\n'],
    ['a size of 2^53', 'old 9007199254740992\n\na\n'],
    ['no size', 'old \n\na\n'],
    ['CRLF', 'old 0\r\n\r\na\r\n'],
    ['CRLF after the size', 'old 0\r\n\na\n'],
    ['a hash of 31 bytes', `old 1\n${Buffer.alloc(31).toString('base64')}\n\na\n`],
    ['a hash in the alphabet of URLs', `old 1\n${HASH.replace('+', '-')}\n\na\n`],
    ['a hash and a space', `old 1\n${HASH} \n\na\n`],
    ['a hash without padding', `old 1\n${HASH.slice(0, -1)}\n\na\n`],
    ['64 hashes', `old 1\n${`${HASH}\n`.repeat(64)}\na\n`],
    ['a byte order mark', '\ufeffold 0\n\na\n'],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseWitnessRequest(Buffer.from(text))).toThrow(coded('REQUEST_MALFORMED'));
  });

  test('has bounds', () => {
    const largest = {
      oldSize: Number.MAX_SAFE_INTEGER,
      proof: leafHashes(63),
      checkpoint: Buffer.alloc(MAX_NOTE_BYTES),
    };
    const request = formatWitnessRequest(largest);
    expect(request).toHaveLength(MAX_WITNESS_REQUEST_BYTES);
    expect(parseWitnessRequest(request)).toEqual(largest);
    for (const change of [
      { proof: leafHashes(64) },
      { oldSize: 2 ** 53 },
      { oldSize: 0.5 },
      { checkpoint: Buffer.alloc(0) },
      { checkpoint: Buffer.alloc(MAX_NOTE_BYTES + 1) },
      { checkpoint: Buffer.alloc(MAX_NOTE_BYTES + 1), proof: [] },
    ]) {
      expect(() => formatWitnessRequest({ ...largest, ...change })).toThrow(coded('REQUEST_MALFORMED'));
    }
  });

  test('is read only as it is printed', () => {
    const back = (it: Buffer): Buffer => formatWitnessRequest(parseWitnessRequest(it));
    expect(expectExact(damaged(Buffer.from(THREE_TO_FIVE), 1, 2000), ['REQUEST_MALFORMED'], back)).toBeGreaterThan(0);
  });
});
