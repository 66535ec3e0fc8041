import { app } from '@azure/functions';

async function tell(timer, context) {
  context.info(JSON.stringify({ timer }));
}

if (process.env.TICK !== undefined) app.timer('tick', { schedule: '%TICK%', handler: tell });
app.timer('nightly', { schedule: '0 0 3 * * *', handler: tell });
app.timer('atStart', { schedule: '0 0 3 1 1 *', runOnStartup: true, useMonitor: false, handler: tell });
