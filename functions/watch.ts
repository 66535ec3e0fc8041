import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

app.timer('watch', {
  schedule: '%WATCH_SCHEDULE%',
  handler: async (_timer, context) => {
    await auditseal.watch(hostLog(context));
  },
});
