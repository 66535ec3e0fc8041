import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { Refusal, messageOf } from './refusal.ts';
import { parseTimeSpan } from './timeSpan.ts';

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
}

/** IGNORED are sections of host.json that change nothing here: they set limits and telemetry of the platform. */
const IGNORED = new Set(['logging', 'extensionBundle', 'functionTimeout', 'telemetryMode', '$schema']);

/** loadHostOptions reads host.json of an app. */
export function loadHostOptions(appDir: string): HostOptions {
  const path = join(appDir, 'host.json');
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Refusal(64, `${path} can't be read: ${messageOf(error)}`);
  }
  try {
    return parseHostOptions(file);
  } catch (error) {
    throw error instanceof TypeError ? new Refusal(64, `${path}: ${error.message}`) : error;
  }
}

/** parseHostOptions reads the content of host.json; it throws a TypeError that names every wrong key. */
export function parseHostOptions(file: unknown): HostOptions {
  if (!isJsonObject(file)) throw new TypeError('must hold an object');
  const wrong: string[] = [];
  if (file['version'] !== '2.0') wrong.push('version must be "2.0"');
  const root = section(file, '', ['version', 'extensions', ...IGNORED], wrong);
  const extensions = section(root['extensions'], 'extensions', ['eventHubs', 'http'], wrong);
  const http = section(extensions['http'], 'extensions.http', ['routePrefix'], wrong);
  const routePrefix = http['routePrefix'] ?? 'api';
  const eventHubs = parseEventHubs(extensions['eventHubs'], wrong);
  if (typeof routePrefix !== 'string') wrong.push('extensions.http.routePrefix must be a string');
  if (typeof routePrefix !== 'string' || wrong.length > 0) throw new TypeError(wrong.join('; '));
  return { routePrefix, eventHubs };
}

function section(value: unknown, path: string, known: readonly string[], wrong: string[]): JsonObject {
  if (value === undefined) return {};
  if (!isJsonObject(value)) {
    wrong.push(`${path} must be an object`);
    return {};
  }
  const prefix = path === '' ? '' : `${path}.`;
  for (const key of Object.keys(value)) if (!known.includes(key)) wrong.push(`${prefix}${key} is unknown here`);
  return value;
}

const EVENT_HUBS_KEYS = [
  'maxEventBatchSize',
  'minEventBatchSize',
  'maxWaitTime',
  'batchCheckpointFrequency',
  'prefetchCount',
  'initialOffsetOptions',
  'loadBalancingUpdateInterval',
  'partitionOwnershipExpirationInterval',
];

function parseEventHubs(value: unknown, wrong: string[]): EventHubsOptions {
  const path = 'extensions.eventHubs';
  const options = section(value, path, EVENT_HUBS_KEYS, wrong);
  const parsed: EventHubsOptions = {
    maxEventBatchSize: count('maxEventBatchSize', 100),
    minEventBatchSize: count('minEventBatchSize', 1),
    maxWaitTimeMs: span('maxWaitTime', 60_000),
    batchCheckpointFrequency: count('batchCheckpointFrequency', 1),
    prefetchCount: count('prefetchCount', 300),
    initialOffset: parseInitialOffset(options['initialOffsetOptions'], wrong),
    // Azure's defaults are 30 s and 2 min; a laptop wants a killed host's partitions back sooner.
    loadBalancingUpdateMs: span('loadBalancingUpdateInterval', 1000),
    ownershipExpirationMs: span('partitionOwnershipExpirationInterval', 6000),
  };
  if (parsed.minEventBatchSize > parsed.maxEventBatchSize) {
    wrong.push(`${path}.minEventBatchSize is above maxEventBatchSize`);
  }
  if (parsed.maxWaitTimeMs > 600_000) wrong.push(`${path}.maxWaitTime is above 00:10:00`);
  if (parsed.ownershipExpirationMs <= parsed.loadBalancingUpdateMs) {
    wrong.push(`${path}.partitionOwnershipExpirationInterval must be above loadBalancingUpdateInterval`);
  }
  return parsed;

  function count(key: string, fallback: number): number {
    const value = options[key] ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
    wrong.push(`${path}.${key} must be a whole number, 1 or more`);
    return fallback;
  }

  function span(key: string, fallback: number): number {
    const value = options[key];
    if (value === undefined) return fallback;
    const ms = typeof value === 'string' ? parseTimeSpan(value) : undefined;
    if (ms !== undefined && ms > 0) return ms;
    wrong.push(`${path}.${key} must be a time such as "00:01:00"`);
    return fallback;
  }
}

function parseInitialOffset(value: unknown, wrong: string[]): InitialOffset {
  const path = 'extensions.eventHubs.initialOffsetOptions';
  const options = section(value, path, ['type', 'enqueuedTimeUtc'], wrong);
  const type = options['type'] ?? 'fromStart';
  if (type === 'fromStart' || type === 'fromEnd') return { type };
  if (type === 'fromEnqueuedTime') {
    const text = options['enqueuedTimeUtc'];
    const enqueuedTimeUtc = new Date(typeof text === 'string' ? text : '');
    if (Number.isNaN(enqueuedTimeUtc.getTime())) wrong.push(`${path}.enqueuedTimeUtc must be a time in ISO 8601`);
    return { type, enqueuedTimeUtc };
  }
  wrong.push(`${path}.type must be fromStart, fromEnd or fromEnqueuedTime`);
  return { type: 'fromStart' };
}
