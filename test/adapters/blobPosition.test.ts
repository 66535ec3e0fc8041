import { BlobPosition } from '../../src/adapters/blobPosition.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';

const LEDGER = 'logs.example.com/a ledger';
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

test('a position is replaced by whoever knows what is stored, and by nobody else', async () => {
  const container = stack.container('positions');
  const [one, other] = [new BlobPosition(container, LEDGER, 100), new BlobPosition(container, LEDGER, 100)];
  expect(await one.read()).toBeUndefined();
  const first = await one.replace(undefined, Buffer.from('first'));
  expect(first).toEqual(expect.any(String));
  expect(await other.replace(undefined, Buffer.from('too late'))).toBeUndefined();
  expect(await other.read()).toEqual({ bytes: Buffer.from('first'), version: first });
  const second = await other.replace(first, Buffer.from('second'));
  expect(await one.replace(first, Buffer.from('back'))).toBeUndefined();
  expect(await one.read()).toEqual({ bytes: Buffer.from('second'), version: second });
  expect(await new BlobPosition(container, 'another', 100).read()).toBeUndefined();
});

test('what somebody else put there is given as it is, unless it is too large', async () => {
  const container = stack.container('changed');
  const position = new BlobPosition(container, LEDGER, 100);
  await position.replace(undefined, Buffer.from('x'));
  const { value: blob } = await container.listBlobsFlat().next();
  const client = container.getBlockBlobClient(blob.name);
  await client.upload('', 0);
  expect(await position.read()).toMatchObject({ bytes: Buffer.alloc(0) });
  await client.upload('y'.repeat(101), 101);
  expect(await position.read()).toBe('too-large');
});

test('without rights, the fault names the blob and not the token', async () => {
  await stack.container('closed').create();
  const position = new BlobPosition(stack.sasContainer('closed', 'r'), LEDGER, 100);
  const fault = {
    code: 'STORE_REFUSED',
    message: expect.stringMatching(/^auditseal-forward\/[0-9a-f]{64}\.json: 403 \w+$/) as unknown,
  };
  await expect(position.replace(undefined, Buffer.from('x'))).rejects.toMatchObject(fault);
});
