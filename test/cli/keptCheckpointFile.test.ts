import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { read, reportOf, sceneOf } from '../support/attackScene.ts';
import { Auditor, grow, once } from '../support/auditor.ts';
import type { Outcome } from '../support/auditor.ts';
import { checkpoint } from '../support/loggedLedger.ts';
import { inProcess } from '../support/program.ts';

let auditor: Auditor;
beforeEach(async () => {
  auditor = await Auditor.begin();
});
afterEach(() => auditor.end());

describe('the file of the kept checkpoint', () => {
  async function checked(whileChecking: () => Promise<unknown>): Promise<Outcome> {
    const scene = await sceneOf();
    await grow(scene);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    once(checkpoint(0), whileChecking);
    return auditor.verify(scene);
  }

  test('that another check made newer meanwhile stays, and that is said', async () => {
    const scene = await sceneOf();
    await grow(scene, 2);
    const newer = read(scene.objects, checkpoint(4));
    const outcome = await checked(() => auditor.keep(newer));
    expect(outcome).toMatchObject({ code: 0, said: [] });
    expect(outcome.out).toContain('was changed while this check ran');
    expect(await auditor.kept()).toEqual(newer);
  });

  test('that is something else by now stays', async () => {
    const outcome = await checked(() => auditor.keep('my notes'));
    expect(outcome.out).toContain('was changed while this check ran');
    expect((await auditor.kept()).toString()).toBe('my notes');
  });

  test('is written into by one check at a time', async () => {
    const scene = await sceneOf();
    await grow(scene);
    await auditor.mirror(scene);
    await auditor.keep(scene.kept);
    await writeFile(auditor.pathOf('kept.lock'), '');
    const args = [auditor.pathOf('mirror'), '--threads', '1', '--key', scene.key, '--anchor', auditor.pathOf('kept')];
    await expect(inProcess(() => verifyCommand.run(args))).rejects.toMatchObject({
      code: 'TARGET_INVALID',
      message: expect.stringContaining('kept.lock') as string,
    });
    expect(await auditor.kept()).toEqual(scene.kept);
    expect((await readdir(auditor.folder)).sort()).toEqual(['kept', 'kept.lock', 'mirror']);
  });

  test('may be a link: what it leads to is replaced', async () => {
    const scene = await sceneOf();
    await grow(scene);
    await auditor.mirror(scene);
    await mkdir(auditor.pathOf('safe'));
    await writeFile(auditor.pathOf('safe/kept'), scene.kept);
    await symlink(auditor.pathOf('safe/kept'), auditor.pathOf('kept'));
    expect(await auditor.verify(scene)).toMatchObject({ code: 0 });
    expect(await readFile(auditor.pathOf('safe/kept'))).toEqual(read(scene.objects, checkpoint(3)));
    expect(await auditor.kept()).toEqual(read(scene.objects, checkpoint(3)));
  });

  test.each<[string, string]>([
    ['my notes', 'checkpoint-invalid kept'],
    ['', 'checkpoint-invalid kept'],
  ])('that holds %j is none, and stays', async (text, finding) => {
    const scene = await sceneOf();
    await auditor.mirror(scene);
    await auditor.keep(text);
    expect(await auditor.verify(scene)).toMatchObject({ code: 1, said: [finding] });
    expect((await auditor.kept()).toString()).toBe(text);
  });

  test('is not a report: a report in its place stays', async () => {
    const scene = await sceneOf();
    const report = formatReport(await reportOf(scene));
    await auditor.mirror(scene);
    await auditor.keep(report);
    expect(await auditor.verify(scene)).toMatchObject({ code: 1, said: ['checkpoint-invalid kept'] });
    expect(parseReport(await auditor.kept()).kind).toBe('integrity');
  });
});
