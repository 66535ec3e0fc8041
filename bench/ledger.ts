import { keySigner } from '../src/adapters/logKeys.ts';
import { createSignerKey } from '../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../src/core/note/verifierKey.ts';
import { summarizeWithTerms } from '../src/core/index/terms.ts';
import type { SummarizeSegment } from '../src/core/segment/summary.ts';
import { Certificates } from '../src/core/signed/certificate.ts';
import type { SessionRole, Trust } from '../src/core/signed/certificate.ts';
import { auditorName } from '../src/core/signed/reportSignature.ts';
import { Ingest } from '../src/ingest/ingest.ts';
import type { IngestDeps } from '../src/ingest/ingest.ts';
import { Integrate } from '../src/integrate/integrate.ts';
import type { IntegrateDeps } from '../src/integrate/integrate.ts';
import { Sessions } from '../src/ledger/session.ts';
import type { Logger } from '../src/ports/host.ts';
import type { Hub } from '../src/ports/hub.ts';
import type { Signer } from '../src/ports/signing.ts';
import type { ObjectStore, TileStore } from '../src/ports/store.ts';

/** LEDGER is the name of the ledger that is measured. Its keys are the same in every run. */
export const LEDGER = 'bench.example.com/ledger';
export const KEY = createSignerKey(LEDGER, Buffer.alloc(32, 1));
export const AUDITOR = createSignerKey(auditorName(LEDGER), Buffer.alloc(32, 2));

/** TRUST is that what sessions sign counts which KEY certified, and CERTIFICATES opens their certificates. */
export const TRUST: Trust = { ledger: LEDGER, keys: [formatVerifierKey(KEY.verifierKey)] };
export const CERTIFICATES = new Certificates(LEDGER, [KEY.verifierKey]);

/** SEGMENT_BYTES is the raw size of the segments that are measured, unless said otherwise: 1 MiB. */
export const SEGMENT_BYTES = 1024 * 1024;
/** What one batch takes at most, and how many segments are looked at together: as in the app. */
const BATCH_LIMITS = { objects: 1000, storedBytes: 256 * 1024 * 1024 };
export const CONCURRENCY = 6;

/** NO_TIME is a clock by which no session's certificate is over. */
export const NO_TIME = (): number => 0;

/** NO_LOG lets nothing be logged but that work was done: anything else means that something else was measured. */
export const NO_LOG: Logger = {
  info: () => {},
  warn: (...[message]) => fail(message),
  error: (...[message]) => fail(message),
};

export function fail(message: string): never {
  throw new Error(message);
}

/** sessionsOf gives the sessions of a process that the keys certify, as if it had just started. */
export const sessionsOf = (role: SessionRole, signers: readonly Signer[] = [keySigner(KEY)]): Sessions =>
  new Sessions({ ledger: LEDGER, role, signers, random: () => 0.5 });

/** summarize re-computes a segment on this thread. */
export const summarize: SummarizeSegment = async (stored, question) => summarizeWithTerms(stored, question);

/** HUB says that it never had an event before those that are delivered. */
const HUB: Hub = {
  life: async () => ({ created: '2026-11-08T06:00:00.000Z', partitions: ['0'] }),
  state: async () => ({ first: 0, last: -1 }),
  read: () => fail('nothing is missing'),
};

/** ingestOf makes what seals into a store, as a process that has just started. Its events begin with number 0. */
export const ingestOf = (store: ObjectStore, changes: Partial<IngestDeps> = {}): Ingest =>
  new Ingest({
    store,
    hub: async () => HUB,
    now: Date.now,
    ledger: LEDGER,
    sessions: sessionsOf('segments'),
    certificates: CERTIFICATES,
    maxSegmentBytes: SEGMENT_BYTES,
    pause: async () => {},
    ...changes,
  });

/** integrateOf makes what integrates a store, as a process that has just started. */
export function integrateOf(store: ObjectStore, tiles: TileStore, changes: Partial<IntegrateDeps> = {}): Integrate {
  const { signers = [keySigner(KEY)] } = changes;
  return new Integrate({
    store,
    tiles,
    origin: LEDGER,
    verifiers: [KEY.verifierKey],
    auditors: [AUDITOR.verifierKey],
    signers,
    operators: { registered: [], revoked: [] },
    sessions: sessionsOf('batches', signers),
    now: Date.now,
    summarize,
    concurrency: CONCURRENCY,
    limits: BATCH_LIMITS,
    budgetMs: Infinity,
    ...changes,
  });
}
