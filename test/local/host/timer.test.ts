import { BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { createTimerStatusStore } from '../../../local/host/timerStatus.ts';
import type { HostLine } from '../../../local/host/client.ts';
import { invocationsOf, startStack } from './support.ts';
import type { Stack } from './support.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack(1);
});
afterAll(() => stack.close());

const ENABLED = { 'AzureWebJobs.nightly.Disabled': '0', 'AzureWebJobs.atStart.Disabled': '0' };

const containerOf = ({ storage }: Stack): ContainerClient =>
  BlobServiceClient.fromConnectionString(storage).getContainerClient('azure-webjobs-hosts');

const timersOf = (lines: readonly HostLine[], name: string): unknown[] =>
  lines
    .filter((line) => line.type === 'log')
    .filter((line) => line.function === name)
    .map((line) => JSON.parse(line.message).timer);

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
  await containerOf(stack)
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
  const container = containerOf(stack);
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
