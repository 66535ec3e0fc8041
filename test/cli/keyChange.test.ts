import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localKeyVaultOptions } from '../../local/keyVault/clientOptions.ts';
import { startKeyVault } from '../../local/keyVault/keyVault.ts';
import type { KeyVault } from '../../local/keyVault/keyVault.ts';
import { openKeyVaultSigner } from '../../src/adapters/keyVaultSigner.ts';
import { openLogKeys, sealingSigners } from '../../src/adapters/logKeys.ts';
import type { Keys } from '../../src/adapters/logKeys.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { loadConfig } from '../../src/config/config.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport } from '../../src/core/objects/reportFile.ts';
import { Certificates } from '../../src/core/signed/certificate.ts';
import { Sessions } from '../../src/ledger/session.ts';
import { readPage, section } from '../docs/pages.ts';
import { LEDGER, nameOf } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeMirror } from '../support/logMirror.ts';
import { batch, checkpoint } from '../support/loggedLedger.ts';
import { integrateOf, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { inProcess } from '../support/program.ts';

/** Follows docs/operations.md, "Changing the key". */

type Settings = Readonly<Record<string, string>>;
interface Outcome {
  readonly status: string;
  readonly findings: readonly string[];
  readonly report: Report;
}

const OTHERS: Settings = {
  HUB: 'Endpoint=sb://unused;SharedAccessKeyName=a;SharedAccessKey=b',
  HUB_NAME: 'audit',
  HUB_CONSUMER_GROUP: 'ingest',
  WATCH_SCHEDULE: '* * * * * *',
  INTEGRATE_SCHEDULE: '* * * * * *',
  VERIFY_SCHEDULE: '* * * * * *',
  LEDGER: 'UseDevelopmentStorage=true',
  LEDGER_ORIGIN: LEDGER,
};
const credential = {
  getToken: async () => Promise.resolve({ token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 }),
};

let folder: string;
let mirror: string;
let vault: KeyVault;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  vault = await startKeyVault();
});
afterEach(async () => {
  await vault.close();
  await rm(folder, { recursive: true });
});

const secret = (seed: number): string => formatSignerKey(keyOf(seed, LEDGER));
const openVaultKey: typeof openKeyVaultSigner = (url, name) =>
  openKeyVaultSigner(url, name, credential, localKeyVaultOptions());

/** keysBy opens the log's keys as the app does that has these settings. */
const keysBy = (settings: Settings): ReturnType<typeof openLogKeys> =>
  openLogKeys(loadConfig({ ...OTHERS, ...settings }), openVaultKey);

/** verifierKeyBy is what a checker is given of the key that these settings sign with. */
const verifierKeyBy = async (settings: Settings): Promise<string> =>
  (await keysBy(settings)).verifiers.map(formatVerifierKey).join();

async function verify(keys: readonly string[], ...more: readonly string[]): Promise<Outcome> {
  const options = [...keys.flatMap((key) => ['--key', key]), ...more, '--threads', '1', '--json'];
  const { code, out } = await inProcess(() => verifyCommand.run([mirror, ...options]));
  const report = JSON.parse(out) as Report;
  expect(code).toBe(report.status === 'verified' ? 0 : 1);
  // By the clock of whoever runs this, all of it may be of a time to come.
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  const findings = errors.map(({ code, object }) => `${code} ${object}`).toSorted();
  return { status: report.status, findings, report };
}

/** documented gives what the page says that a checker with OLD, NEW and both keys sees after each step. */
function documented(): string[][] {
  const text = section(readPage('docs/operations.md'), '### Changing the key');
  return [...text.matchAll(/^\| after step \d +\|(.*)\|$/gm)].map(([, cells]) =>
    (cells as string).split('|').map((cell) => cell.trim()),
  );
}

const invalid = (...objects: readonly string[]): string[] =>
  objects.map((object) => `checkpoint-invalid ${object}`).toSorted();
const foreign = (...objects: readonly string[]): string[] => objects.map((object) => `foreign-object ${object}`);
const NEWEST = 'tlog/checkpoint';
/** What sessions sealed that only OLD certified: who knows NEW alone trusts none of them, and a segment that NEW certified goes on from the last. */
const OLDS = [...foreign(batch(0), nameOf(0), nameOf(1)), `chain-broken ${nameOf(1)}`];

/** What a checker with OLD, NEW and both keys finds after each step. */
const FOUND: readonly (readonly (readonly string[])[])[] = [
  [[], [...invalid(NEWEST, checkpoint(0)), ...foreign(batch(0), nameOf(0), nameOf(1))].toSorted(), []],
  [[], [...invalid(checkpoint(0)), ...OLDS].toSorted(), []],
  [invalid(NEWEST, checkpoint(2)), [...invalid(checkpoint(0)), ...OLDS].toSorted(), []],
];

/** seal seals two segments, as the app does that has these keys. */
async function seal(store: MemoryStore, keys: Keys, step: number): Promise<void> {
  const signing = { ledger: LEDGER, role: 'segments', random: () => 0.5 } as const;
  const sessions = new Sessions({ ...signing, signers: sealingSigners(keys) });
  const ingest = ingestOf(store, { sessions, certificates: new Certificates(LEDGER, keys.verifiers) });
  for (const event of eventsBetween(2 * step, 2 * step + 1)) await sealAll(ingest, [event]);
}

const bySecrets = async (): Promise<[Settings, Settings, Settings]> =>
  Promise.resolve([
    { LEDGER_SIGNER_KEY: secret(1) },
    { LEDGER_SIGNER_KEY: secret(2) },
    { LEDGER_SIGNER_KEY: `${secret(1)} ${secret(2)}` },
  ]);

const byVersions = async (): Promise<[Settings, Settings, Settings]> => {
  const older = await vault.createKey('log');
  const newer = await vault.rotate('log');
  return [{ SIGNER__keyUrl: older }, { SIGNER__keyUrl: newer }, { SIGNER__keyUrl: `${older} ${newer}` }];
};

const intoVault = async (): Promise<[Settings, Settings, Settings]> => {
  const [older, newer] = [{ LEDGER_SIGNER_KEY: secret(1) }, { SIGNER__keyUrl: await vault.createKey('log') }];
  return [older, newer, { ...older, ...newer }];
};

test.each([
  ['from one secret to another', bySecrets],
  ['from one version of a key in a vault to the next', byVersions],
  ['from a secret to a key in a vault', intoVault],
])('%s', async (_what, settingsOf) => {
  const [oldSettings, newSettings, bothSettings] = await settingsOf();
  const [older, newer] = [await verifierKeyBy(oldSettings), await verifierKeyBy(newSettings)];
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const reports: Report[] = [];
  const steps = [
    { ...oldSettings, LEDGER_VERIFIER_KEYS: newer },
    bothSettings,
    { ...newSettings, LEDGER_VERIFIER_KEYS: older },
  ];
  for (const [step, settings] of steps.entries()) {
    // The app has started again, with these settings.
    const keys = await keysBy(settings);
    await seal(store, keys, step);
    await integrateOf(store, tiles, keys).run(new KeptLog());
    await writeMirror(mirror, { store, tiles });
    const seen = [await verify([older]), await verify([newer]), await verify([older, newer])];
    expect(seen.map(({ findings }) => findings)).toEqual(FOUND[step]);
    expect(seen.map(({ status }) => status)).toEqual(documented()[step]);
    reports.push(seen[2]?.report as Report);
  }
  // Nobody signed after step 3 but NEW; a check that goes on from what both keys covered needs nothing else.
  const kept = join(folder, 'report.json');
  await writeFile(kept, formatReport(reports[1] as Report));
  expect(await verify([newer], '--since', kept)).toMatchObject({ status: 'verified', findings: [] });
  expect((await verify([older], '--since', kept)).findings).toEqual(invalid(NEWEST, checkpoint(2)));
});

test('without OLD in step 3 the app goes on behind what it takes for foreign, and who knows OLD passes over that', async () => {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const [old, forgetful] = [
    await keysBy({ LEDGER_SIGNER_KEY: secret(1) }),
    await keysBy({ LEDGER_SIGNER_KEY: secret(2) }),
  ];
  await seal(store, old, 0);
  await integrateOf(store, tiles, old).run(new KeptLog());
  const log = new KeptLog();
  await integrateOf(store, tiles, forgetful).run(log);
  expect(log.errors).toContain('foreign object in the place of a batch');
  // The setting is put right.
  await seal(store, old, 1);
  await integrateOf(store, tiles, old).run(new KeptLog());
  await writeMirror(mirror, { store, tiles });
  const { findings, report } = await verify([await verifierKeyBy({ LEDGER_SIGNER_KEY: secret(1) })]);
  expect(findings).toEqual([...invalid(checkpoint(1)), ...foreign(batch(1))]);
  expect(report.log).toMatchObject({ segmentsNotIntegrated: 0, head: { number: 2 } });
});

test('a version that was disabled stops the app as a URL, and not as text', async () => {
  const url = await vault.createKey('log');
  const text = await verifierKeyBy({ LEDGER_VERIFIER_KEYS: url });
  vault.failNext(403);
  await expect(keysBy({ LEDGER_SIGNER_KEY: secret(1), LEDGER_VERIFIER_KEYS: url })).rejects.toMatchObject({
    code: 'SIGNER_UNAVAILABLE',
  });
  vault.failNext(403);
  const { verifiers } = await keysBy({ LEDGER_SIGNER_KEY: secret(1), LEDGER_VERIFIER_KEYS: text });
  expect(verifiers.map(formatVerifierKey)).toEqual([formatVerifierKey(keyOf(1, LEDGER).verifierKey), text]);
});
