import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

app.timer('verify', {
  schedule: '%VERIFY_SCHEDULE%',
  handler: async (_timer, context) => {
    await auditseal.verify(hostLog(context));
  },
});
