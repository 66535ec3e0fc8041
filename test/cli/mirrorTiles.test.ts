import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command as mirrorCommand } from '../../src/cli/commands/mirror.ts';
import { STORY, rewriteAll, says, sceneOf } from '../support/attackScene.ts';
import type { Scene } from '../support/attackScene.ts';
import { grow } from '../support/auditor.ts';
import { inProcess } from '../support/program.ts';

// The tiles of a mirror that somebody keeps, against whoever shows him the ledger later.

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const PUBLISHED = 'tlog/checkpoint';

async function write(place: string, { objects }: Scene): Promise<void> {
  await rm(join(folder, place), { recursive: true, force: true });
  for (const [name, bytes] of objects) {
    await mkdir(dirname(join(folder, place, name)), { recursive: true });
    await writeFile(join(folder, place, name), bytes);
  }
}

async function mirror(): Promise<{
  code: number;
  failed: readonly { readonly object: string; readonly why: string }[];
}> {
  const args = [join(folder, 'source'), join(folder, 'copy'), '--tlog', join(folder, 'source/tlog'), '--json'];
  const { code, out } = await inProcess(() => mirrorCommand.run(args));
  return { code, failed: (JSON.parse(out) as { failed: { object: string; why: string }[] }).failed };
}

/** tlog gives what the copy holds of the log's tiles. */
async function tlog(): Promise<Map<string, Buffer>> {
  const root = join(folder, 'copy', 'tlog');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(await Promise.all(files.map(async (path) => [path, await readFile(path)] as const)));
}

test('tiles and checkpoint of a log that has grown are copied', async () => {
  const scene = await sceneOf();
  await write('copy', scene);
  await grow(scene);
  await write('source', scene);
  expect(await mirror()).toEqual({ code: 0, failed: [] });
  expect(await readFile(join(folder, 'copy', PUBLISHED))).toEqual(scene.objects.get(PUBLISHED));
  expect(await mirror()).toEqual({ code: 0, failed: [] });
});

const OTHER = 'logs.example.com/other';
const [chain0, chain1] = STORY.chains;
const edited = chain0.with(2, says(999));

test.each<[string, RegExp, (scene: Scene) => Promise<unknown>]>([
  [
    'of another history',
    /does not continue/,
    async (scene) => {
      await rewriteAll(scene, { chains: [edited, chain1] });
      await grow(scene, 1, edited);
    },
  ],
  [
    'of another history of the same size',
    /does not continue/,
    (scene) => rewriteAll(scene, { chains: [edited, chain1] }),
  ],
  ['of an older state', /states 15 entries .* has one of 21 entries/, (scene) => rewriteAll(scene, { steps: 2 })],
  [
    'whose tiles do not prove that it continues',
    /nothing proves/,
    async (scene) => {
      await grow(scene);
      for (const name of scene.objects.keys())
        if (name.startsWith('tlog/tile/0/')) scene.objects.set(name, Buffer.alloc(9));
    },
  ],
  ['of another log', /of the log/, (scene) => rewriteAll(scene, { ledger: OTHER, seed: 3 })],
  ['that is none', /no checkpoint/, async ({ objects }) => Promise.resolve(objects.set(PUBLISHED, Buffer.from('x')))],
])('a checkpoint %s takes the place of nothing, nor do its tiles', async (_what, why, make) => {
  const scene = await sceneOf();
  await write('copy', scene);
  const before = await tlog();
  await make(scene);
  await write('source', scene);
  const { code, failed } = await mirror();
  expect(code).toBe(2);
  expect(failed.find(({ object }) => object === PUBLISHED)?.why).toMatch(why);
  expect(await tlog()).toEqual(before);
});

test('what stands in its place in the mirror and is none is left there', async () => {
  const scene = await sceneOf();
  await write('source', scene);
  await write('copy', { ...scene, objects: new Map(scene.objects).set(PUBLISHED, Buffer.from('mine')) });
  expect(await mirror()).toMatchObject({ code: 2, failed: [{ object: PUBLISHED }] });
  expect((await readFile(join(folder, 'copy', PUBLISHED))).toString()).toBe('mine');
});
