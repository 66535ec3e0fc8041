import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { previousRunOf } from '../src/adapters/timerTrigger.ts';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

app.timer('verify', {
  schedule: '%VERIFY_SCHEDULE%',
  handler: async (timer, context) => {
    await auditseal.verify(hostLog(context), previousRunOf(timer));
  },
});
