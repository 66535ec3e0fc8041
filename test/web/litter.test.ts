import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { litterOf } from '../../src/core/objects/litter.ts';
import { isKnownName } from '../../src/core/objects/names.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { litterKind } from '../../web/verify/ledger/litter.ts';
import { verifyLedger as verifyInPage } from '../../web/verify/ledger/verifyLedger.ts';
import type { LedgerOutcome } from '../../web/verify/ledger/verifyLedger.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { nameOf } from '../support/forge.ts';
import { KEY } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MIRROR_KEY, NOW, coreVerdict, mirrorOf } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

// What is no object of a ledger, on both checkers: files that others leave in a mirror's folder, and marks of folders.

const good: Mirror = await mirrorOf(2, 3);
const X = '0123456789abcdef';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await put(good);
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Iterable<readonly [string, Buffer | string]>): Promise<void> {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

const all = (names: readonly string[], bytes = 'x'): [string, string][] => names.map((name) => [name, bytes]);

/** Said is what a checker says of a mirror. */
interface Said {
  readonly status: string;
  readonly found: readonly string[];
  readonly ignored: readonly string[];
}

const saidBy = ({ status, findings, notChecked }: Report | LedgerOutcome): Said => ({
  status,
  found: [...new Set(findings.map(({ code, object }) => `${code} ${object}`))].sort(),
  ignored: notChecked
    .filter((text) => /^ignored: /i.test(text))
    .map((text) => text.slice('ignored: '.length).replace(/\.$/, ''))
    .sort(),
});

async function byCore(isQuick = false): Promise<Said> {
  const store = new MirrorStore(folder);
  const report = await verifyLedger(
    {
      store,
      ignoredFiles: () => store.ignored(),
      tiles: new FolderTileStore(folder),
      now: () => NOW,
      summarize: async (stored, question) => summarizeSegment(stored, question),
      concurrency: 3,
    },
    { verifiers: [KEY.verifierKey], isQuick },
  );
  return saidBy(report);
}

async function byPage(): Promise<Said> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({
      name: relative(folder, path).replaceAll('\\', '/'),
      size: (await stat(path)).size,
      read: async (most?: number) => new Uint8Array((await readFile(path)).subarray(0, most)),
    })),
  );
  const { keys } = await readKeys(MIRROR_KEY);
  return saidBy(await verifyInPage(files, { keys, now: NOW }));
}

/** both gives what both say, which has to be the same. */
async function both(): Promise<Said> {
  const said = await byCore();
  expect(await byPage()).toEqual(said);
  return said;
}

test('a whole mirror has nothing to ignore', async () => {
  expect(await both()).toEqual({ status: 'verified', found: [], ignored: [] });
});

const LITTER = [
  '.DS_Store',
  'segments/.DS_Store',
  'segments/0/.DS_Store',
  'segments/0/Thumbs.db',
  'segments/desktop.ini',
  'batches/Desktop.ini',
  'foreign/.DS_Store',
  'tlog/.DS_Store',
  'tlog/tile/._0',
  `segments/0/._${nameOf(0).split('/')[2] ?? ''}`,
  '._.DS_Store',
];
const PARTIALS = [
  `${nameOf(9)}.${X}.partial`,
  `batches/000000000007.jsonl.${X}.partial`,
  `tlog/checkpoint.${X}.partial`,
  `foreign/${'a'.repeat(64)}.${X}.partial`,
  `foreign/${'a'.repeat(64)}.name.${X}.partial`,
];

test('what systems and copies leave is counted and named, and is no finding', async () => {
  await put(all([...LITTER, ...PARTIALS]));
  const { status, found, ignored } = await both();
  expect({ status, found }).toEqual({ status: 'verified', found: [] });
  expect(ignored.map((text) => text.split(':')[0])).toEqual(
    [
      `${LITTER.length} files that an operating system left`,
      `${PARTIALS.length} files that a copy left which was cut off`,
    ].sort(),
  );
  for (const name of PARTIALS) expect(ignored.join()).toContain(name);
  expect(ignored.join()).toContain(', and 1 more');
  // A quick check says the same, and so does a copy of the copy.
  expect(await byCore(true)).toMatchObject({ found: [], ignored });
  const to = new MemoryStore();
  expect(await mirrorLedger(new MirrorStore(folder), to, { concurrency: 2 })).toMatchObject({ failed: [] });
  expect([...to.objects.keys()].every(isKnownName)).toBe(true);
});

test.each([
  '.DS_Store/evil',
  '._folder/evil.txt',
  'xDS_Store',
  'x.DS_Store',
  '.DS_Store.txt',
  '.ds_store',
  'thumbs.DB',
  'segments/0/_.txt',
  '._',
  `notes.txt.${X}.partial`,
  `${nameOf(9)}.${X.slice(1)}.partial`,
  `${nameOf(9)}.${X}.partial.txt`,
  `${nameOf(9)}.partial`,
  `segments/0/x.${X}.partial`,
  `foreign/${'a'.repeat(63)}.${X}.partial`,
  'segments/00/000000000000.jsonl.zst',
])('%s is litter to nobody', async (name) => {
  await put(all([name]));
  expect(await both()).toMatchObject({ status: 'violated', found: [`foreign-object ${name}`], ignored: [] });
});

test('no name of the format is litter', () => {
  for (const name of good.keys())
    expect([name, litterOf(name), litterKind(name)]).toEqual([name, undefined, undefined]);
});

/** apart is how a mirror keeps an object of the container whose name the format doesn't know. */
function apart(name: string, bytes = 'planted'): [string, string][] {
  const file = `foreign/${createHash('sha256').update(name).digest('hex')}`;
  return [
    [file, bytes],
    [`${file}.name`, name],
  ];
}

test.each(['.DS_Store', 'segments/0/.DS_Store', 'tlog/.DS_Store', `${nameOf(9)}.${X}.partial`, 'evidence.json'])(
  'an object of the container that is called %s stays foreign, also beside the file of that name',
  async (name) => {
    await put(apart(name, '{"version":1,"line":"x"'));
    const found = [`foreign-object ${name}`];
    expect(await both()).toEqual({ status: 'violated', found, ignored: [] });
    await put(all([name], '{"version":1,"line":"x"'));
    expect(await both()).toMatchObject({ status: 'violated', found, ignored: [expect.stringContaining(name)] });
    expect((await new MirrorStore(folder).read(name))?.toString()).toBe('{"version":1,"line":"x"');
  },
);

test.each(['.DS_Store', 'evidence.json', 'tlog/checkpoint'])(
  'a mirror takes an object that is called %s, though such a file is there',
  async (name) => {
    await put(name === 'tlog/checkpoint' ? [] : all([name], '{"version":1,"kind":"answer",'));
    const from = new MemoryStore([[name, Buffer.from('planted')]]);
    expect(await mirrorLedger(from, new MirrorStore(folder), { concurrency: 1 })).toMatchObject({
      copied: 1,
      failed: [],
    });
    expect(await both()).toMatchObject({ status: 'violated', found: [`foreign-object ${name}`] });
  },
);

test('in a container such names are foreign: no system leaves files there', async () => {
  const names = ['.DS_Store', 'segments/0/.DS_Store', `${nameOf(9)}.${X}.partial`];
  const { status, found } = await coreVerdict(
    new Map([...good, ...names.map((name) => [name, Buffer.of(1)] as const)]),
  );
  expect({ status, found }).toEqual({
    status: 'violated',
    found: names.map((name) => `foreign-object ${name}`).sort(),
  });
});

test('20,000 files of a system hide nothing, and are counted', async () => {
  await mkdir(join(folder, 'segments/0'), { recursive: true });
  const names = Array.from({ length: 20_000 }, (_, i) => `segments/0/._${i}`);
  for (let i = 0; i < names.length; i += 500)
    await Promise.all(names.slice(i, i + 500).map((name) => writeFile(join(folder, name), '')));
  await put(all(['segments/0/planted']));
  await rm(join(folder, nameOf(1)));
  const { status, found, ignored } = await both();
  expect(status).toBe('violated');
  expect(found).toEqual(expect.arrayContaining(['foreign-object segments/0/planted', `segment-missing ${nameOf(1)}`]));
  expect(ignored).toEqual([expect.stringMatching(/^20000 files .*, and 19990 more$/)]);
});

describe('evidence and answers that somebody saved in a mirror', () => {
  const EVIDENCE = '{"version":1,"line":"{\\"a\\":1}"}';
  const ANSWER = '{"version":1,"kind":"answer","query":{}}';

  test('are named, and are no finding', async () => {
    await put([
      ['evidence.json', EVIDENCE],
      ['proofs/0-17', EVIDENCE],
      ['answer/answer.json', ANSWER],
    ]);
    expect(await both()).toEqual({
      status: 'verified',
      found: [],
      ignored: [
        '3 files of evidence or answers that somebody saved here: answer/answer.json, evidence.json, proofs/0-17',
      ],
    });
  });

  test.each([
    ['segments/evidence.json', EVIDENCE],
    ['tlogs.json', `x${EVIDENCE}`],
    ['notes.json', '{"version":1,"kind":"other"}'],
    ['empty.json', ''],
    ['foreign/evidence.json', EVIDENCE],
    ['reports/answer.json', ANSWER],
  ])('but what is in a folder of the format, or begins otherwise, is none: %s', async (name, bytes) => {
    await put([[name, bytes]]);
    expect(await both()).toEqual({ status: 'violated', found: [`foreign-object ${name}`], ignored: [] });
  });

  test('under a name of the format they are what the name says', async () => {
    await put([['batches/000000000077.jsonl', EVIDENCE]]);
    expect((await both()).status).toBe('violated');
  });
});

describe('marks of folders', () => {
  const MARKERS = ['segments', 'segments/0', 'segments/', 'segments/7/', 'drill/2026/11', 'cosignatures/000000000001'];
  const planted = (names: readonly string[], bytes = ''): Iterable<readonly [string, Buffer | string]> =>
    names.flatMap((name) => apart(name, bytes));

  test('of no bytes are named, in a container and in its mirror', async () => {
    await put(planted(MARKERS));
    const { status, found, ignored } = await both();
    expect({ status, found }).toEqual({ status: 'verified', found: [] });
    expect(ignored).toEqual([expect.stringMatching(/^6 objects without bytes that mark folders: /)]);
    const container = new Map([...good, ...MARKERS.map((name) => [name, Buffer.alloc(0)] as const)]);
    expect(await coreVerdict(container)).toEqual({ status: 'verified', found: [] });
    expect(await byCore(true)).toMatchObject({ found: [], ignored });
  });

  test('with bytes, or of folders that the format has not, are foreign', async () => {
    const others = [
      'segments/00',
      'segments/x',
      'x',
      'tlog',
      'foreign',
      'segments//',
      'segments/123456',
      'drill/2026/11/22/x',
    ];
    await put([...planted(MARKERS, '.'), ...planted(others)]);
    const wrong = [...MARKERS, ...others];
    expect(await both()).toEqual({
      status: 'violated',
      found: wrong.map((name) => `foreign-object ${name}`).sort(),
      ignored: [],
    });
  });

  test('that stand in a mirror twice are not known to be empty', async () => {
    await put([...planted(['cosignatures/000000000777']), ['cosignatures/000000000777', '']]);
    expect(await both()).toMatchObject({ found: ['foreign-object cosignatures/000000000777'], ignored: [] });
  });
});
