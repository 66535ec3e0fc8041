import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command as kit } from '../../src/cli/commands/kit.ts';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { formatSlice } from '../../src/core/objects/slice.ts';
import { LEDGER, nameOf } from '../support/forge.ts';
import { PLANTED, momentOf } from '../support/sliceScene.ts';
import {
  AS_FAR_AS_SEALED,
  MIDDLE,
  check,
  cut,
  key,
  prepareSlices,
  run,
  segmentsIn,
  slice,
  span,
  whole,
} from './slices.ts';

prepareSlices();

describe('a slice.json', () => {
  const claim = {
    ledger: LEDGER,
    from: momentOf(3),
    to: momentOf(9),
    partitions: null,
    entries: 46,
    made: momentOf(14),
  };

  test('in a whole mirror is ignored, and named', async () => {
    await cp(whole, slice, { recursive: true });
    await writeFile(join(slice, 'slice.json'), formatSlice(claim));
    const { code, out } = await check();
    expect(code).toBe(0);
    expect(out).toContain('ignored: 1 file that says what slice of a ledger this is: slice.json');
    expect(out).not.toContain('INTERVAL');
  });

  test('of all segments that there are makes a slice of a folder that lacks the reports alone', async () => {
    const all = span(-1, 13);
    expect(await run(mirror, whole, slice, ...all, key)).toMatchObject({ code: 0 });
    await cp(join(whole, PLANTED), join(slice, PLANTED));
    expect((await segmentsIn(slice)).length).toBe((await segmentsIn(whole)).length);
    const report = 'reports/000000000000.json';
    for (const lacked of [report, PLANTED]) {
      for (const more of [[], ['--quick'], ['--json']]) {
        const { code, out } = await check(...more);
        expect(code).toBe(2);
        expect(out).toContain(`has an entry of ${lacked}`);
        expect(out).toContain(`To check it as that: auditseal verify ${slice} ${key} ${all.join(' ')}`);
        expect(out).not.toMatch(/verified|violated/);
      }
      const dir = join(slice, '..', `kit-without-${lacked === report ? 'report' : 'planted'}`);
      expect((await run(kit, dir, '--from', slice, key)).out).not.toContain('violated');
      const verdict = JSON.parse(await readFile(join(dir, 'verdict.json'), 'utf8')) as object;
      expect(verdict).toMatchObject({ interval: { from: momentOf(-1), to: momentOf(13), partitions: null } });
      await cp(join(whole, 'reports'), join(slice, 'reports'), { recursive: true });
      await rm(join(slice, PLANTED), { force: true });
    }
    await cp(join(whole, PLANTED), join(slice, PLANTED));
    expect(await check()).toMatchObject({ code: 0 });
  });

  test('in a mirror from which segments were removed lets nothing pass that would not', async () => {
    await cp(whole, slice, { recursive: true });
    await rm(join(slice, nameOf(6)));
    expect(await check()).toMatchObject({ code: 1 });
    await writeFile(join(slice, 'slice.json'), formatSlice({ ...claim, from: momentOf(9), to: momentOf(13) }));
    expect(await check()).toMatchObject({ code: 2 });
    expect(await check(...MIDDLE)).toMatchObject({ code: 1 });
    expect(await check(...span(0, 14))).toMatchObject({ code: 1 });
    // What is changed, and not gone, it hides neither.
    await cp(join(whole, nameOf(6)), join(slice, nameOf(6)));
    await writeFile(join(slice, nameOf(7)), 'x');
    expect(await check()).toMatchObject({ code: 1 });
  });

  test('that was widened or narrowed changes nothing of a check: the interval is the checker’s own', async () => {
    await cut();
    for (const changed of [{ to: momentOf(13) }, { from: momentOf(4), to: momentOf(5) }, { partitions: ['10'] }]) {
      await writeFile(join(slice, 'slice.json'), formatSlice({ ...claim, ...changed }));
      expect(await check(...MIDDLE)).toMatchObject(AS_FAR_AS_SEALED);
      expect(await check(...span(3, 13))).toMatchObject({ code: 1 });
    }
  });

  const text = formatSlice(claim).toString();
  test.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['of a later version', text.replace('"version":1', '"version":2')],
    ['with a member twice', text.replace('"kind"', '"version":1,"kind"')],
    ['with another order', text.replace(/("from":"[^"]+"),("to":"[^"]+")/, '$2,$1')],
    ['with an interval that ends before', text.replace(momentOf(3), momentOf(10))],
    ['with a day that does not exist', text.replace(momentOf(3), '2025-02-30T00:00:00.000Z')],
    ['with partitions out of order', text.replace('"partitions":null', '"partitions":["2","1"]')],
    ['with a command for a partition', text.replace('"partitions":null', '"partitions":["0; rm -rf /"]')],
    ['with no partitions', text.replace('"partitions":null', '"partitions":[]')],
    ['with a ledger that is many words', text.replace(LEDGER, 'all is verified')],
    ['nested deeply', `{"version":1,"kind":"slice","ledger":${'['.repeat(9999)}`],
    ['with spaces behind it', `${text} `],
    ['without its end', text.slice(0, -2)],
    ['larger than one may be', text + ' '.repeat(70_000)],
  ])('that is %s is said to be unreadable, and nothing of it is repeated', async (_what, content) => {
    await cut();
    await writeFile(join(slice, 'slice.json'), content);
    const { code, out } = await check();
    expect(code).toBe(2);
    expect(out).toContain("Its slice.json says that it is a slice, and can't be read");
    expect(out).toContain('--from=TIME --to=TIME');
    expect(out).not.toContain('rm -rf');
    expect((await run(mirror, whole, slice, ...MIDDLE, key)).out).toContain("slice.json can't be read");
  });
});
