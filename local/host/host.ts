import { BlobServiceClient } from '@azure/storage-blob';
import { createHash, randomUUID } from 'node:crypto';
import { loadApp } from './appLoader.ts';
import { setLog } from './coreApi.ts';
import { listenEventHub } from './eventHubListener.ts';
import type { Listener } from './eventHubListener.ts';
import { describeFunctions } from './functionSpec.ts';
import type { EventHubTrigger, FunctionSpec, HttpTrigger, QueueTrigger, TimerTrigger } from './functionSpec.ts';
import { loadHostOptions } from './hostJson.ts';
import type { Emit } from './hostLine.ts';
import { serveHttp } from './httpServer.ts';
import { createInvoker } from './invoker.ts';
import { pause } from './pause.ts';
import { listenQueue } from './queueListener.ts';
import { Refusal, messageOf } from './refusal.ts';
import type { Settings } from './settings.ts';
import { listenTimer } from './timerListener.ts';
import type { TimerListener } from './timerListener.ts';
import { createTimerStatusStore } from './timerStatus.ts';

/** So long running invocations are waited for before the app is told that the worker ends. */
const DRAIN_MS = 3000;

export interface Host {
  /** stop ends every trigger, waits for running invocations as long as a host does, and runs the appTerminate hooks. */
  stop(): Promise<void>;
}

/** runHost loads the app in appDir and starts its triggers. */
export async function runHost(options: {
  readonly appDir: string;
  readonly settings: Settings;
  readonly httpPort: number;
  readonly emit: Emit;
}): Promise<Host> {
  const { appDir, settings, emit } = options;
  const hostOptions = loadHostOptions(appDir, settings);
  setLog((level, category, message) => emit({ type: 'log', level, category, message }));
  const app = await loadApp(appDir);
  const specs = describeFunctions(app.functions, settings, hostOptions.routePrefix);
  const invoker = createInvoker(app.model, emit);
  await invoker.runAppHooks('appStart');

  const timerSpecs = specs.filter((spec): spec is FunctionSpec<TimerTrigger> => spec.trigger.kind === 'timer');
  const hubSpecs = specs.filter((spec): spec is FunctionSpec<EventHubTrigger> => spec.trigger.kind === 'eventHub');
  const httpSpecs = specs.filter((spec): spec is FunctionSpec<HttpTrigger> => spec.trigger.kind === 'http');
  const queueSpecs = specs.filter((spec): spec is FunctionSpec<QueueTrigger> => spec.trigger.kind === 'queue');
  const listeners: Listener[] = [];
  const timers = new Map<string, TimerListener>();
  const key = randomUUID();
  const http = await serveHttp({ port: options.httpPort, key, functions: httpSpecs, timers, invoker, emit });
  try {
    if (timerSpecs.length + hubSpecs.length > 0) {
      const storage = storageOf(settings);
      if (timerSpecs.length > 0) {
        const container = storage.getContainerClient('azure-webjobs-hosts');
        await container.createIfNotExists();
        const hostId = hostIdOf(settings, appDir);
        const statuses = createTimerStatusStore(container, hostId);
        for (const spec of timerSpecs) {
          const timer = listenTimer(spec, { invoker, emit, hostId, container, statuses });
          timers.set(spec.name, timer);
          listeners.push(timer);
        }
      }
      for (const spec of hubSpecs) {
        const container = storage.getContainerClient('azure-webjobs-eventhub');
        listeners.push(await listenEventHub(spec, { options: hostOptions.eventHubs, invoker, emit, container }));
      }
    }
    for (const spec of queueSpecs)
      listeners.push(await listenQueue(spec, { options: hostOptions.queues, invoker, emit }));
  } catch (error) {
    await stop();
    throw error;
  }
  emit({ type: 'ready', url: http.url, key, functions: specs.map((spec) => spec.name) });
  return { stop };

  async function stop(): Promise<void> {
    const stopped = Promise.all([http.stop(), ...listeners.map((listener) => listener.stop())]);
    // What runs longer learns of the end by the hook, and then the worker ends.
    await Promise.race([stopped, pause(DRAIN_MS, new AbortController().signal)]);
    await invoker.runAppHooks('appTerminate');
  }
}

function storageOf(settings: Settings): BlobServiceClient {
  const connectionString = settings['AzureWebJobsStorage'];
  if (connectionString === undefined) throw new Refusal(64, 'AzureWebJobsStorage is missing in the settings');
  try {
    return BlobServiceClient.fromConnectionString(connectionString);
  } catch (error) {
    throw new Refusal(64, `AzureWebJobsStorage is no connection string: ${messageOf(error)}`);
  }
}

/** hostIdOf names what several hosts of one app share. Azure takes the function app's name. */
function hostIdOf(settings: Settings, appDir: string): string {
  const given = settings['AzureFunctionsWebHost__hostid'];
  return given ?? `local-${createHash('sha256').update(appDir).digest('hex').slice(0, 16)}`;
}
