import { hostContainerOf, invocationsOf, startStack, timersOf } from './support.ts';
import type { Stack } from './support.ts';

// What two hosts make of a timer that fires each second, and of a lease. The rest is in timer.test.ts.

let stack: Stack;
beforeAll(async () => {
  stack = await startStack(1);
});
afterAll(() => stack.close());

test('fires by its schedule on one host at a time, and moves when that host stops', async () => {
  const settings = { TICK: '* * * * * *', AzureFunctionsWebHost__hostid: 'shared' };
  const first = await stack.host(settings);
  await first.until((lines) => invocationsOf(lines, 'tick').length >= 1);
  const second = await stack.host(settings);
  await first.until((lines) => invocationsOf(lines, 'tick').length >= 3);
  expect(invocationsOf(second.lines, 'tick')).toHaveLength(0);
  expect(await first.stop()).toBe(0);
  await second.until((lines) => invocationsOf(lines, 'tick').length >= 2);
  expect(await second.stop()).toBe(0);
  expect(timersOf(second.lines, 'tick')[0]).toEqual({
    schedule: { adjustForDST: true },
    scheduleStatus: null,
    isPastDue: false,
  });
});

test('leaves a timer to another host when its lease is lost', async () => {
  const settings = { TICK: '* * * * * *', AzureFunctionsWebHost__hostid: 'broken' };
  const first = await stack.host(settings);
  await first.until((lines) => invocationsOf(lines, 'tick').length >= 1);
  const second = await stack.host(settings);
  await hostContainerOf(stack)
    .getBlobClient('locks/broken/Host.Functions.tick.Listener')
    .getBlobLeaseClient()
    .breakLease(0);
  // The first host finds out when it renews the lease.
  await second.until((lines) => invocationsOf(lines, 'tick').length >= 6);
  const fired = invocationsOf(first.lines, 'tick').length;
  await second.until((lines) => invocationsOf(lines, 'tick').length >= 8);
  expect(invocationsOf(first.lines, 'tick')).toHaveLength(fired);
  expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
});
