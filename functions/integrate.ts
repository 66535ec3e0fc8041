import { app } from '@azure/functions';
import { hostLog } from '../src/adapters/hostLog.ts';
import { theApp } from '../src/app.ts';

const sequencer = theApp();

app.timer('integrate', {
  schedule: '%INTEGRATE_SCHEDULE%',
  handler: async (_timer, context) => {
    await sequencer.integrate(hostLog(context));
  },
});
