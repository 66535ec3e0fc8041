/**
 * Reads all partitions of an event hub with the real client. Messages in: how many events to wait for from now on; out:
 * 'ready' when every partition is being read, 'done' when the events are here.
 */
import { EventHubConsumerClient, latestEventPosition } from '@azure/event-hubs';

const [connectionString = '', hubName = '', prefetchCount = '', maxBatchSize = ''] = process.argv.slice(2);
const client = new EventHubConsumerClient('$Default', connectionString, hubName);
const partitions = new Set(await client.getPartitionIds());
let received = 0;
let wanted = Infinity;

function settle(): void {
  if (received < wanted) return;
  received -= wanted;
  wanted = Infinity;
  process.send?.('done');
}

const subscription = client.subscribe(
  {
    async processEvents(events, { partitionId }) {
      // The first answer, with events or without, says that the partition is being read.
      if (partitions.delete(partitionId) && partitions.size === 0) process.send?.('ready');
      received += events.length;
      settle();
    },
    async processError(error) {
      // The client would go on for ever; whoever waits for the events must learn that none come.
      process.stderr.write(`hub consumer: ${error.message}\n`);
      process.exit(70);
    },
  },
  {
    startPosition: latestEventPosition,
    maxBatchSize: Number(maxBatchSize),
    maxWaitTimeInSeconds: 1,
    prefetchCount: Number(prefetchCount),
    skipParsingBodyAsJson: true,
  },
);

process.on('message', (count: number) => {
  wanted = count;
  settle();
});
process.once('disconnect', () => {
  void subscription.close().then(async () => client.close());
});
