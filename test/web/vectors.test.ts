import { parseAction } from '../../web/verify/ledger/action.ts';
import { toHex } from '../../web/verify/bytes.ts';
import { Fault } from '../../web/verify/fault.ts';
import { LogSoFar } from '../../web/verify/ledger/batches.ts';
import { parseBatchName } from '../../web/verify/ledger/names.ts';
import { readSegment } from '../../web/verify/ledger/segment.ts';
import { signerOf, splitSigned } from '../../web/verify/signed/documentSignature.ts';
import { Trust } from '../../web/verify/signed/trust.ts';
import { parseVerifierKey } from '../../web/verify/verifierKey.ts';
import type { VerifierKey } from '../../web/verify/verifierKey.ts';
import { LEDGER } from '../support/forge.ts';
import { signedVectors } from '../support/signedVectors.ts';
import { KEYS } from '../vectors/signed/keys.ts';
import type { KeyLabel } from '../vectors/signed/keys.ts';

const { certificates, segments, logs, reports, acknowledgements } = signedVectors();

const keysOf = async (labels: readonly KeyLabel[]): Promise<VerifierKey[]> =>
  Promise.all(labels.map((label) => parseVerifierKey(KEYS[label])));
const given = async (trusted: readonly KeyLabel[] | null): Promise<VerifierKey[] | undefined> =>
  trusted === null ? undefined : keysOf(trusted);

/** outcomeOf says what came of it in the words of signed.json. */
async function outcomeOf(act: Promise<unknown>): Promise<string> {
  try {
    const it = await act;
    return typeof it === 'object' && it !== null && 'waitsFor' in it ? 'waits' : 'valid';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.code === 'VERSION_UNKNOWN' ? 'version-unknown' : 'foreign';
  }
}

test.each(certificates)('the page on the certificate: $name', async ({ note, role, trusted, expect: expected }) => {
  expect(await outcomeOf(new Trust(LEDGER, await given(trusted)).open(note, role))).toBe(expected);
});

test.each(segments)('the page on the segment: $name', async ({ object, stored, trusted, expect: expected, root }) => {
  const read = await readSegment(new Uint8Array(stored), object, new Trust(LEDGER, await given(trusted)));
  if (root !== undefined) expect(read.isSegment && read.root).toBe(root);
  const isRight = read.isSegment && !read.endDiffers && read.contradiction === undefined;
  // For a checker, what a later release signed is malformed too.
  const wanted = expected === 'version-unknown' ? 'malformed' : expected;
  expect(isRight ? 'valid' : !read.isSegment && read.isForeign ? 'foreign' : 'malformed').toBe(wanted);
  expect(!read.isSegment && read.sha256 !== undefined).toBe(expected === 'malformed' && !read.isSegment);
});

// What a checker without keys makes of a log is in trust.test.ts: the keys that the first batch announces certify it too.
test.each(logs.filter(({ trusted }) => trusted !== null))(
  'the page on the log: $name',
  async ({ objects, trusted }) => {
    const keys = await given(trusted);
    const taken: (readonly [number, Uint8Array<ArrayBuffer>])[] = [];
    for (const { name, object, bytes, expect: expected, size, root } of objects) {
      const log = new LogSoFar(new Trust(LEDGER, keys), keys);
      for (const batch of taken) await log.take(...batch);
      const batch = [parseBatchName(object) as number, new Uint8Array(bytes)] as const;
      const outcome = await outcomeOf(log.take(...batch));
      const isVoid = ['foreign', 'waits'].includes(outcome);
      expect({ name, outcome: isVoid ? 'void' : outcome }).toEqual({ name, outcome: expected });
      if (outcome === 'valid' && !isVoid) taken.push(batch);
      if (size !== undefined) expect([log.tree.size, toHex(log.tree.root())]).toEqual([size, root]);
    }
  },
);

test.each(acknowledgements)(
  'the page on the acknowledgement: $name',
  async ({ object, bytes, operators, expect: expected }) => {
    const signature = parseAction(new Uint8Array(bytes))?.acknowledgement?.signature;
    const signer = signature && (await signerOf(signature, 'acknowledgement', object, await keysOf(operators)));
    expect(signature === undefined ? 'malformed' : signer === undefined ? 'foreign' : 'valid').toBe(expected);
  },
);

test.each(reports)('the page on the report: $name', async ({ object, bytes, auditors, expect: expected }) => {
  const end = splitSigned(new Uint8Array(bytes));
  const signer = end && (await signerOf(end, 'report', object, await keysOf(auditors)));
  expect(signer === undefined ? 'foreign' : 'valid').toBe(expected);
});
