import { BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { startAzurite } from '../../local/azurite.ts';
import { BlobTriggerPosition, triggerPositionOf } from '../../src/adapters/triggerPosition.ts';
import type { Passed } from '../../src/ports/trigger.ts';

const KEY = Buffer.from('a key of the tests, thirty-two b').toString('base64');
const NAME = 'ns.example.net/audit/ingest/checkpoint/3';
const BEFORE = '2026-01-01T00:00:00.000Z';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let text = '';
let container: ContainerClient;

beforeAll(async () => {
  azurite = await startAzurite({ account: 'hoststore', key: KEY });
  text = `DefaultEndpointsProtocol=http;AccountName=hoststore;AccountKey=${KEY};BlobEndpoint=${azurite.url}/hoststore;`;
  container = BlobServiceClient.fromConnectionString(text).getContainerClient('azure-webjobs-eventhub');
  await container.create();
});
afterAll(() => azurite.close());
afterEach(() => container.getBlobClient(NAME).deleteIfExists());

const position = (): BlobTriggerPosition =>
  new BlobTriggerPosition(() => Promise.resolve(container), 'NS.example.net/Audit/ingest');

const passed = (changes: Partial<Passed> = {}): Passed => ({
  sequenceNumber: 20,
  offset: '2048',
  created: BEFORE,
  last: 30,
  ...changes,
});

const put = (sequencenumber: number, offset = '1'): Promise<unknown> =>
  container.getBlockBlobClient(NAME).upload('', 0, {
    metadata: { sequencenumber: String(sequencenumber), offset, clientidentifier: 'host' },
  });

const metadata = async (): Promise<unknown> => (await container.getBlobClient(NAME).getProperties()).metadata;

const AHEAD = new Date(Date.now() + 3_600_000).toISOString();

test.each<[string, number, Partial<Passed>, boolean]>([
  ['is set where it is behind', 10, {}, true],
  ['stays where it is there', 20, {}, false],
  ['stays where it is beyond', 25, {}, false],
  ['is set back where it is beyond what this hub ever had: it is of another one', 31, {}, true],
  ['is set back where it was written before this hub was created', 25, { created: AHEAD }, true],
])('it %s', async (_what, at, changes, isMoved) => {
  await put(at);
  expect(await position().pass('3', passed(changes))).toBe(isMoved ? 'moved' : 'unchanged');
  expect(await metadata()).toEqual({
    sequencenumber: isMoved ? '20' : String(at),
    offset: isMoved ? '2048' : '1',
    clientidentifier: 'host',
  });
});

test('where the host keeps none yet, it is made, so that it doesn’t begin with what it can’t deliver', async () => {
  expect(await position().pass('3', passed())).toBe('moved');
  expect(await metadata()).toEqual({ sequencenumber: '20', offset: '2048' });
});

test('where no host has run yet, nothing is made', async () => {
  const other = BlobServiceClient.fromConnectionString(text).getContainerClient('not-there');
  expect(await new BlobTriggerPosition(() => Promise.resolve(other), 'ns/hub/group').pass('3', passed())).toBe(
    'unchanged',
  );
});

test('one that says nothing of numbers is set', async () => {
  await container.getBlockBlobClient(NAME).upload('', 0, { metadata: { offset: '5' } });
  expect(await position().pass('3', passed())).toBe('moved');
  expect(await metadata()).toEqual({ sequencenumber: '20', offset: '2048' });
});

describe('faults name what is wrong', () => {
  const connection = { kind: 'connectionString', text: 'Endpoint=sb://NS.example.net/;SharedAccessKey=x' } as const;
  const hub = { connection, hubName: 'Audit', consumerGroup: 'repair', stuckMinutes: 10 };

  test('the settings that say where the host keeps its positions', async () => {
    const nowhere = triggerPositionOf({ ...hub, trigger: { consumerGroup: 'ingest' } });
    await expect(nowhere.pass('3', passed())).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('AzureWebJobsStorage'),
    });
  });

  test('a key that opens nothing', async () => {
    const other = Buffer.from('another key of theirs, thirty-tw').toString('base64');
    const storage = { kind: 'connectionString', text: text.replace(KEY, other) } as const;
    const refused = triggerPositionOf({ ...hub, trigger: { consumerGroup: 'ingest', storage } });
    const fault: Error = await refused.pass('3', passed()).then(
      () => new Error('it was set'),
      (error: Error) => error,
    );
    expect(fault).toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining(NAME) });
    expect(fault.message).not.toContain(other);
  });

  test('the right one is found by the settings of the hub', async () => {
    await put(10);
    const storage = { kind: 'connectionString', text } as const;
    const right = triggerPositionOf({ ...hub, trigger: { consumerGroup: 'ingest', storage } });
    expect(await right.pass('3', passed())).toBe('moved');
  });
});
