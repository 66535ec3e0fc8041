import { app } from '@azure/functions';
import type { EventHubFunctionOptions } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { toDelivery } from '../src/adapters/hubTrigger.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

// A constant, because the library's type lacks dataType; the host knows it, and only binary bodies arrive as they were sent.
const options: EventHubFunctionOptions & { dataType: 'binary' } = {
  connection: 'HUB',
  eventHubName: '%HUB_NAME%',
  consumerGroup: '%HUB_CONSUMER_GROUP%',
  cardinality: 'many',
  dataType: 'binary',
  // For ever: the host moves its position when a function fails for good, and then the events are lost to the trigger.
  retry: {
    strategy: 'exponentialBackoff',
    maxRetryCount: -1,
    minimumInterval: { seconds: 1 },
    maximumInterval: { minutes: 1 },
  },
  handler: async (messages, context) => {
    await auditseal.ingest(toDelivery(messages, context.triggerMetadata), hostLog(context));
  },
};
app.eventHub('ingest', options);
