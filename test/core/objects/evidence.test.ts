import type { AuditsealErrorCode } from '../../../src/core/errors.ts';
import { formatCheckpoint } from '../../../src/core/note/checkpoint.ts';
import { formatEntry } from '../../../src/core/objects/entry.ts';
import {
  MAX_EVIDENCE_BYTES,
  formatEvidence,
  parseEvidence,
  verifyEvidence,
} from '../../../src/core/objects/evidence.ts';
import type { Evidence } from '../../../src/core/objects/evidence.ts';
import { ZERO_HASH, leafHash, sha256 } from '../../../src/core/hash.ts';
import { formatNote } from '../../../src/core/note/note.ts';
import { proveInSegment } from '../../../src/core/merkle/proof.ts';
import { createSignerKey, signNote } from '../../../src/core/note/signerKey.ts';
import { formatTlogProof } from '../../../src/core/note/tlogProof.ts';
import { formatVerifierKey, parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { coded, damaged, expectExact, loadVectors, oneByteChanges } from '../../support/logVectors.ts';
import { referenceLines, referenceRoot } from '../../support/referenceLedger.ts';
import { sealBodies } from '../../support/segments.ts';

interface Case {
  name: string;
  file: string;
}
const vectors = loadVectors('evidence.json') as {
  verifierKeys: string[];
  good: (Case & {
    line: string;
    record: number;
    entryIndex: number;
    origin: string;
    size: number;
    cosignatures: number[];
  })[];
  malformed: Case[];
  versions: string[];
  unproved: (Case & { error: AuditsealErrorCode })[];
};
const verifiers = vectors.verifierKeys.map(parseVerifierKey);
const verify = (file: Buffer): ReturnType<typeof verifyEvidence> => verifyEvidence(parseEvidence(file), verifiers);
const [first] = vectors.good;
const FILE = Buffer.from(first?.file as string);

describe('evidence', () => {
  test.each(vectors.good)('proves $name', ({ file, line, record, entryIndex, origin, size, cosignatures }) => {
    const evidence = parseEvidence(Buffer.from(file));
    expect(formatEvidence(evidence).toString()).toBe(file);
    expect(evidence.line.toString()).toBe(line);
    const result = verifyEvidence(evidence, verifiers);
    if (!result.ok) throw new Error(result.why);
    expect(result).toMatchObject({ seal: { record }, entryIndex, opened: { checkpoint: { origin, size } } });
    expect(result.opened.cosignatures.map(({ timestamp }) => timestamp)).toEqual(cosignatures);
  });

  test.each(vectors.unproved)('proves nothing with $name', ({ file, error }) => {
    const evidence = parseEvidence(Buffer.from(file));
    expect(verifyEvidence(evidence, verifiers)).toEqual({ ok: false, code: error, why: expect.any(String) });
  });

  test.each(vectors.malformed)('with $name is refused', ({ file }) => {
    expect(() => parseEvidence(Buffer.from(file))).toThrow(coded('EVIDENCE_MALFORMED'));
  });

  test.each(vectors.versions)('of another version is refused: %#', (file) => {
    expect(() => parseEvidence(Buffer.from(file))).toThrow(coded('VERSION_UNKNOWN'));
  });

  test('proves nothing to somebody who trusts other keys, whatever keys it carries', () => {
    const evidence = parseEvidence(FILE);
    expect(evidence.verifierKeys).toHaveLength(1);
    expect(verifyEvidence(evidence, [])).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
  });

  test('a one-byte change is refused, or changes nothing that is claimed', () => {
    const known = verify(FILE);
    const start = FILE.indexOf('"verifierKeys"');
    let harmless = 0;
    for (const changed of oneByteChanges(FILE)) {
      let result: ReturnType<typeof verifyEvidence>;
      try {
        result = verify(changed);
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ name: 'AuditsealError' }));
        continue;
      }
      if (!result.ok) continue;
      harmless++;
      // Only the keys that it suggests are not bound by anything.
      expect(changed.subarray(0, start)).toEqual(FILE.subarray(0, start));
      expect(result).toEqual(known);
    }
    expect(harmless).toBeGreaterThan(0);
  });

  test('is read only as it is printed', () => {
    for (const [seed, { file }] of vectors.good.entries()) {
      const back = (bytes: Buffer): Buffer => formatEvidence(parseEvidence(bytes));
      expectExact(damaged(Buffer.from(file), seed, 500), ['EVIDENCE_MALFORMED', 'VERSION_UNKNOWN'], back);
    }
  });

  test('damaged at random proves nothing else', () => {
    const known = verify(FILE);
    for (const changed of damaged(FILE, 99, 3000)) {
      let result: ReturnType<typeof verifyEvidence>;
      try {
        result = verify(changed);
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ name: 'AuditsealError' }));
        continue;
      }
      if (result.ok) expect(result).toEqual(known);
    }
  });
});

describe('limits come first', () => {
  test('a file that is too large, or that nests in place of a line, is refused at once', () => {
    expect(() => parseEvidence(Buffer.alloc(MAX_EVIDENCE_BYTES + 1, ' '))).toThrow(coded('EVIDENCE_MALFORMED'));
    const nested = Buffer.from(`{"version":1,"line":${'['.repeat(MAX_EVIDENCE_BYTES / 4)}`);
    expect(() => parseEvidence(nested)).toThrow(coded('EVIDENCE_MALFORMED'));
    const behind = Buffer.from(`{"version":1,"line":"x","segmentProof":${'['.repeat(MAX_EVIDENCE_BYTES / 4)}`);
    expect(() => parseEvidence(behind)).toThrow(/more than 1 MiB follows it/);
  });

  test('what is not UTF-8 is refused', () => {
    expect(() => parseEvidence(Buffer.concat([FILE, Buffer.of(0xff)]))).toThrow(coded('EVIDENCE_MALFORMED'));
  });

  test('what could not be read is not printed', () => {
    const evidence = parseEvidence(FILE);
    const wrong: Partial<Evidence>[] = [
      { line: Buffer.alloc(MAX_EVIDENCE_BYTES + 1) },
      { line: Buffer.of(0xff) },
      { entry: Buffer.alloc(65_536, 'a') },
      { segmentProof: { index: 1, size: 1, hashes: [] } },
      { verifierKeys: Array<string>(33).fill('x') },
      { verifierKeys: ['x'.repeat(1025)] },
    ];
    for (const change of wrong) {
      expect(() => formatEvidence({ ...evidence, ...change })).toThrow(coded('EVIDENCE_MALFORMED'));
    }
  });

  test('a fault of the caller is not taken for one of the evidence', () => {
    expect(() => verifyEvidence(undefined as unknown as Evidence, verifiers)).toThrow(TypeError);
  });
});

test('a segment that was just sealed is proved, record by record', () => {
  const { frames, root, header } = sealBodies('{"records":[{"a":1},{"b":"é"}]}', 'no JSON', '{"_seal":{"record":9}}');
  const leaves = referenceLines(frames).slice(0, -1);
  expect(referenceRoot(leaves)).toBe(Buffer.from(root, 'latin1').toString('hex'));
  const entry = formatEntry({
    type: 'segment',
    size: frames.length,
    sha256: sha256(frames),
    root,
    prev: ZERO_HASH,
    partition: header.partition,
    index: header.index,
    incarnation: 0,
    records: header.records,
    events: header.events,
    time: { first: header.sealed, last: header.sealed },
    categories: new Map(),
  });
  const signer = createSignerKey(header.ledger, Buffer.alloc(32, 3));
  const text = formatCheckpoint({ origin: header.ledger, size: 1, rootHash: leafHash(entry) });
  const checkpoint = formatNote({ text, signatures: [signNote(text, signer)] }).toString();
  const hashes = leaves.map(leafHash);
  for (const [index, line] of leaves.entries()) {
    const evidence: Evidence = {
      line,
      segmentProof: proveInSegment(hashes, index),
      entry,
      proof: formatTlogProof({ index: 0, hashes: [], checkpoint }),
      verifierKeys: [formatVerifierKey(signer.verifierKey)],
    };
    const result = verifyEvidence(parseEvidence(formatEvidence(evidence)), [signer.verifierKey]);
    expect(result.ok).toBe(index > 0);
    if (result.ok) expect(result.seal.record).toBe(header.records.first + index - 1);
  }
});
