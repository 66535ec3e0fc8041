import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { BlobServiceClient } from '@azure/storage-blob';
import { startHost } from '../../local/host/client.ts';
import { buildHubClient, dotnetAdvice, hasDotnet, startHubClient } from '../interop/hubClientProgram.ts';
import { ROOT, runNode } from '../support/program.ts';

const isDotnetHere = hasDotnet();
let folder = '';
let hubClient = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  if (isDotnetHere) hubClient = buildHubClient(folder);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a .NET SDK is at hand where everything is checked', () => {
  if (isDotnetHere) return;
  process.stderr.write(`test/endToEnd: ${dotnetAdvice}\n`);
  expect(process.env['CI'] ?? '').toBe('');
});

test('local.settings.example.json works as it is with npm start -- --serve, for the client of `func start` too', async () => {
  const serving = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'local/start.ts', '--serve'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => serving.on('close', resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      serving.stdout.setEncoding('utf8').on('data', (text: string) => text.includes('func start') && resolve());
      serving.on('close', (code) => reject(new Error(`--serve ended with ${code}`)));
    });
    const { Values: settings } = JSON.parse(await readFile(join(ROOT, 'local.settings.example.json'), 'utf8')) as {
      Values: Record<string, string>;
    };
    const sealed = Promise.withResolvers<void>();
    const host = await startHost({
      appDir: ROOT,
      settings,
      onLine: (line) => {
        if (line.type === 'invocation' && line.function === 'ingest' && line.outcome === 'succeeded') sealed.resolve();
      },
    });
    expect(host.functions.toSorted()).toEqual(['evidence', 'ingest', 'integrate', 'log', 'recheck', 'verify', 'watch']);
    const producer = new EventHubProducerClient(settings['HUB'] as string, settings['HUB_NAME'] as string);
    await producer.sendBatch([{ body: { records: [{ from: 'func start' }] } }], { partitionId: '0' });
    await producer.close();
    await sealed.promise;
    const ledger = BlobServiceClient.fromConnectionString(settings['LEDGER'] as string);
    const segment = ledger
      .getContainerClient(settings['LEDGER_CONTAINER'] as string)
      .getBlobClient('segments/0/000000000000.jsonl.zst');
    expect(await segment.exists()).toBe(true);
    expect(await host.stop()).toBe(0);
    if (isDotnetHere) {
      const hub = { HUB: settings['HUB'] as string, HUB_NAME: settings['HUB_NAME'] as string };
      const sending = startHubClient(hubClient, hub, ['send', '1', 'from .NET']);
      expect(await sending.ended).toBe(0);
      const reading = startHubClient(hubClient, hub, ['process', settings['HUB_CONSUMER_GROUP'] as string, '2']);
      expect(await reading.ended).toBe(0);
      const bodies = reading.lines.map((line) =>
        line.type === 'event' ? Buffer.from(line.body, 'base64').toString() : '',
      );
      expect(new Set(bodies)).toEqual(new Set(['from .NET', '{"records":[{"from":"func start"}]}']));
    }
  } finally {
    serving.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
}, 120_000);

test('a port that --serve needs and another program has is named, with what to do', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(10_000, '127.0.0.1', resolve));
  const { code, stdout, stderr } = await runNode(['local/start.ts', '--serve']);
  await new Promise((resolve) => server.close(resolve));
  expect({ code, stdout }).toEqual({ code: 70, stdout: '' });
  expect(stderr).toMatch(
    /^auditseal: port 10000 of 127\.0\.0\.1 is taken, and --serve needs it.*End the program that has it/,
  );
  expect(stderr).not.toMatch(/^\s+at /m);
});
