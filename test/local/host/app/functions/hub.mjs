import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { app } from '@azure/functions';

/** Logs what arrived, then does what the first event's body tells. */
async function take(events, context) {
  const list = Array.isArray(events) ? events : [events];
  const texts = list.map((event) => (Buffer.isBuffer(event) ? event.toString('utf8') : event));
  context.log(
    JSON.stringify({
      saw: texts,
      areBuffers: list.every((event) => Buffer.isBuffer(event)),
      metadata: context.triggerMetadata,
      retry: context.retryContext,
    }),
  );
  if (texts[0] === 'fail') throw new Error('told to fail');
  if (texts[0] === 'fail twice' && (context.retryContext?.retryCount ?? 0) < 2) throw new Error('told to fail twice');
  if (texts[0] === 'hang' && process.env.HANG === '1') await new Promise(() => undefined);
  if (texts[0] === 'outlast the stop') {
    await once(process, 'SIGTERM');
    await setImmediate();
  }
}

if (process.env.HUB !== undefined) {
  const options = {
    connection: 'HUB',
    eventHubName: '%HUB_NAME%',
    cardinality: process.env.CARDINALITY ?? 'many',
    ...(process.env.DATA_TYPE === 'none' ? {} : { dataType: process.env.DATA_TYPE ?? 'binary' }),
    ...(process.env.RETRY === undefined ? {} : { retry: JSON.parse(process.env.RETRY) }),
    handler: take,
  };
  app.eventHub('ingest', options);
}
