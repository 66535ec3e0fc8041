import type { ContainerClient } from '@azure/storage-blob';
import { BlobServiceClient } from '@azure/storage-blob';
import { readBodies, sendBodies } from '../../local/demo/feed.ts';
import { Sealing } from '../../local/demo/sealing.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import { parseReport } from '../../src/core/objects/reportFile.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { join } from 'node:path';
import { deriveLog, expectWholeLog, namesIn } from '../support/deriveLog.ts';
import { ROOT } from '../support/program.ts';

const PARTITIONS = 3;
let stack: Stack;
beforeEach(async () => {
  // The tests run the timers when they want to.
  stack = await startStack({ appDir: ROOT, partitions: PARTITIONS, settings: NO_TIMERS });
});
afterEach(() => stack.close());

async function objectsOf(container: ContainerClient): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for await (const { name } of container.listBlobsFlat())
    objects.set(name, await container.getBlobClient(name).downloadToBuffer());
  return objects;
}

test('two hosts that integrate at once make one log, in which every segment and report is, and publish it', async () => {
  const sealing = new Sealing(() => {});
  const hosts = [
    await stack.startHost((line) => sealing.add(line)),
    await stack.startHost((line) => sealing.add(line)),
  ];
  const tlog = BlobServiceClient.fromConnectionString(stack.settings['TLOG'] ?? '').getContainerClient('tlog');
  const key = parseSignerKey(stack.settings['LEDGER_SIGNER_KEY'] ?? '').verifierKey;
  const bodies = await readBodies(join(ROOT, 'local', 'examples'), true);
  let batches = 0;
  for (let round = 1; round <= 2; round++) {
    const feed = await sendBodies(stack.hub.connectionString(), HUB_NAME, bodies, 1, () => {});
    await sealing.until(feed.last);
    const runs = await Promise.all(hosts.map((host) => host.runTimer('integrate')));
    expect(runs.map(({ outcome, error }) => [outcome, error?.message])).toEqual(
      runs.map(() => ['succeeded', undefined]),
    );
    expect((await hosts[0]?.runTimer('verify'))?.outcome).toBe('succeeded');
    await hosts[round % 2]?.runTimer('integrate');

    const objects = await objectsOf(stack.owner);
    const log = deriveLog(objects, key);
    expectWholeLog(objects, log, ['0', '1', '2']);
    // Of the check, and of the status behind it.
    expect(namesIn(log).filter((name) => name.startsWith('report '))).toHaveLength(2 * round);
    expect(log.sizes.length).toBeGreaterThan(batches);
    batches = log.sizes.length;
    const report = parseReport(objects.get(reportName(2 * round - 2)) as Buffer);
    expect(report).toMatchObject({
      status: 'verified',
      findings: [],
      log: { entriesCompared: expect.any(Number) as number },
    });
    expect(report.log?.checkpoints).toBeGreaterThan(0);
    expect(report.log?.signatures).toBeGreaterThan(0);
    expect(report.log?.tiles).toBeGreaterThan(0);
    const tiles = await objectsOf(tlog);
    const newest = objects.get(`checkpoints/${String(batches - 1).padStart(12, '0')}`) as Buffer;
    expect(tiles.get('checkpoint')).toEqual(newest);
    expect(parseNote(newest).text.split('\n')[1]).toBe(String(log.entries.length));
    expect(tiles.has(`tile/entries/000.p/${log.entries.length}`)).toBe(true);
  }
  // Nothing new, nothing written.
  await hosts[0]?.runTimer('integrate');
  expect((await objectsOf(stack.owner)).has(`batches/${String(batches).padStart(12, '0')}.jsonl`)).toBe(false);
});
