/** The composition root: settings become adapters, adapters and steps become the app. */
import { once, openLedger } from './app/ledger.ts';
import { Sealing } from './app/sealing.ts';
import { loadConfig } from './config/config.ts';
import type { Config } from './config/config.ts';
import type { Delivery, Logger } from './ports/host.ts';
import type { EvidenceQuery, LogRequest, LogResponse } from './prove/api.ts';

/** App is what the Functions host can ask of this release; each call is one invocation. */
export interface App {
  ingest(delivery: Delivery, log: Logger): Promise<void>;
  /** watch asks the hub what it has, and seals what nobody delivers. */
  watch(log: Logger): Promise<void>;
  integrate(log: Logger): Promise<void>;
  /** `previousRun` is when it ran before (ms since the Unix epoch), undefined if the host doesn't know. */
  verify(log: Logger, previousRun: number | undefined): Promise<void>;
  /** recheck works on the slice of a full recheck that a message of the queue names, whoever wrote it. */
  recheck(message: unknown, log: Logger): Promise<void>;
  posture(log: Logger): Promise<void>;
  /** forward hands on what the log covers to Log Analytics, if the settings name a rule there. */
  forward(log: Logger): Promise<void>;
  serveLog(request: LogRequest): Promise<LogResponse>;
  serveEvidence(query: EvidenceQuery): Promise<LogResponse>;
  /** stop is called when the process is to end, and resolves when no segment is being written any more. */
  stop(): Promise<void>;
}

/** buildApp wires the app. It throws CONFIG_INVALID at once; container, keys and hub are opened at first use. */
function buildApp(config: Config = loadConfig()): App {
  const ledger = openLedger(config);
  const sealing = new Sealing(ledger);
  // Loaded where it runs: an instance that seals starts sooner, and one that serves HTTP.
  const checks = once(() => import('./app/checks.ts'));
  const api = once(() => import('./prove/api.ts'));
  const integrating = once(async () => {
    const { integrate, openIntegration } = await import('./app/integration.ts');
    const integration = await openIntegration(ledger);
    return (log: Logger) => integrate(integration, log);
  });
  const forwarding = once(async () => (await import('./app/forwarding.ts')).openForwarding(ledger));
  const proving = once(async () => {
    const { EvidenceThread } = await import('./threads/evidenceThread.ts');
    const [store, tiles, { verifiers }] = await Promise.all([ledger.store(), ledger.tiles(), ledger.keys()]);
    return new EvidenceThread({ store, tiles, verifiers });
  });
  return {
    ingest: (delivery, log) => sealing.ingest(delivery, log),
    watch: (log) => sealing.watch(log),
    integrate: async (log) => (await integrating())(log),
    verify: async (log, previousRun) => (await checks()).verify(ledger, log, previousRun),
    recheck: async (message, log) => (await checks()).recheck(ledger, message, log),
    posture: async (log) => (await checks()).posture(ledger, log),
    forward: async (log) => (await forwarding())?.run(log),
    serveLog: async (request) => (await api()).answerLog(await ledger.tiles(), request),
    serveEvidence: async (query) => (await proving()).answer(query),
    stop: () => sealing.stop(),
  };
}

let app: App | undefined;

/** theApp is the one app of this process. */
export const theApp = (): App => (app ??= buildApp());
