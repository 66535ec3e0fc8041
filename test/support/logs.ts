import { LEDGER, timeOf } from './forge.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import type { SessionRole } from '../../src/core/signed/certificate.ts';
import { auditorName } from '../../src/core/signed/reportSignature.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
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
export const AUDITOR = keyOf(100, auditorName(LEDGER));

/** sessionsOf makes the sessions of a process that has just started, which those keys certify. */
export const sessionsOf = (
  role: SessionRole,
  signers: readonly Signer[] = [signerOf(KEY)],
  ledger = LEDGER,
): Sessions => new Sessions({ ledger, role, signers, random: () => 0.5 });

/** logDeps gives what the log is made with, at a fixed time: its signers certify its sessions. */
export const logDeps = (store: ObjectStore, tiles: TileStore, changes: Partial<IntegrateDeps> = {}): IntegrateDeps => ({
  store,
  tiles,
  origin: LEDGER,
  verifiers: [KEY.verifierKey],
  signers: [signerOf(KEY)],
  sessions: sessionsOf('batches', changes.signers, changes.origin),
  auditors: [AUDITOR.verifierKey],
  now: () => Date.parse(timeOf(2_000_000)),
  summarize: async (stored, question) => summarizeSegment(stored, question),
  concurrency: 3,
  limits: { objects: 100, storedBytes: 1e9 },
  budgetMs: 60_000,
  ...changes,
});

/** integrateOf makes an Integrate as a process that has just started. */
export const integrateOf = (...args: Parameters<typeof logDeps>): Integrate => new Integrate(logDeps(...args));
