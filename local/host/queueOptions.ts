import { HostValues } from './hostValues.ts';
import type { ValueOf } from './hostValues.ts';

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

/**
 * parseQueues takes what the extension takes: QueuesOptions.cs in
 * https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Common/src
 */
export function parseQueues(valueOf: ValueOf, wrong: string[]): QueuesOptions {
  const values = new HostValues(valueOf, wrong);
  const batchSize = values.count('batchSize', 16, 1, MAX_BATCH);
  const encoding = valueOf('messageEncoding') ?? { text: 'base64', from: '' };
  const messageEncoding = encoding.text.toLowerCase() === 'none' ? 'none' : 'base64';
  if (encoding.text.toLowerCase() !== messageEncoding) wrong.push(`${encoding.from} must be base64 or none`);
  return {
    batchSize,
    // Azure's is as many times that as there are processors.
    newBatchThreshold: values.count('newBatchThreshold', Math.floor(batchSize / 2), 0),
    maxPollingMs: values.span('maxPollingInterval', 1000, LEAST_POLLING_MS),
    visibilityMs: values.span('visibilityTimeout', 0, 0),
    maxDequeueCount: values.count('maxDequeueCount', 5),
    messageEncoding,
  };
}
