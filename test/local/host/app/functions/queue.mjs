import { setTimeout } from 'node:timers/promises';
import { app } from '@azure/functions';

let running = 0;

/** Logs what arrived, then does what it says. */
async function take(message, context) {
  running += 1;
  context.log(JSON.stringify({ took: message, running, count: context.triggerMetadata.dequeueCount }));
  try {
    if (message === 'fail') throw new Error('told to fail');
    if (message?.waitMs !== undefined) await setTimeout(message.waitMs);
  } finally {
    running -= 1;
  }
}

if (process.env.QUEUE !== undefined)
  app.storageQueue('work', { connection: 'AzureWebJobsStorage', queueName: '%QUEUE%', handler: take });
