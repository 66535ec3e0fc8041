/** The composition root: settings become adapters, adapters and steps become the app. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectContainer } from './adapters/blobConnection.ts';
import { BlobStore } from './adapters/blobStore.ts';
import { BlobTileStore } from './adapters/blobTileStore.ts';
import { openCanaries, openLedgerPolicy } from './adapters/ledgerPolicy.ts';
import {
  openAuditorKeys,
  openLogKeys,
  openOperatorKeys,
  requireAuditor,
  requireSigners,
  sealingSigners,
} from './adapters/logKeys.ts';
import type { Keys } from './adapters/logKeys.ts';
import { remoteWitness } from './adapters/witnessClient.ts';
import { loadConfig } from './config/config.ts';
import type { Config } from './config/config.ts';
import { INTEGRATION_DELAY_MS } from './core/limits.ts';
import { MAX_BATCH_OBJECTS } from './core/objects/batch.ts';
import type { Auditors } from './core/objects/reportFile.ts';
import { Certificates } from './core/signed/certificate.ts';
import { runPostureJob } from './guard/job.ts';
import { sealHeartbeats } from './ingest/heartbeat.ts';
import { Ingest } from './ingest/ingest.ts';
import { Cosigning } from './integrate/cosigning.ts';
import { enteredReports } from './integrate/enteredReports.ts';
import { Integrate } from './integrate/integrate.ts';
import type { Filing } from './ledger/reports.ts';
import { Sessions } from './ledger/session.ts';
import type { Delivery, Logger } from './ports/host.ts';
import { answerLog } from './prove/api.ts';
import type { EvidenceQuery, LogRequest, LogResponse } from './prove/api.ts';
import { EvidenceThread } from './threads/evidenceThread.ts';
import { SegmentWorkers } from './threads/workers.ts';
import { runVerifyJob } from './verify/job.ts';

/** App is what the Functions host can ask of this release; each call is one invocation. */
export interface App {
  ingest(delivery: Delivery, log: Logger): Promise<void>;
  integrate(log: Logger): Promise<void>;
  /** `previousRun` is when it ran before (ms since the Unix epoch), undefined if the host doesn't know. */
  verify(log: Logger, previousRun: number | undefined): Promise<void>;
  posture(log: Logger): Promise<void>;
  serveLog(request: LogRequest): Promise<LogResponse>;
  serveEvidence(query: EvidenceQuery): Promise<LogResponse>;
}

/** A run begins no batch after 20 s, so that runs every 30 s hardly meet; a batch is what is read in a few seconds. */
const INTEGRATION = { budgetMs: 20_000, limits: { objects: MAX_BATCH_OBJECTS, storedBytes: 256 * 1024 * 1024 } };

/** How many segments each thread that hashes may have waiting. */
const SEGMENTS_A_THREAD = 3;

/** Writers that meet at a name wait a random time, longer with each try, at most 2 s. */
const pause = (tries: number): Promise<void> => delay(Math.random() * Math.min(50 * 2 ** tries, 2000));

const now = Date.now;

/** Ledger is what the steps share: the stores and keys of a ledger, each opened at first use. */
interface Ledger {
  readonly config: Config;
  readonly store: () => Promise<BlobStore>;
  readonly tiles: () => Promise<BlobTileStore>;
  readonly keys: () => Promise<Keys>;
  /** what the ledger's reports are signed with */
  readonly auditor: () => Promise<Keys>;
  /** what signs segments in this process, and says whose count */
  readonly sealing: () => Promise<{ readonly sessions: Sessions; readonly certificates: Certificates }>;
}

function openLedger(config: Config): Ledger {
  const keys = once(() => openLogKeys(config));
  return {
    config,
    store: once(async () => new BlobStore(await connectContainer(config.ledger, config.container))),
    tiles: once(async () => new BlobTileStore(await connectContainer(config.tlog, config.tlogContainer))),
    keys,
    auditor: once(async () => openAuditorKeys(config, await keys())),
    sealing: once(async () => {
      requireSigners(config);
      const log = await keys();
      const { origin: ledger } = config;
      const signers = sealingSigners(log);
      const sessions = new Sessions({ ledger, role: 'segments', signers, random: Math.random });
      return { sessions, certificates: new Certificates(ledger, log.verifiers) };
    }),
  };
}

/** buildApp wires the app. It throws CONFIG_INVALID at once; container and keys are opened at first use. */
function buildApp(config: Config = loadConfig()): App {
  const ledger = openLedger(config);
  const sealing = once(async () => {
    const { origin, maxSegmentBytes } = config;
    const signing = await ledger.sealing();
    return new Ingest({ store: await ledger.store(), now, ledger: origin, ...signing, maxSegmentBytes, pause });
  });
  const integrating = once(() => openIntegration(ledger));
  const proving = once(async () => {
    const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
    return new EvidenceThread({ store, tiles, verifiers });
  });
  return {
    ingest: async (delivery, log) => void (await (await sealing()).seal(delivery, log)),
    integrate: async (log) => integrate(ledger, await integrating(), log),
    verify: (log, previousRun) => verify(ledger, log, previousRun),
    posture: (log) => posture(ledger, log),
    serveLog: async (request) => answerLog(await ledger.tiles(), request),
    serveEvidence: async (query) => (await proving()).answer(query),
  };
}

interface Integration {
  readonly integrating: Integrate;
  readonly cosigning: Cosigning;
}

async function openIntegration({ config, ...ledger }: Ledger): Promise<Integration> {
  requireSigners(config);
  const [store, tiles, keys, auditor] = await Promise.all([
    ledger.store(),
    ledger.tiles(),
    ledger.keys(),
    ledger.auditor(),
  ]);
  const { origin, verifyThreads, witnessPolicy } = config;
  const operators = await openOperatorKeys(config, [keys, auditor]);
  // Threads that are idle keep no process.
  const { summarize } = new SegmentWorkers(verifyThreads);
  const concurrency = verifyThreads * SEGMENTS_A_THREAD;
  const witnesses = witnessPolicy?.witnesses ?? [];
  return {
    integrating: new Integrate({
      ...keys,
      auditors: auditor.verifiers,
      operators,
      sessions: new Sessions({ ledger: origin, role: 'batches', signers: keys.signers, random: Math.random }),
      origin,
      store,
      tiles,
      now,
      summarize,
      concurrency,
      ...INTEGRATION,
    }),
    cosigning: new Cosigning({
      now,
      origin,
      verifiers: keys.verifiers,
      store,
      tiles,
      witnesses: witnesses.map(({ verifierKey, url = '' }) => remoteWitness({ verifierKey, url })),
    }),
  };
}

async function integrate(ledger: Ledger, { integrating, cosigning }: Integration, log: Logger): Promise<void> {
  await integrating.run(log);
  const { origin, heartbeatMinutes } = ledger.config;
  const signing = await ledger.sealing();
  const deps = { store: await ledger.store(), now, log, ledger: origin, ...signing, idleMs: heartbeatMinutes * 60_000 };
  if (integrating.heads !== undefined) await sealHeartbeats(deps, integrating.heads);
  // Last, because witnesses may be slow: what is signed is stored and published by now.
  if (integrating.newest !== undefined) await cosigning.run(integrating.newest, log);
}

/** openFiling finds where a report is filed, and whose reports count. */
async function openFiling({ config, ...ledger }: Ledger): Promise<{ filing: Filing; auditors: Auditors }> {
  const auditor = await ledger.auditor();
  const signer = requireAuditor(auditor);
  const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
  const { origin } = config;
  const entered = await enteredReports({ store, tiles, origin, verifiers, now });
  const auditors = { ledger: origin, verifiers: auditor.verifiers };
  return { filing: { store, ledger: origin, signer, entered }, auditors };
}

async function verify(ledger: Ledger, log: Logger, previousRun: number | undefined): Promise<void> {
  const filed = await openFiling(ledger);
  const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
  const { fullVerifyHours, verifyThreads, heartbeatMinutes, witnessPolicy: policy } = ledger.config;
  const workers = new SegmentWorkers(verifyThreads);
  try {
    await runVerifyJob({
      store,
      tiles,
      now,
      log,
      ...filed,
      fullVerifyHours,
      ...(previousRun !== undefined && { previousRun }),
      concurrency: verifyThreads * SEGMENTS_A_THREAD,
      // A partition that is idle has a heartbeat, and so the log a checkpoint, once in that time.
      allowance: { delayMs: INTEGRATION_DELAY_MS, ageMs: heartbeatMinutes * 60_000 + INTEGRATION_DELAY_MS },
      verifiers,
      ...(policy !== undefined && { policy }),
      summarize: workers.summarize,
    });
  } finally {
    await workers.close();
  }
}

async function posture(ledger: Ledger, log: Logger): Promise<void> {
  const [{ filing }, { reader, promise }] = await Promise.all([openFiling(ledger), openLedgerPolicy(ledger.config)]);
  const canaries = await openCanaries(ledger.config);
  await runPostureJob({ filing, reader, now, log, ...(canaries !== undefined && { canaries }) }, promise);
}

/** once runs an action at the first call, and again after a failure. */
function once<T>(action: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= action().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

let app: App | undefined;

/** theApp is the one app of this process. */
export const theApp = (): App => (app ??= buildApp());
