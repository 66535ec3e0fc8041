import { QueueServiceClient } from '@azure/storage-queue';
import type { QueueClient } from '@azure/storage-queue';
import { describeFunctions } from '../../../local/host/functionSpec.ts';
import type { HostLine } from '../../../local/host/client.ts';
import { startStack } from './support.ts';
import type { Stack } from './support.ts';

// What the extension for Storage queues does with messages, by the client that the app has.

let stack: Stack;
let service: QueueServiceClient;
beforeAll(async () => {
  stack = await startStack(1);
  service = QueueServiceClient.fromConnectionString(stack.storage);
});
afterAll(() => stack.close());

const OPTIONS = 'AzureFunctionsJobHost__extensions__queues__';
const QUICK = { [`${OPTIONS}maxPollingInterval`]: '00:00:00.2' };

interface Taken {
  readonly took: unknown;
  readonly running: number;
  readonly count: number;
}

const takenIn = (lines: readonly HostLine[]): Taken[] =>
  lines.flatMap((line) =>
    line.type === 'log' && line.message.startsWith('{"took"') ? [JSON.parse(line.message) as Taken] : [],
  );

async function queueOf(name: string): Promise<{ readonly queue: QueueClient; readonly poison: QueueClient }> {
  const queue = service.getQueueClient(name);
  await queue.create();
  return { queue, poison: service.getQueueClient(`${name}-poison`) };
}

const send = (queue: QueueClient, text: string): Promise<unknown> =>
  queue.sendMessage(Buffer.from(text).toString('base64'));

const left = async (queue: QueueClient): Promise<number> =>
  (await queue.getProperties()).approximateMessagesCount ?? NaN;

test('hands out what is in a queue, JSON as what it says, and removes it', async () => {
  const { queue } = await queueOf('words');
  await send(queue, 'text');
  await send(queue, '{"a":[1]}');
  const host = await stack.host({ ...QUICK, QUEUE: 'words' });
  await host.until((lines) => takenIn(lines).length === 2);
  expect(takenIn(host.lines).map(({ took, count }) => [took, count])).toEqual(
    expect.arrayContaining([
      ['text', 1],
      [{ a: [1] }, 1],
    ]),
  );
  expect(await host.stop()).toBe(0);
  expect(await left(queue)).toBe(0);
});

test('waits for a queue that is not there yet', async () => {
  const host = await stack.host({ ...QUICK, QUEUE: 'later' });
  const { queue } = await queueOf('later');
  await send(queue, 'text');
  await host.until((lines) => takenIn(lines).length === 1);
  await host.stop();
});

test('tries what fails as often as host.json says, and then puts it into the poison queue', async () => {
  const { queue, poison } = await queueOf('failing');
  await send(queue, 'fail');
  const host = await stack.host({ ...QUICK, QUEUE: 'failing', [`${OPTIONS}maxDequeueCount`]: '3' });
  await host.until((lines) => takenIn(lines).length === 3);
  expect(takenIn(host.lines).map(({ count }) => count)).toEqual([1, 2, 3]);
  expect(await host.stop()).toBe(0);
  const { peekedMessageItems } = await poison.peekMessages();
  expect(peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())).toEqual(['fail']);
  expect(await left(queue)).toBe(0);
});

test('puts what is no Base64 there at once, and calls nobody', async () => {
  const { queue, poison } = await queueOf('encoded');
  await queue.sendMessage('no Base64!');
  await send(queue, 'text');
  const host = await stack.host({ ...QUICK, QUEUE: 'encoded' });
  await host.until((lines) => takenIn(lines).length === 1);
  expect(await host.stop()).toBe(0);
  expect(takenIn(host.lines).map(({ took }) => took)).toEqual(['text']);
  expect((await poison.peekMessages()).peekedMessageItems.map(({ messageText }) => messageText)).toEqual([
    'no Base64!',
  ]);
});

test('works on no more messages at a time than batchSize and newBatchThreshold say', async () => {
  const { queue } = await queueOf('alone');
  for (let i = 0; i < 4; i++) await send(queue, '{"waitMs":50}');
  const one = { [`${OPTIONS}batchSize`]: '1', [`${OPTIONS}newBatchThreshold`]: '0' };
  const host = await stack.host({ ...QUICK, ...one, QUEUE: 'alone' });
  await host.until((lines) => takenIn(lines).length === 4);
  expect(takenIn(host.lines).map(({ running }) => running)).toEqual([1, 1, 1, 1]);
  await host.stop();
});

test('a message that takes long stays hidden from others, and one of a killed host comes again', async () => {
  const { queue } = await queueOf('hidden');
  await send(queue, '{"waitMs":13000}');
  const first = await stack.host({ ...QUICK, QUEUE: 'hidden' });
  await first.until((lines) => takenIn(lines).length === 1);
  const second = await stack.host({ ...QUICK, QUEUE: 'hidden' });
  await first.until((lines) => lines.some((line) => line.type === 'invocation' && line.function === 'work'));
  expect(takenIn(second.lines)).toEqual([]);
  await send(queue, '{"waitMs":60000}');
  const whoTook = await Promise.race(
    [first, second].map(async (host) => {
      const before = takenIn(host.lines).length;
      await host.until((lines) => takenIn(lines).length > before);
      return host;
    }),
  );
  const other = whoTook === first ? second : first;
  const before = takenIn(other.lines).length;
  whoTook.kill();
  await other.until((lines) => takenIn(lines).length > before);
  expect(takenIn(other.lines).at(-1)).toMatchObject({ took: { waitMs: 60_000 }, count: 2 });
  other.kill();
});

test.each([
  ['a queue whose name is none', { connection: 'AzureWebJobsStorage', queueName: 'Upper' }, 'is no name of a queue'],
  ['a connection that is not set', { connection: 'OTHER', queueName: 'work' }, 'OTHER__queueServiceUri'],
])('refuses %s', (_what, binding, why) => {
  const bindings = { message: { type: 'queueTrigger', direction: 'in' as const, ...binding } };
  const settings = { AzureWebJobsStorage: 'UseDevelopmentStorage=true' };
  expect(() =>
    describeFunctions([{ metadata: { name: 'work', bindings }, handler: () => {} }], settings, 'api'),
  ).toThrow(why);
});
