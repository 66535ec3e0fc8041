import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

// Its queue is the host's own, so that nobody but the app has a right on it.
app.storageQueue('recheck', {
  connection: 'AzureWebJobsStorage',
  queueName: '%RECHECK_QUEUE%',
  handler: async (message, context) => {
    await auditseal.recheck(message, hostLog(context));
  },
});
