import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const auditor = theApp();

app.timer('posture', {
  schedule: '%POSTURE_SCHEDULE%',
  handler: async (_timer, context) => {
    await auditor.posture(hostLog(context));
  },
});
