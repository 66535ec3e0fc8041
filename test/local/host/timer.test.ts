import { createTimerStatusStore } from '../../../local/host/timerStatus.ts';
import { hostContainerOf, invocationsOf, startStack, timersOf } from './support.ts';
import type { Stack } from './support.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack(1);
});
afterAll(() => stack.close());

const ENABLED = { 'AzureWebJobs.nightly.Disabled': '0', 'AzureWebJobs.atStart.Disabled': '0' };

test('fires at the start when it is told to', async () => {
  const host = await stack.host({ ...ENABLED, AzureFunctionsWebHost__hostid: 'start' });
  await host.until((lines) => invocationsOf(lines, 'atStart').length === 1);
  expect(timersOf(host.lines, 'atStart')).toEqual([
    { schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false },
  ]);
  await host.stop();
});

test('runs a timer on demand and remembers when it is due', async () => {
  const host = await stack.host({ ...ENABLED, AzureFunctionsWebHost__hostid: 'manual' });
  await host.until((lines) => invocationsOf(lines, 'atStart').length === 1);
  const line = await host.runTimer('nightly');
  expect(line).toMatchObject({ function: 'nightly', outcome: 'succeeded' });
  expect(timersOf(host.lines, 'nightly')).toHaveLength(1);
  await expect(host.runTimer('missing')).rejects.toThrow('HTTP 404');
  await host.stop();
});

test('tells that it is past due after a time without a host', async () => {
  const container = hostContainerOf(stack);
  await container.createIfNotExists();
  const statuses = createTimerStatusStore(container, 'late');
  const lastMs = Date.now() - 3 * 86_400_000;
  await statuses.replace('nightly', { lastMs, nextMs: lastMs + 1, updatedMs: lastMs });
  const host = await stack.host({ ...ENABLED, AzureFunctionsWebHost__hostid: 'late' });
  await host.until((lines) => invocationsOf(lines, 'nightly').length === 1);
  expect(timersOf(host.lines, 'nightly')).toMatchObject([
    { isPastDue: true, scheduleStatus: { last: new Date(lastMs).toISOString().replace('Z', '+00:00') } },
  ]);
  expect(await host.stop()).toBe(0);
  const after = await statuses.read('nightly');
  expect(after?.lastMs).toBeGreaterThan(lastMs);
  expect(new Date(after?.nextMs ?? 0).toISOString()).toMatch(/T03:00:00\.000Z$/);
});
