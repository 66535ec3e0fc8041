import type { KeyClientOptions } from '@azure/keyvault-keys';
import { localKeyVaultOptions } from '../../local/keyVault/clientOptions.ts';
import { startKeyVault } from '../../local/keyVault/keyVault.ts';
import type { KeyVault } from '../../local/keyVault/keyVault.ts';
import { openKeyVaultSigner } from '../../src/adapters/keyVaultSigner.ts';
import { sha256 } from '../../src/core/hash.ts';
import { formatCheckpoint, openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { formatNote } from '../../src/core/note/note.ts';
import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Signer } from '../../src/ports/signing.ts';

const ORIGIN = 'logs.example.com/prod';
const TEXT = formatCheckpoint({ origin: ORIGIN, size: 7, rootHash: sha256(Buffer.from('root')) });
const credential = {
  getToken: async () => Promise.resolve({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 }),
};

let vault: KeyVault;

beforeEach(async () => {
  vault = await startKeyVault();
});

afterEach(async () => vault.close());

const open = async (keyUrl: string, options: KeyClientOptions = {}): Promise<Signer> => {
  const local = localKeyVaultOptions();
  const additionalPolicies = [...(local.additionalPolicies ?? []), ...(options.additionalPolicies ?? [])];
  return openKeyVaultSigner(keyUrl, ORIGIN, credential, { ...local, ...options, additionalPolicies });
};

/** rewriting changes where the requests go whose path `change` wants elsewhere: a vault that isn't what it says. */
const rewriting = (change: (path: string) => string): KeyClientOptions => ({
  additionalPolicies: [
    {
      position: 'perRetry',
      policy: {
        name: 'rewritingPolicy',
        sendRequest: async (request, next) => {
          const url = new URL(request.url);
          url.pathname = change(url.pathname);
          request.url = url.href;
          return next(request);
        },
      },
    },
  ],
});

/** answering changes what the vault says. */
const answering = (change: (body: string) => string): KeyClientOptions => ({
  additionalPolicies: [
    {
      position: 'perRetry',
      policy: {
        name: 'answeringPolicy',
        sendRequest: async (request, next) => {
          const response = await next(request);
          return { ...response, bodyAsText: change(response.bodyAsText ?? '') };
        },
      },
    },
  ],
});

describe('signing', () => {
  test('a verifier takes the checkpoint, with no more than the text of the key', async () => {
    const signer = await open(await vault.createKey('signer'));
    const note = formatNote({ text: TEXT, signatures: [await signer.sign(TEXT)] });
    const verifier = parseVerifierKey(formatVerifierKey(signer.verifierKey));
    const { checkpoint, signatures } = openCheckpoint(note, ORIGIN, [verifier]);
    expect(checkpoint.size).toBe(7);
    expect(signatures).toEqual([{ keyName: ORIGIN, keyId: verifier.keyId, type: 'ecdsa' }]);
  });

  test('many texts at once, each with its own signature', async () => {
    const signer = await open(await vault.createKey('signer'));
    const texts = Array.from({ length: 40 }, (_, size) =>
      formatCheckpoint({ origin: ORIGIN, size: size + 1, rootHash: sha256(Buffer.of(size)) }),
    );
    const lines = await Promise.all(texts.map(async (text) => signer.sign(text)));
    for (const [i, text] of texts.entries()) {
      const note = formatNote({ text, signatures: lines.slice(i, i + 1) });
      expect(openCheckpoint(note, ORIGIN, [signer.verifierKey]).checkpoint.size).toBe(i + 1);
    }
  });

  test('the key ID is that of the version, also when it is opened again', async () => {
    const keyUrl = await vault.createKey('signer');
    const before = await open(keyUrl);
    await vault.rotate('signer');
    const after = await open(keyUrl);
    expect(formatVerifierKey(after.verifierKey)).toBe(formatVerifierKey(before.verifierKey));
    const note = formatNote({ text: TEXT, signatures: [await after.sign(TEXT)] });
    expect(openCheckpoint(note, ORIGIN, [before.verifierKey]).checkpoint.size).toBe(7);
  });

  test('after a rotation a note with both signatures serves verifiers with either key, or both', async () => {
    const older = await open(await vault.createKey('signer'));
    const newer = await open(await vault.rotate('signer'));
    expect(newer.verifierKey.keyId).not.toBe(older.verifierKey.keyId);
    const note = formatNote({ text: TEXT, signatures: [await older.sign(TEXT), await newer.sign(TEXT)] });
    const idsFor = (...signers: Signer[]): string[] =>
      openCheckpoint(
        note,
        ORIGIN,
        signers.map(({ verifierKey }) => verifierKey),
      ).signatures.map(({ keyId }) => keyId);
    expect(idsFor(older)).toEqual([older.verifierKey.keyId]);
    expect(idsFor(newer)).toEqual([newer.verifierKey.keyId]);
    expect(idsFor(older, newer)).toEqual([older.verifierKey.keyId, newer.verifierKey.keyId]);
    const stranger = await open(await vault.createKey('stranger'));
    expect(() => idsFor(stranger)).toThrow('no trusted key');
  });
});

describe('faults that pass', () => {
  test('429 without a hint when to come again', async () => {
    const signer = await open(await vault.createKey('signer'));
    vault.failNext(429);
    expect((await signer.sign(TEXT)).keyId).toBe(signer.verifierKey.keyId);
  });

  test.each([429, 503] as const)('%i, three times, with a hint', async (status) => {
    const keyUrl = await vault.createKey('signer');
    vault.failNext(status, { times: 3, retryAfterSeconds: 0 });
    const signer = await open(keyUrl);
    vault.failNext(status, { times: 3, retryAfterSeconds: 0 });
    await signer.sign(TEXT); // the client reads the key once more
    vault.failNext(status, { times: 3, retryAfterSeconds: 0 });
    expect((await signer.sign(TEXT)).keyId).toBe(signer.verifierKey.keyId);
  });

  test('what does not pass ends, and the next signature is made again', async () => {
    const signer = await open(await vault.createKey('signer'));
    await signer.sign(TEXT);
    vault.failNext(429, { times: 4, retryAfterSeconds: 0 });
    await expect(signer.sign(TEXT)).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      message: expect.stringContaining('429 Throttled') as string,
    });
    expect((await signer.sign(TEXT)).keyId).toBe(signer.verifierKey.keyId);
  });
});

describe('faults that stay', () => {
  test('403: it says which role is missing', async () => {
    const keyUrl = await vault.createKey('signer');
    vault.failNext(403);
    const refused = {
      code: 'SIGNER_UNAVAILABLE',
      message: expect.stringMatching(/403 Forbidden.*Key Vault Crypto User/) as string,
    };
    await expect(open(keyUrl)).rejects.toMatchObject(refused);
    const signer = await open(keyUrl);
    await signer.sign(TEXT);
    vault.failNext(403);
    await expect(signer.sign(TEXT)).rejects.toMatchObject(refused);
  });

  test('404: a key or a version that is not there', async () => {
    const keyUrl = await vault.createKey('signer');
    const missing = { code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining('404 KeyNotFound') as string };
    await expect(open(keyUrl.replace('signer', 'nobody'))).rejects.toMatchObject(missing);
    await expect(open(keyUrl.replace(/[^/]+$/, '0'.repeat(32)))).rejects.toMatchObject(missing);
  });

  test('a vault that is not there', async () => {
    const keyUrl = await vault.createKey('signer');
    const signer = await open(keyUrl, { retryOptions: { maxRetries: 0 } });
    await vault.close();
    try {
      await expect(signer.sign(TEXT)).rejects.toMatchObject({
        code: 'SIGNER_UNAVAILABLE',
        message: expect.stringContaining(keyUrl) as string,
      });
    } finally {
      vault = await startKeyVault();
    }
  });

  test('something else that answers in place of the vault', async () => {
    const keyUrl = await vault.createKey('signer');
    for (const body of ['{}', '[]', 'null', '<html></html>', '']) {
      await expect(
        open(
          keyUrl,
          answering(() => body),
        ),
      ).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      let answered = false;
      const signer = await open(
        keyUrl,
        answering((said) => (answered ? body : said)),
      );
      await signer.sign(TEXT);
      answered = true;
      await expect(signer.sign(TEXT)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    }
  });

  test('nobody signed in', async () => {
    const keyUrl = await vault.createKey('signer');
    const nobody = { getToken: async () => Promise.reject(new Error('no identity here')) };
    await expect(openKeyVaultSigner(keyUrl, ORIGIN, nobody, localKeyVaultOptions())).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      message: expect.stringContaining('no identity here') as string,
    });
  });
});

describe('keys that are refused', () => {
  test('on another curve', async () => {
    await expect(open(await vault.createKey('wide', 'P-384'))).rejects.toMatchObject({
      code: 'KEY_MALFORMED',
      message: expect.stringContaining('not a key on P-256') as string,
    });
  });

  test.each([
    ['of another type', (body: string) => body.replace('"EC"', '"RSA"'), 'not a key on P-256'],
    ['without a point', (body: string) => body.replace(/"[xy]":"[^"]*"/g, '"z":""'), 'not on P-256'],
    ['with half a point', (body: string) => body.replace(/"y":"[^"]*"/, '"z":""'), 'not on P-256'],
    ['with a point off the curve', (body: string) => body.replace(/"y":"[^"]*"/, '"y":"AQ"'), 'not on P-256'],
  ])('%s', async (_kind, change, why) => {
    await expect(open(await vault.createKey('signer'), answering(change))).rejects.toMatchObject({
      code: 'KEY_MALFORMED',
      message: expect.stringContaining(why) as string,
    });
  });

  test('whose URL has no version, or is none', async () => {
    const keyUrl = await vault.createKey('signer');
    const unversioned = keyUrl.slice(0, keyUrl.lastIndexOf('/'));
    const wrong = [
      unversioned,
      `${unversioned}/`,
      `${keyUrl}/sign`,
      `${keyUrl}?x=1`,
      keyUrl.replace('https:', 'http:'),
      keyUrl.replace('/keys/', '/secrets/'),
      keyUrl.replace('https://', 'https://user@'),
      'https://a:b:c/keys/signer/1',
      'signer',
      '',
    ];
    for (const url of wrong) {
      await expect(open(url)).rejects.toMatchObject({
        code: 'KEY_MALFORMED',
        message: expect.stringContaining('version') as string,
      });
    }
  });

  test('whose name could not stand in a note', async () => {
    const keyUrl = await vault.createKey('signer');
    await expect(openKeyVaultSigner(keyUrl, 'a name', credential, localKeyVaultOptions())).rejects.toMatchObject({
      code: 'KEY_MALFORMED',
    });
  });
});

describe('a vault that lies gives no signature', () => {
  test('by another key', async () => {
    const keyUrl = await vault.createKey('signer');
    const other = new URL(await vault.rotate('signer')).pathname;
    const signer = await open(
      keyUrl,
      rewriting((path) => (path.endsWith('/sign') ? `${other}/sign` : path)),
    );
    await expect(signer.sign(TEXT)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test.each([
    ['cut short', Buffer.alloc(63, 1)],
    ['too long', Buffer.alloc(65, 1)],
    ['of zeros', Buffer.alloc(64)],
    ['made up', Buffer.alloc(64, 7)],
    ['empty', Buffer.alloc(0)],
  ])('%s', async (_kind, raw) => {
    const signer = await open(
      await vault.createKey('signer'),
      answering((body) => body.replace(/"value":"[^"]*"/, `"value":"${raw.toString('base64url')}"`)),
    );
    await expect(signer.sign(TEXT)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });
});
