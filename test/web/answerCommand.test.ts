import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timeOf } from '../support/forge.ts';
import { ingestOf, sealAll } from '../support/hub.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { Random } from '../support/random.ts';
import { triedOf } from '../support/sample.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command as checkCommand } from '../../src/cli/commands/check.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { indexedTermsOf } from '../../src/core/fields/values.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parseAnswer } from '../../web/verify/answer/answer.ts';
import { checkAnswer } from '../../web/verify/answer/checkAnswer.ts';
import { isIndexedValue } from '../../web/verify/answer/query.ts';
import { Fault } from '../../web/verify/fault.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';

// What the command line makes the page checks, and what was changed of it both refute: they share no code.

const KEYS = ['--key', formatVerifierKey(KEY.verifierKey), '--auditor-key', formatVerifierKey(AUDITOR.verifierKey)];
const { keys } = await readKeys(`${KEYS[1]}\n${KEYS[3]}`);

let work: string;
let mirror: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-answers-'));
  mirror = join(work, 'mirror');
  const [store, tiles] = [new MirrorStore(mirror), new FolderTileStore(mirror)];
  const random = new Random(7);
  const next = [0, 0];
  for (let round = 0; round < 20; round++) {
    for (const partition of [0, 1]) {
      const events = Array.from({ length: 1 + random.below(4) }, () => {
        const sequenceNumber = next[partition] as number;
        next[partition] = sequenceNumber + 1;
        const record = { identity: ['alice', 'bob', 'carol'][random.below(3)], operationName: `op${random.below(3)}` };
        const body = ['link down', '{"x":1}', JSON.stringify(record)][Math.min(random.below(12), 2)] ?? '';
        return { sequenceNumber, enqueued: timeOf(sequenceNumber), body: Buffer.from(body) };
      });
      await sealAll(ingestOf(store), events, String(partition));
    }
    await indexedLog(store, tiles).run(new KeptLog());
  }
  await indexedLog(store, tiles).run(new KeptLog());
  await fileFullCheck(store, tiles);
  await indexedLog(store, tiles).run(new KeptLog());
  await indexedLog(store, tiles).run(new KeptLog());
}, 60_000);
afterAll(() => rm(work, { recursive: true }));

let made = 0;
async function prove(...args: readonly string[]): Promise<string> {
  const folder = join(work, `answer${++made}`);
  const { code, out } = await inProcess(async () =>
    find.run([mirror, ...KEYS.slice(0, 2), '--prove', folder, ...args]),
  );
  // An answer that isn't complete is made all the same.
  if (code !== 0 && !out.includes('NOT COMPLETE')) throw new Error(out);
  return join(folder, 'answer.json');
}

interface Said {
  readonly status: string;
  readonly by?: string;
  readonly beside?: unknown;
  /** when the index ends, and until when partitions are sealed there that end before the interval does */
  readonly until?: unknown;
  /** numbers of records, and whether they came in within the interval */
  readonly found?: readonly (readonly [number, boolean])[];
}

async function command(path: string): Promise<Said> {
  const { code, out } = await inProcess(async () => checkCommand.run([path, ...KEYS, '--json']));
  // Where it is proved that the answer isn't complete, or nobody vouches for it whom the user named, the exit status is that too.
  if (code === 2 && !out.startsWith('{')) return { status: 'not proved' };
  const said = JSON.parse(out) as {
    readonly status: string;
    readonly complete: { readonly by: string };
    readonly unfindable: unknown;
    readonly until: unknown;
    readonly records: readonly { readonly record: number; readonly isWithin: boolean }[];
  };
  if (said.status !== 'proved') return { status: 'not proved' };
  const { complete, unfindable: beside, until, records } = said;
  return { status: 'proved', by: complete.by, beside, until, found: records.map((it) => [it.record, it.isWithin]) };
}

async function page(bytes: Uint8Array): Promise<Said> {
  try {
    const answer = parseAnswer(bytes);
    const { fault, complete } = await checkAnswer(answer, keys);
    if (fault !== undefined || complete === undefined) return { status: 'not proved' };
    const { vouched, beside = { notJson: 0, noFields: 0, unindexed: 0 }, reach, found } = complete;
    const short = [...reach.sealed, ...reach.unnamed.map((partition) => ({ partition, sealed: '' }))];
    const until = {
      time: reach.time,
      short: Object.fromEntries(answer.query.to === null ? [] : short.map((it) => [it.partition, it.sealed])),
    };
    return { status: 'proved', by: vouched.by, beside, until, found: found.map((it) => [it.record, it.isInside]) };
  } catch (error) {
    if (error instanceof Fault) return { status: 'not proved' };
    throw error;
  }
}

test.each([
  [['--actor', 'Alice']],
  [['--actor', 'alice', '--actor', 'bob', '--operation', 'op1']],
  [['--actor', 'mallory']],
  [['--actor', 'alice', '--from', timeOf(10), '--to', timeOf(20)]],
  [['--actor', 'alice', '--partition', '1']],
  [['--from', timeOf(5), '--to', timeOf(9)]],
  [['--actor', 'alice', '--to', timeOf(2_999_999)]],
  [['--actor', 'alice', '--to', timeOf(20), '--partition', '1', '--partition', '7']],
  [['--partition', '0']],
  [[]],
  [['--from', timeOf(1_000_000)]],
])('the page proves what the command line made: find %j', async (args) => {
  const path = await prove(...args);
  const said = await page(await readFile(path));
  expect(said).toMatchObject({ status: 'proved', by: 'auditor' });
  expect(said).toEqual(await command(path));
});

test('both say the same of an answer from which something was taken, or in which it stands twice', async () => {
  const path = await prove('--actor', 'alice', '--operation', 'op1', '--to', timeOf(30));
  const good = JSON.parse(await readFile(path, 'utf8')) as unknown;
  const tried = join(work, 'tried.json');
  const wrong: string[] = [];
  let proved = 0;
  for (const [what, changed] of changes(good)) {
    const bytes = Buffer.from(`${JSON.stringify(changed)}\n`);
    await writeFile(tried, bytes);
    const [own, theirs] = [await page(bytes), await command(tried)];
    if (own.status === 'proved') proved++;
    if (JSON.stringify(own) !== JSON.stringify(theirs))
      wrong.push(`${what}: page ${JSON.stringify(own)}, command line ${JSON.stringify(theirs)}`);
  }
  expect(wrong).toEqual([]);
  // What is for information, and an auditor's report that doesn't count, refutes nothing.
  expect(proved).toBeGreaterThan(5);
});

test('both take the same values for those that an index has', () => {
  const random = new Random(11);
  const PARTS = [
    '1.2.3.4',
    '[::1]',
    '[',
    ']',
    ':80',
    ':123456',
    '::1',
    'fe80%',
    ',',
    ' ',
    '\t',
    'a',
    'A',
    '/',
    '?',
    '#',
  ];
  const seen = { is: 0, isNot: 0 };
  const runs = triedOf(20_000, 2000, 5000);
  for (let i = 0; i < runs; i++) {
    const text = Array.from({ length: 1 + random.below(4) }, () => PARTS[random.below(PARTS.length)]).join('');
    const begin = ['', '/', 'http://', 'https://'][random.below(4)] ?? '';
    for (const [field, value] of [
      ['actor', text],
      ['resource', text],
      ['ip', text],
      ['target', begin === '' ? `/${text}` : begin + text],
    ] as const) {
      const is = indexedTermsOf(field, value).includes(value);
      expect([field, value, isIndexedValue(field, value)]).toEqual([field, value, is]);
      seen[is ? 'is' : 'isNot']++;
    }
  }
  expect(Math.min(seen.is, seen.isNot)).toBeGreaterThan(runs / 4);
});

/** changes gives an answer with one thing changed each: an item gone, twice, or another number or text. */
function* changes(good: unknown): Generator<readonly [string, unknown]> {
  const paths: (string | number)[][] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    paths.push(path);
    if (Array.isArray(value)) value.forEach((item, i) => visit(item, [...path, i]));
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) visit(item, [...path, name]);
  };
  visit(good, []);
  for (const path of paths.slice(1)) {
    for (const edit of ['gone', 'twice', 'other'] as const) {
      const copy = structuredClone(good);
      const parent = path.slice(0, -1).reduce((at, name) => (at as Record<string, unknown>)[name], copy) as unknown[];
      const last = path.at(-1) as number;
      const value = parent[last];
      if (edit === 'gone') {
        if (Array.isArray(parent)) parent.splice(last, 1);
        else delete parent[last];
      } else if (edit === 'twice') {
        if (!Array.isArray(parent)) continue;
        parent.splice(last, 0, value);
      } else if (typeof value === 'number') parent[last] = value + 1;
      else if (typeof value === 'string') parent[last] = `${value.slice(0, -2)}${value.at(-1)}${value.at(-2)}`;
      else parent[last] = null;
      yield [`${path.join('.')} ${edit}`, copy];
    }
  }
}
