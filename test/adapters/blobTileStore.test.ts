import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { MAX_NOTE_BYTES } from '../../src/core/note/note.ts';
import type { TileInfo } from '../../src/ports/store.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { coded } from '../support/logVectors.ts';

let stack: Stack;
let tiles: BlobTileStore;

beforeAll(async () => {
  stack = await startStack();
  await stack.container('tlog').create();
  tiles = new BlobTileStore(stack.sasContainer('tlog', 'rcwld'));
});
afterAll(() => stack.close());

const listed = async (): Promise<TileInfo[]> => {
  const files: TileInfo[] = [];
  for await (const file of tiles.list('')) files.push(file);
  return files;
};

test('a file is removed unless it has been written since it was listed', async () => {
  await tiles.write('index/units/a', Buffer.from('one'));
  const [file] = await listed();
  expect(Math.abs((file?.written ?? 0) - Date.now())).toBeLessThan(60_000);
  // Azure's times are of whole seconds.
  await tiles.remove({ name: 'index/units/a', written: (file?.written ?? 0) - 1000 });
  expect(await tiles.read('index/units/a')).toEqual(Buffer.from('one'));
  await tiles.remove(file as TileInfo);
  await tiles.remove(file as TileInfo);
  expect(await listed()).toEqual([]);
});

test('a part of a file that has more bytes than any file of its name may is not read', async () => {
  await tiles.write('checkpoint', Buffer.alloc(MAX_NOTE_BYTES + 10, 'x'));
  expect(await tiles.readPart('checkpoint', 5, 2 ** 32)).toBe('too-large');
  expect(await tiles.readPart('checkpoint', 15, 2 ** 32)).toEqual(Buffer.alloc(MAX_NOTE_BYTES - 5, 'x'));
  await tiles.remove((await listed())[0] as TileInfo);
});

test('without the right to delete, the file stays and the fault says what is missing', async () => {
  await tiles.write('index/units/a', Buffer.from('one'));
  const [file] = await listed();
  const refused = new BlobTileStore(stack.sasContainer('tlog', 'rcwl'));
  await expect(refused.remove(file as TileInfo)).rejects.toMatchObject({
    code: 'STORE_REFUSED',
    message: expect.stringContaining('the identity needs the right to delete there') as unknown,
  });
  const gone = new BlobTileStore(stack.container('nowhere'));
  await expect(gone.remove(file as TileInfo)).rejects.toEqual(coded('STORE_REFUSED'));
  expect(await listed()).toHaveLength(1);
});
