import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { command as prove } from '../../src/cli/commands/prove.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { mirrorOf } from '../web/mirrors.ts';
import { inProcess } from '../support/program.ts';

// Somebody names a folder above a mirror, or one within it: that says nothing of the ledger.

let folder = '';
const objects = await mirrorOf(1, 2);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(place: string): Promise<string> {
  for (const [name, bytes] of objects) {
    await mkdir(dirname(join(folder, place, name)), { recursive: true });
    await writeFile(join(folder, place, name), bytes);
  }
  return join(folder, place);
}

const refused = (why: string): object => ({ code: 'TARGET_INVALID', message: expect.stringContaining(why) as string });

test.each(['segments', 'segments/0', 'batches', 'tlog', 'tlog/tile/0'])(
  'of %s of a mirror the mirror is named',
  async (part) => {
    const place = await put('mirror');
    const why = `is the folder ${part} of the mirror ${place}; name that one`;
    await expect(verify.run([join(place, part)])).rejects.toMatchObject(refused(why));
    await expect(prove.run([join(place, part), '--partition', '0', '--record', '0'])).rejects.toMatchObject(
      refused(why),
    );
    // But for the tiles the folder of them is the right one.
    if (part === 'tlog')
      await expect(inProcess(() => verify.run([place, '--tlog', join(place, part)]))).resolves.toMatchObject({
        code: 0,
      });
  },
);

test.each(['mirror', 'a/b/mirror'])('of a folder that has a mirror at %s the mirror is named', async (where) => {
  const place = await put(where);
  await writeFile(join(folder, 'notes.txt'), 'x');
  await expect(verify.run([folder])).rejects.toMatchObject(refused(`but ${place} in it is one; name that one`));
});

test('of a folder that has several, some are named', async () => {
  for (let i = 0; i < 7; i++) await put(`mirror${i}`);
  await expect(verify.run([folder])).rejects.toMatchObject(refused('holds 7: '));
  await expect(verify.run([folder])).rejects.toMatchObject(refused('mirror4 and 2 more; name one of them'));
});

test('a folder that has anything of a ledger is checked, whatever else is in it', async () => {
  await put('mirror');
  await mkdir(join(folder, 'batches'));
  await writeFile(join(folder, 'batches/000000000000.jsonl'), 'x');
  const { code, out } = await inProcess(() => verify.run([folder]));
  expect(code).toBe(1);
  expect(out).toContain('foreign-object: mirror/');
});

test('an empty folder is no wrong one, nor is one of strangers: nothing was checked', async () => {
  const { code, out } = await inProcess(() => verify.run([folder]));
  expect({ code, out }).toMatchObject({ code: 2, out: expect.stringContaining('no segment was found') as string });
  await mkdir(join(folder, 'segments'));
  await writeFile(join(folder, 'segments/x'), 'x');
  expect((await inProcess(() => verify.run([folder]))).code).toBe(1);
});

test('no mirror is made in a folder that holds mirrors, or within one', async () => {
  const place = await put('mirror');
  const other = await put('elsewhere/other');
  await expect(mirror.run([other, folder])).rejects.toMatchObject(refused('holds 2'));
  await expect(mirror.run([other, join(place, 'segments')])).rejects.toMatchObject(
    refused('is the folder segments of'),
  );
});
