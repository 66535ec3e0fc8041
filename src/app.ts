/** The composition root: settings become adapters, adapters and pipeline become the app. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectContainer } from './adapters/blobConnection.ts';
import { BlobStore } from './adapters/blobStore.ts';
import { BlobTileStore } from './adapters/blobTileStore.ts';
import { openCanaries, openLedgerPolicy } from './adapters/ledgerPolicy.ts';
import { openLogKeys, requireSigners } from './adapters/logKeys.ts';
import { remoteWitness } from './adapters/witnessClient.ts';
import { loadConfig } from './config/config.ts';
import type { Config } from './config/config.ts';
import { INTEGRATION_DELAY_MS } from './core/limits.ts';
import { runPostureJob } from './guard/job.ts';
import { sealHeartbeats } from './ingest/heartbeat.ts';
import { Ingest } from './ingest/ingest.ts';
import { Cosigning } from './integrate/cosigning.ts';
import { Integrate } from './integrate/integrate.ts';
import type { Delivery, Logger } from './ports/host.ts';
import { answerEvidence, answerLog } from './prove/api.ts';
import type { EvidenceQuery, LogRequest, LogResponse } from './prove/api.ts';
import { SegmentWorkers } from './threads/workers.ts';
import { runVerifyJob } from './verify/job.ts';

export interface App {
  ingest(delivery: Delivery, log: Logger): Promise<void>;
  integrate(log: Logger): Promise<void>;
  verify(log: Logger): Promise<void>;
  posture(log: Logger): Promise<void>;
  serveLog(request: LogRequest): Promise<LogResponse>;
  serveEvidence(query: EvidenceQuery): Promise<LogResponse>;
}

/** A run begins no batch after 20 s, so that runs every 30 s hardly meet; a batch is what is read in a few seconds. */
const INTEGRATION = { budgetMs: 20_000, limits: { objects: 1000, storedBytes: 256 * 1024 * 1024 } };

/** buildApp wires the app. It throws CONFIG_INVALID at once; container and keys are opened at first use. */
function buildApp(config: Config = loadConfig()): App {
  const now = Date.now;
  const opened = once(async () => {
    const store = new BlobStore(await connectContainer(config.ledger, config.container));
    // Writers that meet at a name wait a random time, longer with each try, at most 2 s.
    const pause = (tries: number): Promise<void> => delay(Math.random() * Math.min(50 * 2 ** tries, 2000));
    const { origin: ledger, maxSegmentBytes } = config;
    return { store, ingest: new Ingest({ store, now, ledger, maxSegmentBytes, pause }) };
  });
  const logKeys = once(() => openLogKeys(config));
  const tlog = once(async () => new BlobTileStore(await connectContainer(config.tlog, config.tlogContainer)));
  // Threads that are idle keep no process.
  const integration = new SegmentWorkers(config.verifyThreads);
  const integrating = once(async () => {
    requireSigners(config);
    const [{ store }, tiles, keys] = await Promise.all([opened(), tlog(), logKeys()]);
    const { origin, verifyThreads } = config;
    const { summarize } = integration;
    const concurrency = verifyThreads * 3;
    return new Integrate({ ...keys, origin, store, tiles, now, summarize, concurrency, ...INTEGRATION });
  });
  const { witnessPolicy: policy } = config;
  const cosigning = once(async () => {
    const [{ store }, tiles, { verifiers }] = await Promise.all([opened(), tlog(), logKeys()]);
    const witnesses = policy?.witnesses.map(({ verifierKey, url = '' }) => remoteWitness({ verifierKey, url })) ?? [];
    return new Cosigning({ origin: config.origin, verifiers, store, tiles, witnesses });
  });
  return {
    async ingest(delivery, log) {
      await (await opened()).ingest.seal(delivery, log);
    },
    async integrate(log) {
      const [{ store }, integrate] = await Promise.all([opened(), integrating()]);
      await integrate.run(log);
      const { origin: ledger, heartbeatMinutes } = config;
      const idleMs = heartbeatMinutes * 60_000;
      if (integrate.heads !== undefined) await sealHeartbeats({ store, now, log, ledger, idleMs }, integrate.heads);
      // Last, because witnesses may be slow: what is signed is stored and published by now.
      if (integrate.newest !== undefined) await (await cosigning()).run(integrate.newest, log);
    },
    async verify(log) {
      const [{ store }, tiles, { verifiers }] = await Promise.all([opened(), tlog(), logKeys()]);
      const workers = new SegmentWorkers(config.verifyThreads);
      try {
        const { origin: ledger, fullVerifyHours, verifyThreads, heartbeatMinutes } = config;
        const concurrency = verifyThreads * 3;
        // A partition that is idle has a heartbeat, and so the log a checkpoint, once in that time.
        const allowance = { delayMs: INTEGRATION_DELAY_MS, ageMs: heartbeatMinutes * 60_000 + INTEGRATION_DELAY_MS };
        await runVerifyJob({
          store,
          tiles,
          now,
          log,
          ledger,
          fullVerifyHours,
          concurrency,
          allowance,
          verifiers,
          ...(policy !== undefined && { policy }),
          summarize: workers.summarize,
        });
      } finally {
        await workers.close();
      }
    },
    async posture(log) {
      const [{ store }, { reader, promise }] = await Promise.all([opened(), openLedgerPolicy(config)]);
      const canaries = await openCanaries(config);
      await runPostureJob({ store, reader, now, log, ...(canaries !== undefined && { canaries }) }, promise);
    },
    async serveLog(request) {
      return answerLog(await tlog(), request);
    },
    async serveEvidence(query) {
      const [{ store }, tiles, { verifiers }] = await Promise.all([opened(), tlog(), logKeys()]);
      return answerEvidence({ store, tiles, verifiers }, query);
    },
  };
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
