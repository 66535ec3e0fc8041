import { readdir, writeFile } from 'node:fs/promises';
import { formatHash, sha256 } from '../../src/core/hash.ts';
import { reportName } from '../../src/core/objects/names.ts';
import { formatReport } from '../../src/core/objects/reportFile.ts';
import { STORY, read, reportOf, rewriteAll, says, sceneOf } from '../support/attackScene.ts';
import type { Scene } from '../support/attackScene.ts';
import { faultIn } from '../../src/core/errors.ts';
import { Auditor, answerAgain, answerTruly, enter, enterStolen, grow, showFrom } from '../support/auditor.ts';
import type { Outcome } from '../support/auditor.ts';
import { forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { SECOND, batch, checkpoint } from '../support/loggedLedger.ts';

// What an auditor keeps between two checks, a checkpoint and a report, against whoever shows him the ledger.

let auditor: Auditor;
beforeEach(async () => {
  auditor = await Auditor.begin();
});
afterEach(() => auditor.end());

const [chain0, chain1] = STORY.chains;
const PUBLISHED = 'tlog/checkpoint';

const detailOf = ({ report }: Outcome, object: string): string =>
  report.findings.find((finding) => finding.object.endsWith(object))?.detail ?? '';

/** headIn says what a checkpoint states, as findings do. */
function headIn(note: Buffer): string {
  const [, size, root] = note.toString().split('\n');
  return `${size} entries and the root ${Buffer.from(root as string, 'base64').toString('hex')}`;
}

/** fork is another history, signed by the log's own key, that goes on behind the checkpoint that was kept. */
async function fork(scene: Scene): Promise<void> {
  const edited = chain0.with(2, says(999));
  await rewriteAll(scene, { chains: [edited, chain1] });
  await grow(scene, 1, edited);
}

/** plantKept puts the checkpoint that was kept among those of the fork. */
const plantKept = ({ objects, kept }: Scene): unknown => objects.set(checkpoint(2), kept);

/** withoutTiles takes the tiles away, so that trees are made from the batches. */
function withoutTiles({ objects }: Scene): void {
  for (const name of objects.keys()) if (name.startsWith('tlog/')) objects.delete(name);
}

const TRUE_REPORT = 'own.json';

describe('a fork by who has stolen the key', () => {
  test.each<[string, (scene: Scene) => unknown]>([
    ['with the kept checkpoint among its own', plantKept],
    ['without it', () => {}],
    ['without tiles, and with the kept checkpoint among its own', (scene) => (plantKept(scene), withoutTiles(scene))],
    [
      'with tiles that lie',
      (scene) => (plantKept(scene), scene.objects.set('tlog/tile/0/000.p/20', Buffer.alloc(640))),
    ],
  ])('%s: an incremental check from its report takes nothing of it over', async (_what, make) => {
    const scene = await sceneOf();
    await fork(scene);
    await enter(scene);
    await make(scene);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    const outcome = await auditor.verify(scene, '--incremental');
    expect(outcome.code).toBe(1);
    expect(outcome.said).toContain('checkpoint-inconsistent kept');
    expect(detailOf(outcome, 'kept')).toContain(headIn(scene.kept));
    expect(detailOf(outcome, 'kept')).toContain(checkpoint(4));
    expect(outcome.report.checked).toMatchObject({ mode: 'full', findingsRepeated: 0 });
    expect(await auditor.kept()).toEqual(scene.kept);
    expect(await readdir(auditor.folder)).toEqual(['kept', 'mirror']);
  });

  test("from the auditor's own report: both heads are named, and all is looked at", async () => {
    const scene = await sceneOf();
    const own = await reportOf({ ...scene, objects: new Map(scene.objects) });
    await writeFile(auditor.pathOf(TRUE_REPORT), formatReport(own));
    await fork(scene);
    plantKept(scene);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    const outcome = await auditor.verify(scene, '--since', auditor.pathOf(TRUE_REPORT));
    expect(outcome).toMatchObject({ code: 1, report: { checked: { mode: 'full' } } });
    expect(detailOf(outcome, checkpoint(2))).toContain(headIn(scene.kept));
    expect(outcome.said).toEqual(
      expect.arrayContaining([`checkpoint-inconsistent ${checkpoint(2)}`, 'checkpoint-inconsistent kept']),
    );
    expect(await auditor.kept()).toEqual(scene.kept);
  });
});

test("the newest checkpoint that the auditor's own report knew is gone: that is found, and stays known", async () => {
  const scene = await sceneOf();
  const own = await reportOf(scene);
  await writeFile(auditor.pathOf(TRUE_REPORT), formatReport(own));
  await auditor.keep(read(scene.objects, checkpoint(1)));
  scene.objects.delete(checkpoint(2));
  withoutTiles(scene);
  await auditor.mirror(scene);
  const { code, said, report } = await auditor.verify(scene, '--since', auditor.pathOf(TRUE_REPORT));
  expect([code, said]).toEqual([1, [`checkpoint-inconsistent ${checkpoint(2)}`]]);
  expect(report.log?.head).toEqual(own.log?.head);
});

describe('the true log, grown', () => {
  test.each<[string, (scene: Scene) => unknown]>([
    ['by its tiles', () => {}],
    ['by its batches', withoutTiles],
  ])('is taken over %s, and the newest checkpoint is kept', async (_what, make) => {
    const scene = await sceneOf();
    await reportOf(scene);
    await grow(scene);
    make(scene);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    const incremental = await auditor.verify(scene, '--incremental');
    expect(incremental).toMatchObject({ code: 0, said: [], report: { checked: { mode: 'incremental' } } });
    // Nothing has come since: what the anchor ended with is kept.
    expect(await auditor.verify(scene, '--incremental')).toMatchObject({ code: 0, said: [] });
    expect(await auditor.kept()).toEqual(read(scene.objects, checkpoint(3)));
    await auditor.keep(read(scene.objects, checkpoint(0)));
    expect(await auditor.verify(scene, '--incremental')).toMatchObject({ code: 0, said: [] });
    expect(await auditor.kept()).toEqual(read(scene.objects, checkpoint(3)));
  });
});

describe('what somebody without the key of the log puts before a check that goes on', () => {
  const sealedLongAgo = (index: number): Buffer => read(forgeChain([...chain0, says(999)]), nameOf(index));

  test('heads in a batch that invent entries are not believed', async () => {
    const scene = await sceneOf();
    const own = await reportOf(scene);
    await writeFile(auditor.pathOf(TRUE_REPORT), formatReport(own));
    await auditor.keep(scene.kept);
    scene.objects.set(nameOf(6), sealedLongAgo(6));
    const text = read(scene.objects, batch(2)).toString();
    scene.objects.set(batch(2), Buffer.from(text.replace('"0":{"next":6,', '"0":{"next":99,')));
    for (const make of [() => {}, withoutTiles]) {
      make(scene);
      await auditor.mirror(scene);
      const outcome = await auditor.verify(scene, '--since', auditor.pathOf(TRUE_REPORT));
      expect(outcome).toMatchObject({ code: 1, report: { checked: { mode: 'full' } } });
      expect(outcome.said).toEqual(expect.arrayContaining([`foreign-object ${batch(2)}`]));
      expect(await auditor.kept()).toEqual(scene.kept);
    }
  });

  test('a report that invents the head of a chain leaves out nothing', async () => {
    const scene = await sceneOf();
    const report = await reportOf(scene);
    const far = forge({
      index: 1000,
      record: 7,
      events: [7],
      prev: 'a'.repeat(64),
      header: { sealed: timeOf(SECOND + 999) },
    });
    const partitions = report.partitions.map((head) =>
      head.partition === '0' ? { ...head, index: 1000, root: far.root, sha256: '0'.repeat(64) } : head,
    );
    await enterStolen(scene, { ...report, partitions });
    scene.objects.set(nameOf(1000), far.stored);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    const { code, said, report: next } = await auditor.verify(scene, '--incremental');
    expect(next.checked).toMatchObject({ anchor: reportName(2), mode: 'incremental' });
    expect([code, said]).toEqual([1, expect.arrayContaining([`segment-missing ${nameOf(6)}`])]);
  });

  test('a report that knows of no log is not gone on from where there is one', async () => {
    const scene = await sceneOf();
    const { log: _log, ...report } = await reportOf(scene);
    await enterStolen(scene, report);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    expect(await auditor.verify(scene, '--incremental')).toMatchObject({
      code: 0,
      report: { checked: { anchor: reportName(2), mode: 'full' } },
    });
  });

  test('a segment of the log that is another one is found at the head, though the report agrees with it', async () => {
    const scene = await sceneOf();
    const report = await reportOf(scene);
    const { stored, root } = forge({ ...says(999), index: 5, record: 5, events: [5], prev: 'b'.repeat(64) });
    const changed = { root, sha256: formatHash(sha256(stored)) };
    const partitions = report.partitions.map((head) => (head.partition === '0' ? { ...head, ...changed } : head));
    await enterStolen(scene, { ...report, partitions });
    scene.objects.set(nameOf(5), stored);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    const { code, said } = await auditor.verify(scene, '--incremental');
    expect([code, said]).toEqual([1, expect.arrayContaining([`entry-mismatch ${nameOf(5)}`])]);
  });
});

describe('a container that answers differently on a second read', () => {
  test('plants nothing: what is kept are the bytes that were verified', async () => {
    const scene = await sceneOf();
    await grow(scene);
    await auditor.mirror(scene);
    const planted = Buffer.from('planted');
    for (const name of [checkpoint(3), PUBLISHED.slice('tlog/'.length)]) {
      await auditor.keep(scene.kept);
      answerAgain(name, planted);
      await auditor.verify(scene);
      expect([scene.kept, read(scene.objects, checkpoint(3))]).toContainEqual(await auditor.kept());
      answerTruly();
    }
  });

  test('an older checkpoint does not take the place of a newer one', async () => {
    const scene = await sceneOf();
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    answerAgain(checkpoint(2), read(scene.objects, checkpoint(0)));
    await auditor.verify(scene);
    expect(await auditor.kept()).toEqual(scene.kept);
  });

  test.each(['--incremental', '--since'])(
    'from any read on shows a fork, signed with the key: %s takes none of it over',
    async (option) => {
      const scene = await sceneOf();
      await grow(scene);
      const own = await enter(scene);
      await writeFile(auditor.pathOf(TRUE_REPORT), formatReport(own));
      await auditor.mirror(scene);
      const other = await sceneOf();
      await fork(other);
      await enter(other);
      plantKept(other);
      const possible = [scene.kept, ...[3, 4].map((number) => read(scene.objects, checkpoint(number)))].map(String);
      const options = option === '--since' ? [option, auditor.pathOf(TRUE_REPORT)] : [option];
      let reads = Infinity;
      for (let first = 0; first < reads; first++) {
        await auditor.keep(scene.kept);
        const count = showFrom(first, other);
        const code = await auditor.verify(scene, ...options).then(
          (outcome) => outcome.code,
          (error: unknown) => faultIn(error, 'misuse').code,
        );
        reads = count();
        expect({ first, code, kept: possible.includes(String(await auditor.kept())) }).toMatchObject({
          first,
          kept: true,
        });
        if (first === 0) expect(code).toBe(1);
      }
      expect(reads).toBeGreaterThan(10);
    },
  );

  test('a batch that says other heads when it is read again invents no entries', async () => {
    const scene = await sceneOf();
    const own = await reportOf(scene);
    await writeFile(auditor.pathOf(TRUE_REPORT), formatReport(own));
    await auditor.keep(scene.kept);
    scene.objects.set(nameOf(6), read(forgeChain([...chain0, says(999)]), nameOf(6)));
    withoutTiles(scene);
    await auditor.mirror(scene);
    const text = read(scene.objects, batch(2)).toString();
    const lying = Buffer.from(text.replace('"0":{"next":6,', '"0":{"next":99,'));
    await writeFile(auditor.pathOf(`mirror/${batch(2)}`), lying);
    answerAgain(batch(2), Buffer.from(text));
    const { code, said } = await auditor.verify(scene, '--since', auditor.pathOf(TRUE_REPORT));
    expect(code).toBe(1);
    expect(said).toEqual(expect.arrayContaining([`not-integrated ${nameOf(6)}`]));
  });
});
