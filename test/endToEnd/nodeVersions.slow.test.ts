import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBodies, sendBodies } from '../../local/demo/feed.ts';
import { Sealing } from '../../local/demo/sealing.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import { APP_NODE_VERSION, APP_NODE_VERSIONS } from '../../tools/appRuntime.ts';
import { nodeOfMajor } from '../support/nodeVersions.ts';
import { ROOT } from '../support/program.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the Node that is deployed by default is one of those that may be asked for', () => {
  expect(APP_NODE_VERSIONS).toContain(APP_NODE_VERSION);
});

test.each(APP_NODE_VERSIONS)(
  'under Node %s the package is made, loads, seals, integrates and verifies',
  async (major) => {
    const node = nodeOfMajor(major);
    if (node === undefined) {
      process.stderr.write(`test/endToEnd: npm has no Node ${major} for this machine, so the package wasn't tried\n`);
      expect(process.env['CI'] ?? '').toBe('');
      return;
    }
    const appDir = join(folder, major);
    const make = `import('./tools/appPackage.ts').then(({ writePackage }) => writePackage(${JSON.stringify(appDir)}))`;
    execFileSync(node, ['--disable-warning=ExperimentalWarning', '-e', make], { cwd: ROOT });

    const stack = await startStack({ appDir, partitions: 2, settings: NO_TIMERS, node });
    try {
      const sealing = new Sealing(() => {});
      const host = await stack.startHost((line) => sealing.add(line));
      expect(host.functions.toSorted()).toEqual([
        'evidence',
        'forward',
        'ingest',
        'integrate',
        'log',
        'posture',
        'recheck',
        'verify',
        'watch',
      ]);
      const bodies = await readBodies(join(ROOT, 'local', 'examples'), true);
      const { last } = await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, 1, () => {});
      await sealing.until(last);
      for (const timer of ['integrate', 'verify', 'integrate']) {
        const { outcome, error } = await host.runTimer(timer);
        expect([timer, outcome, error?.message]).toEqual([timer, 'succeeded', undefined]);
      }
      const checkpoint = await fetch(`${host.httpUrl}/api/log/checkpoint`);
      expect(checkpoint.status).toBe(200);
      expect(await host.stop()).toBe(0);
    } finally {
      await stack.close();
    }
  },
  300_000,
);
