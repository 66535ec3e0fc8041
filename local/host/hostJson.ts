import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostValues } from './hostValues.ts';
import type { Value, ValueOf } from './hostValues.ts';
import { isJsonObject } from './json.ts';
import { QUEUE_OPTIONS, parseQueues } from './queueOptions.ts';
import type { QueuesOptions } from './queueOptions.ts';
import type { JsonObject } from './json.ts';
import { Refusal, messageOf } from './refusal.ts';
import type { Settings } from './settings.ts';

export type InitialOffset =
  { readonly type: 'fromStart' | 'fromEnd' } | { readonly type: 'fromEnqueuedTime'; readonly enqueuedTimeUtc: Date };

export interface EventHubsOptions {
  readonly maxEventBatchSize: number;
  readonly minEventBatchSize: number;
  readonly maxWaitTimeMs: number;
  readonly batchCheckpointFrequency: number;
  readonly prefetchCount: number;
  readonly initialOffset: InitialOffset;
  readonly loadBalancingUpdateMs: number;
  readonly ownershipExpirationMs: number;
}

export interface HostOptions {
  readonly routePrefix: string;
  readonly eventHubs: EventHubsOptions;
  readonly queues: QueuesOptions;
}

/** IGNORED are sections of host.json, in lower case, that change nothing here: they set limits and telemetry of the platform. */
const IGNORED = ['logging', 'extensionbundle', 'functiontimeout', 'telemetrymode', '$schema'];

/** PREFIX begins the app settings that the host takes over values of host.json. */
const PREFIX = 'AzureFunctionsJobHost__';

const KNOWN = new Set(
  [
    'http.routePrefix',
    'eventHubs.maxEventBatchSize',
    'eventHubs.minEventBatchSize',
    'eventHubs.maxWaitTime',
    'eventHubs.batchCheckpointFrequency',
    'eventHubs.prefetchCount',
    'eventHubs.initialOffsetOptions.type',
    'eventHubs.initialOffsetOptions.enqueuedTimeUtc',
    'eventHubs.loadBalancingUpdateInterval',
    'eventHubs.partitionOwnershipExpirationInterval',
    ...QUEUE_OPTIONS.map((name) => `queues.${name}`),
  ].map((path) => `extensions.${path}`.toLowerCase()),
);

/** Configuration is what Azure's host makes of host.json and app settings: text, by paths without regard to case. */
type Configuration = Map<string, Value>;

/** loadHostOptions reads host.json of an app, and what app settings put in the place of its values. */
export function loadHostOptions(appDir: string, settings: Settings): HostOptions {
  const path = join(appDir, 'host.json');
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Refusal(64, `${path} can't be read: ${messageOf(error)}`);
  }
  try {
    return parseHostOptions(file, settings);
  } catch (error) {
    throw error instanceof TypeError ? new Refusal(64, `${path}: ${error.message}`) : error;
  }
}

/** parseHostOptions reads host.json and app settings; it throws a TypeError that names everything that is wrong. */
export function parseHostOptions(file: unknown, settings: Settings = {}): HostOptions {
  if (!isJsonObject(file)) throw new TypeError('must hold an object');
  const { version, ...rest } = file;
  const wrong: string[] = [];
  if (version !== '2.0') wrong.push('version must be "2.0"');
  const configuration: Configuration = new Map();
  addObject(configuration, rest, []);
  addSettings(configuration, settings, wrong);
  for (const [path, { from }] of configuration) {
    const isIgnored = IGNORED.some((section) => path === section || path.startsWith(`${section}.`));
    if (!isIgnored && !KNOWN.has(path)) wrong.push(`${from} is unknown here`);
  }
  const routePrefix = configuration.get('extensions.http.routeprefix')?.text ?? 'api';
  const eventHubs = parseEventHubs(configuration, wrong);
  const queues = parseQueues((key) => configuration.get(`extensions.queues.${key}`.toLowerCase()), wrong);
  if (wrong.length > 0) throw new TypeError(wrong.join('; '));
  return { routePrefix, eventHubs, queues };
}

/** addObject adds the values below a path. An object or list without any counts as a value, so that its name is seen. */
function addObject(configuration: Configuration, object: JsonObject, path: readonly string[]): void {
  for (const [key, value] of Object.entries(object)) {
    const below = [...path, key];
    const isBranch = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    if (isBranch) addObject(configuration, value as JsonObject, below);
    else configuration.set(below.join('.').toLowerCase(), { text: String(value), from: below.join('.') });
  }
}

function addSettings(configuration: Configuration, settings: Settings, wrong: string[]): void {
  const set = new Set<string>();
  for (const [name, text] of Object.entries(settings)) {
    if (!name.toLowerCase().startsWith(PREFIX.toLowerCase())) continue;
    const path = name.slice(PREFIX.length).replaceAll('__', '.').toLowerCase();
    if (set.has(path)) wrong.push(`${name} is set twice`);
    set.add(path);
    configuration.set(path, { text, from: name });
  }
}

/**
 * parseEventHubs takes what the extension takes: EventHubOptions.cs and EventHubWebJobsBuilderExtensions.cs in
 * https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/eventhub/Microsoft.Azure.WebJobs.Extensions.EventHubs/src/Config
 */
function parseEventHubs(configuration: Configuration, wrong: string[]): EventHubsOptions {
  const valueOf: ValueOf = (key) => configuration.get(`extensions.eventHubs.${key}`.toLowerCase());
  const nameOf = (key: string): string => valueOf(key)?.from ?? `extensions.eventHubs.${key}`;
  const values = new HostValues(valueOf, wrong);
  const parsed: EventHubsOptions = {
    maxEventBatchSize: values.count('maxEventBatchSize', 100),
    minEventBatchSize: values.count('minEventBatchSize', 1),
    maxWaitTimeMs: values.span('maxWaitTime', 60_000, 0),
    batchCheckpointFrequency: values.count('batchCheckpointFrequency', 1),
    prefetchCount: values.count('prefetchCount', 300),
    initialOffset: parseInitialOffset(valueOf, wrong),
    // Azure's defaults are 30 s and 2 min; a laptop wants a killed host's partitions back sooner.
    loadBalancingUpdateMs: values.span('loadBalancingUpdateInterval', 1000, 1),
    ownershipExpirationMs: values.span('partitionOwnershipExpirationInterval', 6000, 1),
  };
  if (parsed.minEventBatchSize > parsed.maxEventBatchSize) {
    wrong.push(`${nameOf('minEventBatchSize')} is above maxEventBatchSize`);
  }
  if (parsed.maxWaitTimeMs > 600_000) wrong.push(`${nameOf('maxWaitTime')} is above 00:10:00`);
  if (parsed.ownershipExpirationMs <= parsed.loadBalancingUpdateMs) {
    wrong.push(`${nameOf('partitionOwnershipExpirationInterval')} must be above loadBalancingUpdateInterval`);
  }
  return parsed;
}

function parseInitialOffset(valueOf: ValueOf, wrong: string[]): InitialOffset {
  const { text: type, from } = valueOf('initialOffsetOptions.type') ?? { text: 'fromStart', from: '' };
  if (type === 'fromStart' || type === 'fromEnd') return { type };
  if (type === 'fromEnqueuedTime') {
    const time = valueOf('initialOffsetOptions.enqueuedTimeUtc');
    const enqueuedTimeUtc = new Date(time?.text ?? '');
    const name = time?.from ?? 'extensions.eventHubs.initialOffsetOptions.enqueuedTimeUtc';
    if (Number.isNaN(enqueuedTimeUtc.getTime())) wrong.push(`${name} must be a time in ISO 8601`);
    return { type, enqueuedTimeUtc };
  }
  wrong.push(`${from} must be fromStart, fromEnd or fromEnqueuedTime`);
  return { type: 'fromStart' };
}
