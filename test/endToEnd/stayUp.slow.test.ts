import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUntil } from '../support/started.ts';
import type { Started } from '../support/started.ts';

let folder = '';
let started: Started | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(async () => {
  started?.kill();
  await rm(folder, { recursive: true, force: true });
});

test.each(['Sending', 'Tampering'])('interrupted at %s it ends at once and leaves nothing', async (step) => {
  const running = (started = await startUntil(step, folder, '--once'));
  expect(await running.interrupt()).toBe(130);
  expect(running.told()).toMatch(/\nStopping\n$/);
  expect(await readdir(folder)).toEqual([]);
});
