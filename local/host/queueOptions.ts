import type { Value } from './hostJson.ts';
import { parseTimeSpan } from './timeSpan.ts';

/** QueuesOptions is the section `queues` of host.json. */
export interface QueuesOptions {
  /** how many messages are taken at a time, and at how few that are worked on the next ones are */
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  /** the longest pause between two looks at an empty queue */
  readonly maxPollingMs: number;
  /** how long a message that failed waits */
  readonly visibilityMs: number;
  /** as often a message is handed out before it goes to the poison queue */
  readonly maxDequeueCount: number;
  readonly messageEncoding: 'base64' | 'none';
}

export const QUEUE_OPTIONS = [
  'batchSize',
  'newBatchThreshold',
  'maxPollingInterval',
  'visibilityTimeout',
  'maxDequeueCount',
  'messageEncoding',
];

const MAX_BATCH = 32;
const LEAST_POLLING_MS = 100;
const MOST = 2 ** 31 - 1;

/**
 * parseQueues takes what the extension takes: QueuesOptions.cs in
 * https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Common/src
 */
export function parseQueues(valueOf: (key: string) => Value | undefined, wrong: string[]): QueuesOptions {
  const batchSize = count('batchSize', 16, 1, MAX_BATCH);
  return {
    batchSize,
    // Azure's is as many times that as there are processors.
    newBatchThreshold: count('newBatchThreshold', Math.floor(batchSize / 2), 0, MOST),
    maxPollingMs: span('maxPollingInterval', 1000, LEAST_POLLING_MS),
    visibilityMs: span('visibilityTimeout', 0, 0),
    maxDequeueCount: count('maxDequeueCount', 5, 1, MOST),
    messageEncoding: encoding(),
  };

  function count(key: string, fallback: number, least: number, most: number): number {
    const value = valueOf(key);
    if (value === undefined) return fallback;
    const number = /^\d{1,10}$/.test(value.text) ? Number(value.text) : NaN;
    if (number >= least && number <= most) return number;
    wrong.push(`${value.from} must be a whole number, ${String(least)} to ${String(most)}`);
    return fallback;
  }

  function span(key: string, fallback: number, leastMs: number): number {
    const value = valueOf(key);
    if (value === undefined) return fallback;
    const ms = parseTimeSpan(value.text);
    if (ms !== undefined && ms >= leastMs) return ms;
    wrong.push(`${value.from} must be a time such as "00:01:00"`);
    return fallback;
  }

  function encoding(): QueuesOptions['messageEncoding'] {
    const value = valueOf('messageEncoding');
    const text = value?.text.toLowerCase() ?? 'base64';
    if (text === 'base64' || text === 'none') return text;
    wrong.push(`${value?.from ?? ''} must be base64 or none`);
    return 'base64';
  }
}
