import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

app.timer('forward', {
  schedule: '%FORWARD_SCHEDULE%',
  handler: async (_timer, context) => {
    await auditseal.forward(hostLog(context));
  },
});
