import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import type { Ingestion } from '../../local/ingestion/ingestion.ts';
import { HUB_NAME, NO_TIMERS, TLOG_CONTAINER, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { readReferenceSegment } from '../support/referenceLedger.ts';
import { inProcess } from '../support/program.ts';
import { command as proveCommand } from '../../src/cli/commands/prove.ts';
import { writePackage } from '../../tools/appPackage.ts';

const PARTITIONS = 2;
let app = '';
let stack: Stack;
let service: Ingestion;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  await writePackage(app);
});
beforeEach(async () => {
  stack = await startStack({ appDir: app, partitions: PARTITIONS, hasIngestion: true, settings: NO_TIMERS });
  service = stack.ingestion as Ingestion;
});
afterEach(() => stack.close());
afterAll(() => rm(app, { recursive: true, force: true }));

const filler = (text: string): string =>
  Array.from({ length: 64 }, (_, i) => createHash('sha256').update(`${text}/${i}`).digest('hex')).join('');

async function send(from: number, to: number): Promise<void> {
  const producer = new EventHubProducerClient(stack.hub.connectionString(), HUB_NAME);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const events = Array.from({ length: to - from }, (_, i) => ({
      body: { records: [{ category: 'AuditEvent', n: from + i, filler: filler(`${partition}/${from + i}`) }] },
    }));
    await producer.sendBatch(events, { partitionId: String(partition) });
  }
  await producer.close();
}

/** Sealed follows how far hosts have sealed each partition. */
class Sealed {
  readonly #last = new Map<string, number>();
  readonly #checks = new Set<() => void>();

  add = (line: HostLine): void => {
    if (line.type === 'invocation' && line.function === 'ingest' && line.outcome === 'succeeded' && line.delivery)
      this.#last.set(line.delivery.partitionId, line.delivery.lastSequenceNumber);
    for (const check of this.#checks) check();
  };

  until(last: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        const isThere = Array.from({ length: PARTITIONS }, (_, p) => (this.#last.get(String(p)) ?? -1) >= last);
        if (isThere.every(Boolean)) resolve();
      };
      this.#checks.add(check);
      check();
    });
  }
}

/** reference gives the leaf hash of every record that is sealed, by its key, from the stored bytes alone. */
async function reference(): Promise<Map<string, string>> {
  const [key = ''] = stack.verifierKeys;
  const ledger = key.split('+')[0] as string;
  const found = new Map<string, string>();
  for await (const { name } of stack.owner.listBlobsFlat({ prefix: 'segments/' })) {
    const stored = await stack.owner.getBlobClient(name).downloadToBuffer();
    const { header, records } = readReferenceSegment(stored, name, { ledger, keys: stack.verifierKeys });
    for (const { line, seal } of records) {
      const hash = createHash('sha256').update(Buffer.concat([Buffer.of(0), line]));
      found.set(`${ledger} ${header.partition} ${seal.record}`, hash.digest('hex'));
    }
  }
  return found;
}

/** forwarded gives the same of what came, and how many rows were more than one of their key. */
function forwarded(): { readonly rows: Map<string, string>; readonly duplicates: number } {
  const rows = new Map<string, string>();
  let duplicates = 0;
  for (const row of service.rows) {
    if (row['Kind'] !== 'record') continue;
    const key = [row['Origin'], row['Partition'], row['Record']].join(' ');
    if (rows.has(key)) duplicates += 1;
    expect(rows.get(key) ?? row['RecordHash']).toBe(row['RecordHash']);
    rows.set(key, String(row['RecordHash']));
  }
  return { rows, duplicates };
}

const sorted = (rows: ReadonlyMap<string, string>): [string, string][] =>
  [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1));

test('killed again and again while it forwards and others seal: nothing is missing, and a hit leads to its proof', async () => {
  const sealed = new Sealed();
  // Sealed by one app, handed on by another, as a deployment has it.
  const sealer = await stack.startHost(sealed.add, { 'AzureWebJobs.forward.Disabled': 'true' });
  const startAuditor = (): Promise<HostProcess> =>
    stack.startHost(undefined, { 'AzureWebJobs.ingest.Disabled': 'true' });
  let killed = 0;
  for (let round = 0; round < 4; round++) {
    await send(round * 150, (round + 1) * 150);
    await sealed.until((round + 1) * 150 - 1);
    expect((await sealer.runTimer('integrate')).outcome).toBe('succeeded');
    const auditor = await startAuditor();
    let requests = 0;
    service.fault = () => {
      requests += 1;
      // Before or after the rows are taken.
      if (requests !== round + 1) return undefined;
      auditor.kill();
      return { ends: round % 2 === 0 ? 'after' : 'before' };
    };
    // It fails when its host is gone.
    await expect(auditor.runTimer('forward')).rejects.toThrow(/host ended|fetch failed|terminated|socket/);
    expect(await auditor.exited).not.toBe(0);
    killed += 1;
  }
  expect(killed).toBe(4);
  service.fault = () => undefined;
  const two = await Promise.all([startAuditor(), startAuditor()]);
  await Promise.all([...two, ...two].map((auditor) => auditor.runTimer('forward')));
  const wanted = await reference();
  expect(wanted.size).toBe(PARTITIONS * 600);
  const { rows, duplicates } = forwarded();
  expect(sorted(rows)).toEqual(sorted(wanted));
  expect(duplicates).toBeGreaterThan(0);

  const hit = service.rows.find((row) => row['Kind'] === 'record' && row['Partition'] === '1' && row['Record'] === 321);
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-hit-'));
  const evidence = join(folder, 'evidence.json');
  const place = ['--partition', String(hit?.['Partition']), '--record', String(hit?.['Record'])];
  const { code, out } = await inProcess(() =>
    proveCommand.run([
      stack.sasUrl('rl'),
      ...place,
      '--tlog',
      stack.sasUrl('rl', TLOG_CONTAINER),
      '--key',
      stack.verifierKeys.join(','),
      '--out',
      evidence,
    ]),
  );
  expect([code, out]).toEqual([0, '']);
  const { line } = JSON.parse(await readFile(evidence, 'utf8')) as { readonly line: string };
  await rm(folder, { recursive: true });
  expect(line).toBe(hit?.['Raw']);
});
