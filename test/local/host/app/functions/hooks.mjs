import { app } from '@azure/functions';

if (process.env.HOOKS === '1') {
  app.hook.appStart(() => console.log('hook appStart'));
  app.hook.appTerminate(() => console.log('hook appTerminate'));
  app.hook.preInvocation((context) => {
    context.hookData.name = context.invocationContext.functionName;
  });
  app.hook.postInvocation((context) => {
    const error = context.error === null ? 'none' : context.error.message;
    console.log(`hook ${String(context.hookData.name)} error ${error}`);
  });
}
if (process.env.BAD === 'throw') throw new Error('told not to load');
if (process.env.BAD === 'topic')
  app.serviceBusQueue('topic', { connection: 'X', queueName: 'q', handler: () => undefined });
if (process.env.BAD === 'schedule') app.timer('never', { schedule: '0 0 0 30 2 *', handler: () => undefined });
if (process.env.BAD === 'stream') app.setup({ enableHttpStream: true });
if (process.env.BAD === 'late') setTimeout(() => Promise.reject(new Error('nobody catches this')), 10);
