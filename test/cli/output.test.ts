import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { print, printItem, printJson, tell, warn } from '../../src/cli/output.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { ROOT, auditseal, inProcess } from '../support/program.ts';

/** All characters that can't be seen, or that move others: format, control, line and paragraph separators, and more. */
const UNSEEN = Array.from({ length: 0x110000 }, (_, point) => point)
  // Surrogates alone are below, and of private characters some are enough.
  .filter((point) => (point < 0xd800 || point > 0xdfff) && point < 0xf0000)
  .map((point) => String.fromCodePoint(point))
  .filter((character) => /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\p{DI}\p{Co}]|(?! )\p{Zs}/u.test(character));
const LONE = ['\ud800', '\udbff', '\udc00', '\udfff'];
/** Some of each kind, in one text: zero-width, a soft hyphen, overrides, isolates, separators, a tag, an escape sequence. */
const HOSTILE = 'a\u200b\u200d\u00ad\u2060\ufeff\u202e\u2066\u2028\u2029\u0085\u061c\u180e\u{e0041}\u{1d173}\x1b[2Jz';
const ESCAPED =
  'a\\u200b\\u200d\\u00ad\\u2060\\ufeff\\u202e\\u2066\\u2028\\u2029\\u0085\\u061c\\u180e\\udb40\\udc41\\ud834\\udd73\\u001b[2Jz';
const seen = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\x00-\x09\x0b-\x1f\x7f-\x9f]/u;

const unitsOf = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

test.each(Object.entries({ print, printItem, tell, warn }))('%s shows what can not be seen', async (_name, write) => {
  expect(UNSEEN.length).toBeGreaterThan(4000);
  const text = [...UNSEEN, ...LONE].join('x');
  const { out } = await inProcess(async () => {
    write(text);
    write(`seen: äöü 日本語 😀 "\\u200b" é`);
    return Promise.resolve(0);
  });
  const [first, second] = out.split('\n');
  expect(first?.replace('auditseal: ', '')).toBe([...UNSEEN, ...LONE].map(unitsOf).join('x'));
  expect(second?.replace('auditseal: ', '')).toBe('seen: äöü 日本語 😀 "\\u200b" é');
});

test('printJson does too, and it is JSON of the same text', async () => {
  const value = { [HOSTILE]: [...UNSEEN, ...LONE, 'ä😀'].join('') };
  const { out } = await inProcess(async () => {
    printJson(value);
    return Promise.resolve(0);
  });
  expect(out).toMatch(/^[^\n]*\n$/);
  expect(seen.test(out)).toBe(false);
  expect(JSON.parse(out)).toEqual(value);
});

// main.ts says only what is missing where the others can't even be loaded.
test('nothing else in the command line writes to a terminal', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  const writing = files.filter((file) =>
    /\bstd(out|err)\.write\b|\bconsole\./.test(readFileSync(join(ROOT, 'src', file), 'utf8')),
  );
  expect(writing.toSorted()).toEqual(['cli/main.ts', 'cli/output.ts', 'cli/progress.ts']);
});

describe('commands', () => {
  let work: string;
  let mirror: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
    mirror = join(work, 'mirror');
    const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
    const body = Buffer.from(`{"records":[{"n":"${HOSTILE.replace('\x1b', '')}"}]}`);
    await sealAll(ingestOf(store), [{ ...eventAt(0), body }]);
    await integrateOf(store, tiles).run(new KeptLog());
    await writeMirror(mirror, { store, tiles });
  });
  afterAll(() => rm(work, { recursive: true }));

  const record = ESCAPED.replace('\\u001b', '');

  test('show and check show the record', async () => {
    const evidence = join(work, 'evidence.json');
    expect(await auditseal('prove', mirror, '--partition', '0', '--record', '0', '--out', evidence)).toMatchObject({
      code: 0,
    });
    for (const args of [
      ['show', mirror, '0', '0'],
      ['check', evidence, '--key', formatVerifierKey(KEY.verifierKey)],
    ]) {
      const { code, stdout } = await auditseal(...args);
      expect([args, code, stdout]).toEqual([args, 0, expect.stringContaining(`"n":"${record}"`)]);
      expect(seen.test(stdout)).toBe(false);
      const json = await auditseal(...args, '--json');
      expect(seen.test(json.stdout)).toBe(false);
      expect(JSON.stringify(JSON.parse(json.stdout))).toContain('a\u200b\u200d');
    }
    // The bytes are asked for by name.
    expect((await auditseal('show', mirror, '0', '0', '--raw')).stdout).toContain('a\u200b\u200d');
  });

  test('verify and mirror name objects, and errors what was given', async () => {
    // A folder keeps no escape sequence as part of a name of an object, but verify lists what is there.
    const name = HOSTILE.replace('\u0085', '');
    const escaped = ESCAPED.replace('\\u0085', '');
    await writeFile(join(mirror, name), 'x');
    const found = await auditseal('verify', mirror);
    expect([found.code, found.stdout]).toEqual([1, expect.stringContaining(`foreign-object: ${escaped}: `)]);
    const copied = await auditseal('mirror', mirror, join(work, 'copy'));
    expect(copied.stdout).toContain(`not copied: ${escaped}: `);
    const missing = await auditseal('verify', `${work}/${HOSTILE}-none`);
    expect(missing.stderr).toContain(`${ESCAPED}-none is neither a folder`);
    const unknown = await auditseal(HOSTILE);
    expect(unknown.stderr).toContain('a\\u200b\\u200d');
    for (const { stdout, stderr } of [found, copied, missing, unknown]) expect(seen.test(stdout + stderr)).toBe(false);
    const json = JSON.parse((await auditseal('verify', mirror, '--json')).stdout) as { findings: { object: string }[] };
    expect(json.findings.map(({ object }) => object)).toContain(name);
  });
});
