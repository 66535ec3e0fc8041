import { LEDGER, timeOf } from './forge.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { Certificates } from '../../src/core/signed/certificate.ts';
import type { SessionRole } from '../../src/core/signed/certificate.ts';
import { Integrate } from '../../src/integrate/integrate.ts';
import type { IntegrateDeps } from '../../src/integrate/integrate.ts';
import { Sessions } from '../../src/ledger/session.ts';
import type { Signer } from '../../src/ports/signing.ts';
import type { ObjectStore, TileStore } from '../../src/ports/store.ts';

/** keyOf makes a log's key, always the same one for a number. */
export const keyOf = (number: number, name = LEDGER): SignerKey => createSignerKey(name, Buffer.alloc(32, number));

export const signerOf = (key: SignerKey): Signer => ({
  verifierKey: key.verifierKey,
  sign: async (text) => signNote(text, key),
});

export const KEY = keyOf(1);

/** AUDITOR is the key that the ledger's auditor signs reports with. */
export const AUDITOR = keyOf(100, `${LEDGER}/auditor`);

/** OPERATOR is a key that an operator acknowledges findings with. */
export const OPERATOR = keyOf(101, `${LEDGER}/operator`);

/** sessionsOf gives the sessions of a process that the keys certify, as if it had just started. */
export const sessionsOf = (role: SessionRole, keys: readonly SignerKey[] = [KEY], ledger = LEDGER): Sessions =>
  new Sessions({ ledger, role, signers: keys.map(signerOf), random: () => 0.5 });

/** certificatesOf says that sessions count which the keys certified. */
export const certificatesOf = (keys: readonly SignerKey[] = [KEY], ledger = LEDGER): Certificates =>
  new Certificates(
    ledger,
    keys.map(({ verifierKey }) => verifierKey),
  );

/** logDeps gives what the log is made with, at a fixed time. Its signers certify its sessions. */
export const logDeps = (store: ObjectStore, tiles: TileStore, changes: Partial<IntegrateDeps> = {}): IntegrateDeps => ({
  store,
  tiles,
  origin: LEDGER,
  verifiers: [KEY.verifierKey],
  auditors: [AUDITOR.verifierKey],
  signers: [signerOf(KEY)],
  operators: { registered: [], revoked: [] },
  sessions: new Sessions({
    ledger: changes.origin ?? LEDGER,
    role: 'batches',
    signers: changes.signers ?? [signerOf(KEY)],
    random: () => 0.5,
  }),
  now: () => Date.parse(timeOf(2_000_000)),
  summarize: async (stored, question) => summarizeSegment(stored, question),
  concurrency: 3,
  limits: { objects: 100, storedBytes: 1e9 },
  budgetMs: 60_000,
  ...changes,
});

/** integrateOf makes an Integrate as a process that has just started. */
export const integrateOf = (...args: Parameters<typeof logDeps>): Integrate => new Integrate(logDeps(...args));
