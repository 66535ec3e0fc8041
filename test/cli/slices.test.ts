import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command as checkFile } from '../../src/cli/commands/check.ts';
import { command as fields } from '../../src/cli/commands/fields.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { command as kit } from '../../src/cli/commands/kit.ts';
import { command as mirror } from '../../src/cli/commands/mirror.ts';
import { command as prove } from '../../src/cli/commands/prove.ts';
import { command as query } from '../../src/cli/commands/query.ts';
import { command as show } from '../../src/cli/commands/show.ts';
import { command as status } from '../../src/cli/commands/status.ts';
import { command as verify } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { formatSlice, parseSlice } from '../../src/core/objects/slice.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { LEDGER, nameOf } from '../support/forge.ts';
import { keyOf } from '../support/logs.ts';
import { momentOf } from '../support/sliceScene.ts';
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

test('a slice is made, says what it is, and is checked by the command that was printed', async () => {
  const made = await cut('--tlog', join(whole, 'tlog'));
  expect(made.code).toBe(0);
  expect(made.out).toContain(
    `a slice of ${LEDGER}, from ${momentOf(3)} to ${momentOf(9)}, of all partitions: 13 segments of the 31`,
  );
  // Partial tiles of earlier checkpoints are left out.
  const tiles = (await readdir(join(slice, 'tlog'), { recursive: true })).filter((name) => /\.p\/\d+$/.test(name));
  expect(tiles.sort()).toEqual(['tile/0/000.p/46', 'tile/entries/000.p/46']);
  expect((await check(...MIDDLE)).out).toContain('2 tiles compared');
  const command = /to check it: auditseal verify (.*)/.exec(made.out)?.[1]?.split(' ') ?? [];
  const { code, out } = await run(verify, ...command);
  expect(code).toBe(2);
  const [first, second, third] = out.split('\n');
  expect(first).toBe(`ONLY AN INTERVAL WAS CHECKED: from ${momentOf(3)} to ${momentOf(9)}, of all partitions`);
  expect(second).toBe(
    'NOT COMPLETE TO ITS END: nothing is sealed up to there of partition 10; below stands until when',
  );
  expect(third).toBe(
    `verified, in that interval alone, which is NOT COMPLETE: ${LEDGER}, with 3 findings acknowledged`,
  );
  expect(out).toContain('of the interval, by the log: 13 segments of 31');
  expect(out).toContain('not checked: 18 segments outside of the interval');
  expect(parseSlice(await readFile(join(slice, 'slice.json')))).toMatchObject({
    ledger: LEDGER,
    from: momentOf(3),
    to: momentOf(9),
    partitions: null,
    entries: 46,
  });
  const json = JSON.parse((await check(...MIDDLE, '--json')).out) as Report;
  expect(json).toMatchObject({ status: 'verified', checked: { mode: 'interval', lastFull: '' }, partitions: [] });
  expect(json.interval).toMatchObject({
    from: momentOf(3),
    to: momentOf(9),
    partitions: null,
    segments: 13,
    complete: false,
  });
});

test('a day of a whole ledger is checked without a slice, also of some partitions and by local time', async () => {
  const { code, out } = await run(
    verify,
    whole,
    '--from=2025-12-03T14:52:00',
    '--to=2025-12-03T14:54:00',
    '--tz=Europe/Berlin',
    '--partition=10',
    '--partition=1',
    key,
  );
  // Partition 10 is sealed until a time before that.
  expect({ code, first: out.split('\n')[0] }).toEqual({
    code: 2,
    first:
      'ONLY AN INTERVAL WAS CHECKED: from 2025-12-03T13:52:00.000Z to 2025-12-03T13:54:00.000Z, of partitions 1, 10',
  });
  expect(out).toContain('of the interval, by the log: 2 segments of 31');
});

test('an interval that is complete ends with 0; one that the log does not reach to the end of, or begins before it has anything, with 2', async () => {
  const complete = [...MIDDLE, '--partition=0', '--partition=1', '--partition=2', '--partition=3'];
  const { code, out } = await run(verify, whole, key, ...complete);
  expect(code).toBe(0);
  expect(out).not.toContain('NOT COMPLETE');
  const jsonOf = async (...asked: string[]): Promise<[number, Report]> => {
    const { code, out } = await run(verify, whole, key, ...asked, '--json');
    return [code, JSON.parse(out) as Report];
  };
  expect(await jsonOf(...complete)).toMatchObject([0, { status: 'verified', interval: { complete: true } }]);
  // What came before the first event of all is of no partition.
  expect(await jsonOf(...span(-3, 3), '--partition=0')).toMatchObject([0, { interval: { complete: true } }]);
  for (const asked of [span(-3, -1), span(0, 14), [...span(0, 9), '--partition=10'], [...span(3, 9), '--partition=7']])
    expect(await jsonOf(...asked)).toMatchObject([2, { interval: { complete: false } }]);
  expect((await run(verify, whole, key, ...span(-3, -1))).out).toContain(
    'NOT COMPLETE: it ends before the log has anything',
  );
  const list = join(slice, '..', 'list.json');
  const listed = { target: whole, ledger: LEDGER, key: [key.slice('--key='.length)] };
  await writeFile(list, JSON.stringify({ ledgers: [listed] }));
  const all = await run(verify, list, ...MIDDLE);
  expect(all).toMatchObject({ code: 2, out: expect.stringContaining('the interval is not complete') as string });
  expect(await run(verify, list, ...complete)).toMatchObject({ code: 0 });
});

test('that an interval is by when the hub got the events is said by whatever is read of it', async () => {
  const says = expect.stringContaining('by when the hub got the events, not by when they happened') as string;
  expect((await run(verify, whole, key, ...MIDDLE)).out).toEqual(says);
  expect(mirror.help(80).replaceAll(/\s+/g, ' ')).toEqual(says);
  const none = await run(mirror, whole, slice, ...span(20, 30), key);
  expect(none).toMatchObject({ code: 0, out: says });
  expect(none.out).toContain('NOTHING OF THAT INTERVAL IS IN THE LOG: no segment was copied');
  expect((await run(mirror, whole, join(slice, '..', 'some'), ...MIDDLE, key)).out).not.toContain('NOTHING');
  await run(kit, join(slice, '..', 'kit-of-when'), '--from', join(slice, '..', 'some'), key);
  const readme = await readFile(join(slice, '..', 'kit-of-when', 'READ-ME-FIRST.txt'), 'utf8');
  expect(readme.replaceAll(/\s+/g, ' ')).toEqual(says);
});

test('without one of its segments a slice is violated, with exit status 1, at both ends and in the middle', async () => {
  await cut();
  const segments = await segmentsIn(slice);
  expect(segments).toHaveLength(13);
  for (const name of segments) {
    const path = join(slice, 'segments', name);
    const bytes = await readFile(path);
    await rm(path);
    const { code, out } = await check(...MIDDLE);
    expect({ name, code, isNamed: out.includes(`segment-missing: segments/${name}`) }).toEqual({
      name,
      code: 1,
      isNamed: true,
    });
    await writeFile(path, bytes);
  }
  expect(await check(...MIDDLE)).toMatchObject(AS_FAR_AS_SEALED);
});

test('an interval that is wider than what a folder calls itself a slice of keeps its verdict, and what the folder calls itself is said', async () => {
  await cut();
  const says = `the slice that the folder calls itself, from ${momentOf(3)} to ${momentOf(9)}, of all partitions`;
  for (const wider of [span(0, 9), span(3, 13)]) {
    expect(await check(...wider)).toMatchObject({ code: 1, out: expect.stringContaining(says) as string });
    const { notChecked } = JSON.parse((await check(...wider, '--json')).out) as Report;
    expect(notChecked.join()).toContain(says);
  }
  for (const within of [MIDDLE, span(4, 8), [...MIDDLE, '--partition=0']])
    expect((await check(...within)).out).not.toContain('calls itself');
});

test('plain verify of a slice gives the whole command with its interval and the keys, and no verdict', async () => {
  await cut('--partition=0');
  for (const more of [[], ['--quick'], ['--json']]) {
    const { code, out } = await check(...more);
    expect(code).toBe(2);
    expect(out).toContain(
      `It calls itself a slice of ${LEDGER}, from ${momentOf(3)} to ${momentOf(9)}, of partition 0`,
    );
    expect(out).toContain(`To check it as that: auditseal verify ${slice} ${key} ${MIDDLE.join(' ')} --partition=0`);
    expect(out).not.toMatch(/verified|violated/);
  }
  const [, command = ''] = /auditseal verify (.*)$/.exec((await check()).out) ?? [];
  expect(await run(verify, ...command.split(' '))).toMatchObject({ code: 0 });
});

describe('a second copy', () => {
  test('of the same interval goes on where the first stopped', async () => {
    await cut();
    await rm(join(slice, nameOf(6)));
    await rm(join(slice, 'batches/000000000005.jsonl'));
    expect((await cut()).out).toContain('2 objects copied');
    expect((await cut('--trust-sizes')).out).toContain('0 objects copied');
    expect(await check(...MIDDLE)).toMatchObject(AS_FAR_AS_SEALED);
  });

  test('of a wider one makes the slice wider, and of another one is refused', async () => {
    await cut('--partition=0');
    const refused = async (args: string[]): Promise<void> => {
      const before = await readFile(join(slice, 'slice.json'));
      const { code, out } = await run(mirror, whole, slice, ...args, key);
      expect(code).toBe(2);
      expect(out).toContain('it can only be made wider');
      expect(await readFile(join(slice, 'slice.json'))).toEqual(before);
    };
    await refused([...span(4, 9), '--partition=0']);
    await refused([...span(3, 8), '--partition=0']);
    await refused([...span(0, 14), '--partition=1']);
    expect(await run(mirror, whole, slice, ...span(2, 12), '--partition=0', '--partition=1', key)).toMatchObject({
      code: 0,
    });
    expect(await check(...span(2, 12), '--partition=0', '--partition=1')).toMatchObject({ code: 0 });
    expect(await run(mirror, whole, slice, ...span(2, 12), key)).toMatchObject({ code: 0 });
    expect(await check(...span(2, 12))).toMatchObject(AS_FAR_AS_SEALED);
    expect(parseSlice(await readFile(join(slice, 'slice.json')))).toMatchObject({ partitions: null });
  });

  test('that was cut off leaves a slice that says what it is, and lacks something', async () => {
    await cut();
    await rm(join(slice, nameOf(9)));
    const said = parseSlice(await readFile(join(slice, 'slice.json')));
    await writeFile(join(slice, 'slice.json'), formatSlice({ ...said, entries: 0 }));
    expect(await check(...MIDDLE)).toMatchObject({ code: 1 });
    expect(await cut()).toMatchObject({ code: 0 });
    expect(await check(...MIDDLE)).toMatchObject(AS_FAR_AS_SEALED);
  });

  test('a whole mirror and a slice are not copied onto each other', async () => {
    await cut();
    expect(await run(mirror, whole, slice)).toMatchObject({
      code: 2,
      out: expect.stringContaining('give an interval') as string,
    });
    await cp(whole, join(slice, 'copy'), { recursive: true });
    const onto = await run(mirror, whole, join(slice, 'copy'), ...MIDDLE, key);
    expect(onto).toMatchObject({
      code: 2,
      out: expect.stringContaining('is no slice, by its lack of a slice.json') as string,
    });
  });

  test('a slice is the source of a slice that it holds, and never of a mirror', async () => {
    await cut();
    const to = join(slice, '..', 'of-slice');
    const { code, out } = await run(mirror, slice, to);
    expect(code).toBe(2);
    expect(out).toContain(`To copy it as that: auditseal mirror ${slice} ${to} ${MIDDLE.join(' ')}`);
    expect(await run(mirror, slice, to, ...span(4, 8), key)).toMatchObject({ code: 0 });
    expect(await run(verify, to, ...span(4, 8), key)).toMatchObject(AS_FAR_AS_SEALED);
    const beyond = await run(mirror, slice, join(slice, '..', 'beyond'), ...span(4, 12), key);
    expect(beyond).toMatchObject({ code: 2, out: expect.stringContaining(`not copied: ${nameOf(10)}`) as string });
  });
});

test('of a ledger whose log no given key began nothing is copied', async () => {
  const stranger = `--key=${formatVerifierKey(keyOf(66).verifierKey)}`;
  const { code, out } = await run(mirror, whole, join(slice, 'x'), ...MIDDLE, stranger);
  expect(code).toBe(2);
  expect(out).toContain('TARGET has no log that a given key began');
  expect(await readdir(join(slice, 'x'))).toEqual([]);
  expect((await run(mirror, whole, slice, ...MIDDLE)).out).toContain('no --key was given');
});

test.each([
  [['--from=2025-12-01'], 'go together'],
  [['--to=2025-12-01'], 'go together'],
  [['--partition=0'], 'give --from and --to too'],
  [['--from=2025-12-02', '--to=2025-12-01'], 'must be before'],
  [['--from=2025-12-01', '--to=2025-12-02', '--quick'], 'exclude --quick'],
  [['--from=2025-12-01', '--to=2025-12-02', '--incremental'], 'exclude --quick'],
  [['--from=2025-12-01', '--to=2025-12-02', '--since=x'], 'exclude --quick'],
])('verify %j is a usage error', async (args, why) => {
  expect(await run(verify, whole, ...args)).toMatchObject({ code: 64, out: expect.stringContaining(why) as string });
});

test('a report of an interval is no anchor', async () => {
  await cut();
  const report = join(slice, '..', 'interval-report.json');
  expect(await check(...MIDDLE, `--out=${report}`)).toMatchObject(AS_FAR_AS_SEALED);
  const { code, out } = await run(verify, whole, key, `--since=${report}`);
  expect(code).toBe(2);
  expect(out).toContain('is of a check of an interval alone: no check goes on from it');
});

test('check says of a report of an interval and of a slice.json what they are, and what to do instead', async () => {
  await cut();
  const report = join(slice, '..', 'kept-report.json');
  await check(...MIDDLE, `--out=${report}`);
  const printed = join(slice, '..', 'printed-report.json');
  await writeFile(printed, (await check(...MIDDLE, '--json')).out);
  for (const [file, is, instead] of [
    [report, 'a report of a check of an interval', 'auditseal verify TARGET --from TIME --to TIME'],
    [printed, 'a report of a check of an interval', 'auditseal verify TARGET --from TIME --to TIME'],
    [join(slice, 'slice.json'), 'the slice.json of a slice', 'auditseal verify DIR --from TIME --to TIME'],
  ] as const) {
    const { code, out } = await run(checkFile, file, key);
    expect(code).toBe(2);
    expect(out).toContain(`the file is ${is}`);
    expect(out).toContain(instead);
  }
});

test('other commands on a slice say nothing wrong of it', async () => {
  await cut('--tlog', join(whole, 'tlog'));
  const inside = await run(find, slice, ...span(3, 8), key);
  expect(inside.code).toBe(0);
  expect(inside.out).not.toContain('NOT SEARCHED');
  expect(inside.out).toContain('MISSING: events 6 to 8 of partition 0');
  // A partition that begins with heartbeats lacks nothing before them.
  expect((await run(find, whole, key)).out).not.toContain('of partition 2, between');
  expect(inside.out.split('\n').slice(-9)).toEqual(
    (await run(find, whole, ...span(3, 8), key)).out.split('\n').slice(-9),
  );
  const beyond = await run(find, slice, ...span(3, 12), key);
  expect(beyond.code).toBe(2);
  expect(beyond.out).toMatch(/NOT SEARCHED: \d+ segments: .*this folder calls itself a slice that does not hold it/);
  expect(beyond.out).not.toContain('it is gone');
  for (const [command, ...asked] of [[fields], [query, 'select count(*) from records']] as const) {
    expect((await run(command, slice, ...asked, ...span(3, 8), key)).code).toBe(0);
    const { code, out } = await run(command, slice, ...asked, key);
    expect([code, out]).toEqual([2, expect.stringContaining(`calls itself a slice, from ${momentOf(3)}`)]);
    expect(out).not.toContain('it is gone');
  }
  await rm(join(slice, nameOf(6)));
  expect(await run(find, slice, ...span(3, 8), key)).toMatchObject({
    code: 1,
    out: expect.stringContaining(`${nameOf(6)} (it is gone)`) as string,
  });
  const hint = expect.stringContaining(`calls itself a slice, from ${momentOf(3)}`) as string;
  expect(await run(show, slice, '0', '4', key)).toMatchObject({ code: 0 });
  expect(await run(show, slice, '0', '0', key)).toMatchObject({ code: 2, out: hint });
  expect(await run(prove, slice, '--partition=0', '--record=4', key)).toMatchObject({ code: 0 });
  expect(await run(prove, slice, '--partition=0', '--record=0', key)).toMatchObject({ code: 2, out: hint });
  expect(await run(status, slice, key)).toMatchObject({
    code: 2,
    out: expect.stringContaining(`auditseal verify ${slice} ${MIDDLE.join(' ')}`) as string,
  });
});

test('a kit of a slice says which interval it is, and gives the command with it', async () => {
  await cut();
  const dir = join(slice, '..', 'kit');
  expect(await run(kit, dir, '--from', slice, key)).toMatchObject({ code: 2 });
  const readme = await readFile(join(dir, 'READ-ME-FIRST.txt'), 'utf8');
  expect(readme).toContain('THIS IS NOT A WHOLE LEDGER');
  expect(readme).toContain(`auditseal verify mirror ${MIDDLE.join(' ')} --key KEY`);
  const verdict = JSON.parse(await readFile(join(dir, 'verdict.json'), 'utf8')) as object;
  expect(verdict).toMatchObject({
    interval: { from: momentOf(3), to: momentOf(9), partitions: null },
    pieces: [
      {
        name: 'mirror/',
        verdict: 'unknown',
        why: expect.stringContaining('all partitions, which is NOT COMPLETE') as string,
      },
    ],
  });
  expect(JSON.parse(await readFile(join(dir, 'report.json'), 'utf8'))).toMatchObject({
    report: { interval: { segments: 13 } },
  });
  expect(await run(verify, join(dir, 'mirror'), ...MIDDLE, key)).toMatchObject(AS_FAR_AS_SEALED);
  await rm(join(slice, nameOf(6)));
  expect(await run(kit, join(slice, '..', 'worse'), '--from', slice, key)).toMatchObject({ code: 1 });
});
