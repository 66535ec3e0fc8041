import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { parseEvidence as parseCore, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import { createSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey, parseVerifierKey as parseCoreKey } from '../../src/core/note/verifierKey.ts';
import type { VerifierKey as CoreKey } from '../../src/core/note/verifierKey.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { checkEvidence } from '../../web/verify/checkEvidence.ts';
import { parseEvidence } from '../../web/verify/evidence.ts';
import { Fault } from '../../web/verify/fault.ts';
import { parseVerifierKey, rawFromDer, readKeys, verifyOwn, verifySignature } from '../../web/verify/verifierKey.ts';
import type { VerifierKey } from '../../web/verify/verifierKey.ts';
import { damaged, loadVectors, oneByteChanges } from '../support/logVectors.ts';

interface Case {
  name: string;
  file: string;
}
const vectors = loadVectors('evidence.json') as {
  verifierKeys: string[];
  good: (Case & { record: number; entryIndex: number; origin: string; size: number; cosignatures: number[] })[];
  malformed: Case[];
  versions: string[];
  unproved: (Case & { error: string })[];
};
const { keys } = await readKeys(vectors.verifierKeys.join('\n'));
const coreKeys = vectors.verifierKeys.map(parseCoreKey);

/** What each of the two checkers says: `proved`, or its error code. */
async function page(file: Uint8Array): Promise<string> {
  try {
    const { fault } = await checkEvidence(parseEvidence(file), keys);
    return fault?.code ?? 'proved';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

function core(file: Buffer): string {
  try {
    const result = verifyEvidence(parseCore(file), coreKeys);
    return result.ok ? 'proved' : result.code;
  } catch (error) {
    if (error instanceof AuditsealError) return error.code;
    throw error;
  }
}

describe('the page and the command line conclude the same', () => {
  test.each(vectors.good)('proved: $name', async ({ file, record, entryIndex, origin, size, cosignatures }) => {
    const outcome = await checkEvidence(parseEvidence(Buffer.from(file)), keys);
    expect(outcome.fault).toBeUndefined();
    expect(outcome.steps.map(({ state }) => state)).toEqual(['holds', 'holds', 'holds', 'holds']);
    expect(outcome).toMatchObject({ seal: { record }, entryIndex, checkpoint: { origin, size } });
    expect(outcome.witnesses.map(({ timestamp }) => timestamp)).toEqual(cosignatures);
  });

  test.each(vectors.unproved)('proves nothing with $name', async ({ file, error }) => {
    expect(await page(Buffer.from(file))).toBe(error);
    expect(core(Buffer.from(file))).toBe(error);
  });

  test.each(vectors.malformed)('refused: $name', async ({ file }) => {
    expect(await page(Buffer.from(file))).toBe('EVIDENCE_MALFORMED');
  });

  test.each(vectors.versions)('refused as another version: %#', async (file) => {
    expect(await page(Buffer.from(file))).toBe('VERSION_UNKNOWN');
  });

  test('about every file that differs in one byte', async () => {
    const [, , third] = vectors.good;
    for (const changed of oneByteChanges(Buffer.from(third?.file as string))) {
      const [mine, other] = [await page(changed), core(changed)];
      if (mine !== other) expect({ changed: changed.toString(), says: mine }).toEqual({ says: other });
    }
  });

  test('about files damaged at random', async () => {
    for (const [seed, { file }] of vectors.good.entries()) {
      for (const changed of damaged(Buffer.from(file), 1000 + seed, 300)) {
        const [mine, other] = [await page(changed), core(changed)];
        if (mine !== other) expect({ changed: changed.toString(), says: mine }).toEqual({ says: other });
      }
    }
  });
});

test('a failure names the step, and leaves the others as they are', async () => {
  const states = async (name: string): Promise<string[]> => {
    const { file } = vectors.unproved.find((it) => it.name === name) as Case;
    return (await checkEvidence(parseEvidence(Buffer.from(file)), keys)).steps.map(({ state }) => state);
  };
  expect(await states('another line')).toEqual(['fails', 'fails', 'holds', 'holds']);
  expect(await states('records from another number on')).toContain('fails');
  expect(await states("a checkpoint signed by a stranger under the log's name")).toEqual([
    'holds',
    'holds',
    'holds',
    'fails',
  ]);
  expect(await states('an entry that is malformed')).toEqual(['open', 'fails', 'holds', 'holds']);
  expect(await states('no proof')).toEqual(['holds', 'holds', 'fails', 'open']);
});

describe('keys', () => {
  const vkey = (publicKey: KeyObject, name: string): string => {
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const id = createHash('sha256').update(der).digest('hex').slice(0, 8);
    return `${name}+${id}+${Buffer.concat([Buffer.of(2), der]).toString('base64')}`;
  };

  test('ECDSA: what node:crypto signs in DER is verified, and no other encoding of it', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = await parseVerifierKey(vkey(pair.publicKey, 'log.example.com/p256'));
    const message = new TextEncoder().encode('log.example.com/p256\n1\n');
    for (let i = 0; i < 40; i++) {
      const der = Uint8Array.from(sign('sha256', message, pair.privateKey));
      expect(await verifySignature(key, message, der)).toBe(true);
      expect(await verifySignature(key, message.slice(1), der)).toBe(false);
      expect(rawFromDer(Uint8Array.of(...der, 0))).toBeUndefined();
      expect(rawFromDer(der.slice(0, -1))).toBeUndefined();
    }
    expect(rawFromDer(Uint8Array.of(0x30, 6, 2, 1, 0x81, 2, 1, 1))).toBeUndefined();
    expect(rawFromDer(Uint8Array.of(0x30, 7, 2, 2, 0, 1, 2, 1, 1))).toBeUndefined();
    expect(rawFromDer(Uint8Array.of())).toBeUndefined();
  });

  test('Ed25519 without WebCrypto agrees with it', async () => {
    const pair = generateKeyPairSync('ed25519');
    const material = Uint8Array.from(pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
    const key: VerifierKey = { keyName: 'x', keyId: '00000000', type: 'ed25519', material, text: '' };
    const message = new TextEncoder().encode('a text\n');
    const good = Uint8Array.from(sign(null, message, pair.privateKey));
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice();
      bad[i] = (bad[i] as number) ^ 1;
      expect(verifyOwn(material, message, bad)).toBe(false);
      expect(await verifySignature(key, message, bad)).toBe(false);
    }
    expect(verifyOwn(material, message, good)).toBe(true);
    expect(await verifySignature(key, message, good)).toBe(true);
    expect(verifyOwn(material, message, good.slice(1))).toBe(false);
  });

  test('keys are of different people: a log is no witness of itself, and no witness counts twice', async () => {
    const seed = (fill: number, name: string): CoreKey => createSignerKey(name, Buffer.alloc(32, fill)).verifierKey;
    const [log, other] = [seed(1, 'logs.example.com/prod'), seed(2, 'w.example')].map(formatVerifierKey);
    const own = formatVerifierKey(cosignatureKey(seed(1, 'own.example')));
    const [w, again] = ['w.example', 'w2.example'].map((name) => formatVerifierKey(cosignatureKey(seed(3, name))));
    for (const [lines, kept, fault] of [
      [[log, own], [log], 'Line 2: this is the key of line 1, given for a log and for its witness.'],
      [[own, log], [own], 'Line 2: this is the key of line 1, given for a log and for its witness.'],
      [[log, '', w, again], [log, w], 'Line 4: this is the key of line 3 under another name, and counts once.'],
      [[log, other, w, w], [log, other, w, w], undefined],
    ] as const) {
      const { keys: read, faults } = await readKeys(lines.join('\n'));
      expect(read.map(({ text }) => text)).toEqual(kept);
      expect(faults).toEqual(fault === undefined ? [] : [fault]);
    }
  });

  test('each line that holds no key is named with what is wrong', async () => {
    const [good = ''] = vectors.verifierKeys;
    const read = await readKeys(`# a comment\n\n${good}\nnonsense\n${good.replace('22e6b51e', '22e6b51f')}\r\n`);
    expect(read.keys.map(({ keyId }) => keyId)).toEqual(['22e6b51e']);
    expect(read.faults).toEqual([
      'Line 4: a verifier key has the form name+ID+base64.',
      'Line 5: the key states the ID 22e6b51f, and has 22e6b51e.',
    ]);
  });

  const { verifierKeys } = loadVectors('keys.json') as {
    verifierKeys: { good: { text: string; keyName: string; keyId: string; type: string }[]; bad: Case[] };
  };
  test('those of the vectors are read and refused as the command line does', async () => {
    for (const key of verifierKeys.good) expect(await parseVerifierKey(key.text)).toMatchObject(key);
    for (const { text } of verifierKeys.bad as unknown as { text: string }[]) {
      await expect(parseVerifierKey(text)).rejects.toThrow(Fault);
    }
  });
});
