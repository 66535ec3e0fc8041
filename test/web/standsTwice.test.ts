import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { formatHash, sha256 } from '../../src/core/hash.ts';
import { FOREIGN, acknowledge, integrate, planted } from '../support/acknowledged.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { auditseal } from '../support/program.ts';
import { MIRROR_KEY, pageVerdict } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

const apartOf = (name: string): string => `foreign/${formatHash(sha256(Buffer.from(name)))}`;
const OTHER = Buffer.from('something else');
let folder: string;

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'))));
afterEach(() => rm(folder, { recursive: true }));

/** mirrorOf is a mirror of a ledger in which an object of this name was planted and acknowledged. */
async function mirrorOf(name: string): Promise<{ mirror: Mirror; seen: Buffer }> {
  const ledger = await planted();
  const seen = ledger.store.objects.get(FOREIGN) as Buffer;
  ledger.store.objects.delete(FOREIGN);
  ledger.store.objects.set(name, seen);
  await acknowledge(ledger, 'foreign-object', name);
  await integrate(ledger, SECOND + 21);
  const mirror: Mirror = new Map(ledger.store.objects);
  for (const [tile, bytes] of ledger.tiles.objects) mirror.set(`tlog/${tile}`, bytes);
  return { mirror, seen };
}

/** verdicts is what the command line and the page say of a mirror. */
async function verdicts(mirror: Mirror): Promise<string[]> {
  for (const [name, bytes] of mirror) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  const { stdout } = await auditseal('verify', folder, '--key', MIRROR_KEY, '--json');
  return [(JSON.parse(stdout) as { status: string }).status, (await pageVerdict(mirror)).status];
}

test.each(['apart', 'direct'])(
  'a foreign object that stands in a mirror twice is not acknowledged, also where the %s bytes are those that were seen',
  async (where) => {
    const { mirror, seen } = await mirrorOf(FOREIGN);
    mirror.set(`${apartOf(FOREIGN)}.name`, Buffer.from(FOREIGN));
    mirror.set(apartOf(FOREIGN), where === 'apart' ? seen : OTHER).set(FOREIGN, where === 'apart' ? OTHER : seen);
    expect(await verdicts(mirror)).toEqual(['violated', 'violated']);
    const store = new MirrorStore(folder);
    expect([await store.exists(FOREIGN), await store.read(FOREIGN), await store.readEnd(FOREIGN, 4)]).toEqual([
      true,
      'twice',
      'twice',
    ]);
  },
);

test('a file without a name beside it is no second one: it is a foreign object of its own', async () => {
  const { mirror } = await mirrorOf(FOREIGN);
  mirror.set(apartOf(FOREIGN), OTHER);
  expect(await verdicts(mirror)).toEqual(['violated', 'violated']);
  expect((await pageVerdict(mirror)).found.join()).toMatch(
    new RegExp(`foreign-object ${apartOf(FOREIGN)},.*${FOREIGN} acknowledged`),
  );
  expect((await new MirrorStore(folder).read(FOREIGN))?.toString()).toBe('junk');
});

test('a foreign object that is called like a file of that folder can be acknowledged as any other', async () => {
  const { mirror } = await mirrorOf(apartOf('x'));
  expect(await verdicts(mirror)).toEqual(['verified', 'verified']);
});
