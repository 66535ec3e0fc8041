import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { build } from 'esbuild';
import { startAzurite, startAzuriteQueues } from '../../../local/azurite.ts';
import { startHost } from '../../../local/host/client.ts';
import type { HostLine, HostProcess, InvocationLine } from '../../../local/host/client.ts';
import { startEventHub } from '../../../local/hub/server.ts';
import type { EventHub } from '../../../local/hub/server.ts';

export const APP_DIR = fileURLToPath(new URL('app', import.meta.url));
export const HUB_NAME = 'logs';

/** NO_TIMERS switches the timers of the test app off, so that it needs no storage. */
export const NO_TIMERS = { 'AzureWebJobs.nightly.Disabled': '1', 'AzureWebJobs.atStart.Disabled': 'true' };

/** Watched is a host whose lines can be waited for, from the first one on. */
export interface Watched extends HostProcess {
  readonly lines: readonly HostLine[];
  /** until resolves when test holds for the lines so far. One that waits in vain tells the last of them, before jest ends the test. */
  until(test: (lines: readonly HostLine[]) => boolean): Promise<void>;
}

const IN_VAIN_MS = 120_000;

/** Stack is what a host needs around it. */
export interface Stack {
  readonly hub: EventHub;
  /** storage is the connection string of the host's own storage account. */
  readonly storage: string;
  /** host starts a host of the test app with the hub's settings; close kills it if it still runs. */
  host(settings?: Readonly<Record<string, string>>, appDir?: string): Promise<Watched>;
  close(): Promise<void>;
}

/** watchHost starts a host of an app and keeps its lines. */
export async function watchHost(settings: Readonly<Record<string, string>>, appDir = APP_DIR): Promise<Watched> {
  const lines: HostLine[] = [];
  const waiting = new Set<() => void>();
  const host = await startHost({
    appDir,
    settings,
    onLine: (line) => {
      lines.push(line);
      for (const check of waiting) check();
    },
  });
  const until = async (test: (lines: readonly HostLine[]) => boolean): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        waiting.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (test(lines)) end();
      };
      const timer = setTimeout(
        () => end(new Error(`waited for in vain: ${String(test)}\n${lastOf(lines)}`)),
        IN_VAIN_MS,
      ).unref();
      waiting.add(check);
      void host.exited.then((code) => end(new Error(`the host ended with code ${String(code)}\n${lastOf(lines)}`)));
      check();
    });
  };
  return { ...host, lines, until };
}

/** startStack starts a hub and a blob store in this process. */
export async function startStack(partitions: number): Promise<Stack> {
  const key = Buffer.from('a key of the tests, thirty-two b').toString('base64');
  const azurite = await startAzurite({ account: 'hoststore', key });
  const queues = await startAzuriteQueues({ account: 'hoststore', key, port: 0 });
  const hub = await startEventHub({ hubs: [{ name: HUB_NAME, partitions, consumerGroups: [] }] });
  const storage = `DefaultEndpointsProtocol=http;AccountName=hoststore;AccountKey=${key};BlobEndpoint=${azurite.url}/hoststore;QueueEndpoint=${queues.url}/hoststore;`;
  const hosts: Watched[] = [];
  return {
    hub,
    storage,
    async host(settings = {}, appDir = APP_DIR) {
      const given = {
        ...NO_TIMERS,
        AzureWebJobsStorage: storage,
        HUB: hub.connectionString(HUB_NAME),
        HUB_NAME,
        ...settings,
      };
      const host = await watchHost(given, appDir);
      hosts.push(host);
      return host;
    },
    async close() {
      for (const host of hosts) {
        host.kill();
        await host.exited;
      }
      await hub.close();
      await queues.close();
      await azurite.close();
    },
  };
}

const lastOf = (lines: readonly HostLine[]): string =>
  lines
    .slice(-40)
    .map((line) => JSON.stringify(line).slice(0, 300))
    .join('\n');

/** bundleApp writes some files of the test app to a folder as a deployment would be: bundled with the library. */
export async function bundleApp(
  folder: string,
  format: 'esm' | 'cjs',
  files: readonly string[],
  hostJson: object = {},
): Promise<void> {
  const extension = format === 'esm' ? '.mjs' : '.cjs';
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: files.map((name) => join(APP_DIR, 'functions', `${name}.mjs`)),
    bundle: true,
    platform: 'node',
    format,
    outdir: join(folder, 'dist'),
    outExtension: { '.js': extension },
    external: ['@azure/functions-core'],
    ...(format === 'esm' ? { banner: { js: banner } } : {}),
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ main: `dist/*${extension}` }));
  await writeFile(join(folder, 'host.json'), JSON.stringify({ version: '2.0', ...hostJson }));
}

/** invocationsOf lists the finished invocations of a function. */
export function invocationsOf(lines: readonly HostLine[], name: string): readonly InvocationLine[] {
  return lines.filter((line) => line.type === 'invocation').filter((line) => line.function === name);
}

/** heldPartitions tells which partitions a host reads now. */
export function heldPartitions(lines: readonly HostLine[]): readonly string[] {
  const held = new Set<string>();
  for (const line of lines) {
    if (line.type !== 'partition') continue;
    if (line.state === 'opened') held.add(line.partitionId);
    else held.delete(line.partitionId);
  }
  return [...held].sort();
}

/** sawOf lists what the test app's event hub function has logged. */
export function sawOf(lines: readonly HostLine[]): readonly Saw[] {
  return lines
    .filter((line) => line.type === 'log')
    .filter((line) => line.function === 'ingest')
    .map((line) => JSON.parse(line.message));
}

export interface Saw {
  readonly saw: readonly unknown[];
  readonly areBuffers: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly retry?: {
    readonly retryCount: number;
    readonly maxRetryCount: number;
    readonly exception: { message: string };
  };
}

/** FIXED is a retry policy of five tries, one behind the other. */
export const FIXED = JSON.stringify({ strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 5 });

/** appendTo puts events into a partition of the hub, and gives the number of the last. */
export const appendTo = ({ hub }: Stack, partition: string, ...bodies: readonly string[]): number =>
  hub.append(
    HUB_NAME,
    partition,
    bodies.map((body) => Buffer.from(body)),
  );

/** positionsOf lists where the host moved its position in a partition to. */
export const positionsOf = (lines: readonly HostLine[], partitionId: string): number[] =>
  lines
    .filter((line) => line.type === 'consumerPosition')
    .filter((line) => line.partitionId === partitionId)
    .map((line) => line.sequenceNumber);

/** untilPosition resolves when the host's position is there. */
export const untilPosition = (host: Watched, partitionId: string, sequenceNumber: number): Promise<void> =>
  host.until((lines) => positionsOf(lines, partitionId).includes(sequenceNumber));

/** timersOf lists what a timer's function of the test app was told of its schedule. */
export const timersOf = (lines: readonly HostLine[], name: string): unknown[] =>
  lines
    .filter((line) => line.type === 'log')
    .filter((line) => line.function === name)
    .map((line) => JSON.parse(line.message).timer);

/** hostContainerOf is where hosts keep leases and the state of timers. */
export const hostContainerOf = ({ storage }: Stack): ContainerClient =>
  BlobServiceClient.fromConnectionString(storage).getContainerClient('azure-webjobs-hosts');
