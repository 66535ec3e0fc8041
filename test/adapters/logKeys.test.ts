import type { KeyVault } from '../../local/keyVault/keyVault.ts';
import { localKeyVaultOptions } from '../../local/keyVault/clientOptions.ts';
import { startKeyVault } from '../../local/keyVault/keyVault.ts';
import { openKeyVaultSigner } from '../../src/adapters/keyVaultSigner.ts';
import {
  keySigner,
  openAuditorKeys,
  openLogKeys,
  openOperatorKeys,
  requireAuditor,
  requireSigners,
  sealingSigners,
} from '../../src/adapters/logKeys.ts';
import type { Keys } from '../../src/adapters/logKeys.ts';
import type { LogKeySettings } from '../../src/config/config.ts';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { parsePolicy } from '../../src/core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../src/core/note/witnessPolicy.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { Integrate } from '../../src/integrate/integrate.ts';
import { deriveLog, expectWholeLog } from '../support/deriveLog.ts';
import { LEDGER, forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY, OPERATOR, keyOf, logDeps } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const credential = {
  getToken: async () => Promise.resolve({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 }),
};
const NONE: LogKeySettings = {
  origin: LEDGER,
  signerKeys: [],
  signerKeyUrls: [],
  verifierKeys: [],
  verifierKeyUrls: [],
  signerIdentity: { managed: false },
};

const NO_KEYS: Keys = { signers: [], vaultSigners: [], verifiers: [], given: [] };

let vault: KeyVault;
beforeEach(async () => {
  vault = await startKeyVault();
});
afterEach(() => vault.close());

const open = (settings: Partial<LogKeySettings>): Promise<Keys> =>
  openLogKeys({ ...NONE, ...settings }, (url, name) =>
    openKeyVaultSigner(url, name, credential, localKeyVaultOptions()),
  );

const ids = ({ signers, verifiers }: Keys): [string[], string[]] => [
  signers.map(({ verifierKey }) => verifierKey.keyId),
  verifiers.map(({ keyId }) => keyId),
];

describe('openOperatorKeys', () => {
  const openVaultKey: Parameters<typeof openOperatorKeys>[2] = (url, name) =>
    openKeyVaultSigner(url, name, credential, localKeyVaultOptions());
  const none = { verifierKeys: [], verifierKeyUrls: [] };

  test('a vault is asked for those that are in one, by the name of an operator', async () => {
    const url = await vault.createKey('operator');
    const operators = {
      registered: { ...none, verifierKeyUrls: [url] },
      revoked: { ...none, verifierKeys: [OPERATOR.verifierKey] },
    };
    const { registered, revoked } = await openOperatorKeys({ ...NONE, operators }, [NO_KEYS], openVaultKey);
    expect(registered.map(({ keyName, type }) => [keyName, type])).toEqual([[`${LEDGER}/operator`, 'ecdsa']]);
    expect(revoked).toEqual([OPERATOR.verifierKey]);
  });

  test('one that is the log’s, by its bytes, is refused', async () => {
    const url = await vault.createKey('operator');
    const log = await open({ verifierKeyUrls: [url] });
    const operators = { registered: { ...none, verifierKeyUrls: [url] }, revoked: none };
    await expect(openOperatorKeys({ ...NONE, operators }, [log], openVaultKey)).rejects.toThrow(
      'OPERATOR_VERIFIER_KEYS: is wrong; the operator has the key of the log',
    );
  });
});

describe('openLogKeys', () => {
  test('what signs verifies too; the others only verify', async () => {
    const url = await vault.createKey('log');
    const old = await vault.createKey('old');
    const keys = await open({
      signerKeys: [KEY],
      signerKeyUrls: [url],
      verifierKeys: [keyOf(9).verifierKey],
      verifierKeyUrls: [old],
    });
    const [vaultKey, oldKey] = await Promise.all(
      [url, old].map(async (shown) => (await open({ verifierKeyUrls: [shown] })).verifiers[0]?.keyId as string),
    );
    const [ed25519, pinned] = [KEY.verifierKey.keyId, keyOf(9).verifierKey.keyId];
    expect(new Set([ed25519, vaultKey, oldKey, pinned]).size).toBe(4);
    expect(ids(keys)).toEqual([
      [ed25519, vaultKey],
      [ed25519, vaultKey, oldKey, pinned],
    ]);
    expect(keys.verifiers.map(({ keyName }) => keyName)).toEqual(keys.verifiers.map(() => LEDGER));
  });

  test('without a key in a vault no vault is asked, and nobody signs in', async () => {
    const nobody = async (): Promise<never> => Promise.reject(new Error('asked'));
    const keys = await openLogKeys({ ...NONE, signerKeys: [KEY], verifierKeys: [keyOf(9).verifierKey] }, nobody);
    expect(keys.verifiers.map(formatVerifierKey)).toEqual(
      [KEY, keyOf(9)].map((key) => formatVerifierKey(key.verifierKey)),
    );
  });

  test('a vault that is away is a fault, not a missing signer', async () => {
    const url = await vault.createKey('log');
    vault.failNext(403);
    await expect(open({ signerKeys: [KEY], signerKeyUrls: [url] })).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
    });
    vault.failNext(403);
    await expect(open({ signerKeys: [KEY], verifierKeyUrls: [url] })).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
    });
  });

  test.each(['signerKeyUrls', 'verifierKeyUrls'] as const)(
    'a key of %s that a policy takes for a witness is refused once it is known',
    async (setting) => {
      const url = 'https://vault.vault.azure.net/keys/log/1';
      const ofVault = keyOf(9);
      const policyOf = (key: SignerKey): WitnessPolicy => {
        const line = `witness w ${formatVerifierKey(cosignatureKey({ ...key.verifierKey, keyName: 'w.example' }))}`;
        return parsePolicy(Buffer.from(`${line}\nquorum w\n`));
      };
      const openWith = (witnessPolicy: WitnessPolicy): Promise<Keys> =>
        openLogKeys({ ...NONE, [setting]: [url], witnessPolicy }, async () => Promise.resolve(keySigner(ofVault)));
      await expect(openWith(policyOf(ofVault))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(
          'WITNESS_POLICY: is wrong; the witness w.example has the key of the log',
        ) as string,
      });
      await expect(openWith(policyOf(keyOf(10)))).resolves.toMatchObject({ verifiers: [ofVault.verifierKey] });
    },
  );

  test('who has nothing to sign with is told so', () => {
    expect(() => requireSigners(NONE)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /LEDGER_SIGNER_KEY.*SIGNER__keyUrl.*AzureWebJobs\.integrate\.Disabled/s,
        ) as string,
      }) as Error,
    );
    expect(() => requireSigners({ ...NONE, signerKeys: [KEY] })).not.toThrow();
    expect(() => requireSigners({ ...NONE, signerKeyUrls: ['https://x.vault.azure.net/keys/log/1'] })).not.toThrow();
  });
});

describe('openAuditorKeys', () => {
  const openAuditor = (settings: Partial<LogKeySettings>, log = NO_KEYS): Promise<Keys> =>
    openAuditorKeys({ origin: LEDGER, auditor: { ...NONE, ...settings } }, log, (url, name) =>
      openKeyVaultSigner(url, name, credential, localKeyVaultOptions()),
    );

  test('gives keys by the auditor’s name: one that signs, and those that signed before', async () => {
    const url = await vault.createKey('auditor');
    const keys = await openAuditor({ signerKeyUrls: [url], verifierKeys: [AUDITOR.verifierKey] });
    expect(keys.verifiers.map(({ keyName, type }) => [keyName, type])).toEqual([
      [`${LEDGER}/auditor`, 'ecdsa'],
      [`${LEDGER}/auditor`, 'ed25519'],
    ]);
    const signer = requireAuditor(keys);
    expect(signer.verifierKey.keyId).toBe(keys.verifiers[0]?.keyId);
    expect(requireAuditor(await openAuditor({ signerKeys: [AUDITOR] })).verifierKey).toEqual(AUDITOR.verifierKey);
  });

  test('what only reads asks a vault for the public key alone', async () => {
    const url = await vault.createKey('auditor');
    const keys = await openAuditor({ verifierKeyUrls: [url] });
    expect([keys.signers, keys.verifiers.map(({ type }) => type)]).toEqual([[], ['ecdsa']]);
    expect(() => requireAuditor(keys)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /AUDITOR_SIGNER_KEY.*AUDITOR__keyUrl.*AzureWebJobs\.verify\.Disabled/s,
        ) as string,
      }) as Error,
    );
  });

  test('a key that the log has too is refused once the vault shows it', async () => {
    const url = await vault.createKey('log');
    const log = await open({ signerKeyUrls: [url] });
    await expect(openAuditor({ signerKeyUrls: [url] }, log)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        'AUDITOR__keyUrl: is wrong; the auditor has the key of the log (SIGNER__keyUrl)',
      ) as string,
    });
    await expect(openAuditor({ signerKeyUrls: [await vault.createKey('auditor')] }, log)).resolves.toBeDefined();
  });
});

test('sealing is certified by a vault’s keys alone where it has any, and else by the secret ones', async () => {
  const url = await vault.createKey('log');
  const both = await open({ signerKeys: [KEY], signerKeyUrls: [url] });
  expect(sealingSigners(both).map(({ verifierKey }) => verifierKey.type)).toEqual(['ecdsa']);
  const secret = await open({ signerKeys: [KEY], verifierKeyUrls: [url] });
  expect(sealingSigners(secret).map(({ verifierKey }) => verifierKey)).toEqual([KEY.verifierKey]);
});

describe('integrate with a secret and a key in a vault', () => {
  const BATCHES = ['batches/000000000000.jsonl', 'batches/000000000001.jsonl'] as const;

  test('the vault fails behind a batch: the batch stays, nothing is signed, and the next run signs it with both', async () => {
    const [first, ...others] = forgeChain(3);
    const [store, tiles] = [new MemoryStore([first as [string, Buffer]]), new MemoryTiles()];
    const keys = await open({ signerKeys: [KEY], signerKeyUrls: [await vault.createKey('log')] });
    const deps = logDeps(store, tiles, { ...keys });
    // At its first signature the client reads the key once more, and takes a refusal of that for no fault.
    await Promise.all(keys.signers.map((signer) => signer.sign('first\n')));
    const integrate = new Integrate(deps);
    const names = (start: string): string[] => [...store.objects.keys()].filter((name) => name.startsWith(start));
    // Without a certificate, or the notice of a key, nothing is made.
    for (const isCertified of [false, true]) {
      if (isCertified) await deps.sessions.at(new Date(deps.now()).toISOString());
      vault.failNext(403);
      await expect(integrate.run(new KeptLog())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      expect(names('batches/')).toEqual([]);
    }

    await integrate.run(new KeptLog());
    const published = tiles.objects.get('checkpoint');
    for (const [name, bytes] of others) store.objects.set(name, bytes);
    vault.failNext(403);
    await expect(integrate.run(new KeptLog())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    expect(names('batches/')).toEqual(BATCHES);
    expect(names('checkpoints/')).toEqual(['checkpoints/000000000000']);
    expect(tiles.objects.get('checkpoint')).toEqual(published);
    const batch = store.objects.get(BATCHES[1]);

    // The one that failed, and one that has just started, do the same.
    vault.failNext(403);
    const other = new Integrate(logDeps(store, tiles, { ...keys }));
    await expect(other.run(new KeptLog())).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    await integrate.run(new KeptLog());
    await other.run(new KeptLog());
    expect(names('batches/')).toEqual(BATCHES);
    expect(store.objects.get(BATCHES[1])).toEqual(batch);
    const note = store.objects.get('checkpoints/000000000001') as Buffer;
    for (const verifier of keys.verifiers)
      expect(openCheckpoint(note, LEDGER, [verifier]).signatures).toMatchObject([{ keyId: verifier.keyId }]);
    expect(openCheckpoint(note, LEDGER, keys.verifiers).signatures.map(({ type }) => type)).toEqual([
      'ed25519',
      'ecdsa',
    ]);
    expect(tiles.objects.get('checkpoint')).toEqual(note);
    expectWholeLog(store.objects, deriveLog(store.objects, KEY.verifierKey), ['0']);
  });
});
