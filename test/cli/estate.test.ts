import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { command as postureCommand } from '../../src/cli/commands/posture.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { FiledReport } from '../../src/core/objects/filedReport.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { FOREIGN, acknowledge, integrate, planted } from '../support/acknowledged.ts';
import { armOutside } from '../support/armOutside.ts';
import { LEDGER } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { writeMirror } from '../support/logMirror.ts';
import { certificatesOf, integrateOf, keyOf, sessionsOf, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { CLI, inProcess, runNode } from '../support/program.ts';
import { SECRET } from '../support/secrets.ts';

const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
const [EU, US, ASIA] = ['logs.example.com/eu', 'logs.example.com/us', 'logs.example.com/asia'];
const SEGMENT = 'segments/0/000000000000.jsonl.zst';

const keyIn = (ledger: string): ReturnType<typeof keyOf> => keyOf(ledger.length, ledger);
const vkeyOf = (ledger: string): string => formatVerifierKey(keyIn(ledger).verifierKey);

/** sealLedger seals a ledger of that name, with its log. */
async function sealLedger(ledger: string, store: ObjectStore, tiles = new MemoryTiles()): Promise<void> {
  const key = keyIn(ledger);
  const sessions = sessionsOf('segments', [key], ledger);
  await sealAll(
    ingestOf(store, { ledger, sessions, certificates: certificatesOf([key], ledger) }),
    eventsBetween(0, 3),
  );
  const log = { origin: ledger, verifiers: [key.verifierKey], signers: [signerOf(key)], auditors: [] };
  await integrateOf(store, tiles, log).run(new KeptLog());
}

async function mirrorLedger(ledger: string, folder: string): Promise<void> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  await sealLedger(ledger, store, tiles);
  await writeMirror(folder, { store, tiles });
}

interface Entry {
  readonly target: string;
  readonly ledger: string;
  readonly [member: string]: unknown;
}

interface Estate {
  readonly version: number;
  readonly kind: string;
  readonly status: string;
  readonly ledgers: readonly {
    readonly ledger: string;
    readonly target: string;
    readonly status: string;
    readonly report?: FiledReport;
    readonly fault?: string;
  }[];
}

let stack: Stack;
let work = '';
let euUrl = '';
beforeAll(async () => {
  stack = await startStack();
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  process.env['INIT_CWD'] = work;
  await stack.container('europe').create();
  euUrl = stack.sasContainer('europe', 'rcl').url;
  await sealLedger(EU, new BlobStore(stack.sasContainer('europe', 'rcl')));
  // Lists lie beside the mirrors, and the user is elsewhere.
  for (const name of ['us', 'asia']) await mirrorLedger(`logs.example.com/${name}`, join(work, 'lists', name));
  const broken = join(work, 'lists/broken');
  await mirrorLedger(ASIA, broken);
  await writeFile(join(broken, SEGMENT), 'x');
});
afterAll(async () => {
  delete process.env['INIT_CWD'];
  await stack.close();
  await rm(work, { recursive: true });
});

/** Nobody listens there. */
const GONE = 'http://127.0.0.1:9/testaccount/gone?sv=1&sig=';

const eu = (): Entry => ({ target: euUrl, ledger: EU, key: [vkeyOf(EU)] });
const us: Entry = { target: './us', ledger: US, key: [vkeyOf(US)] };
const asia: Entry = { target: 'asia', ledger: ASIA, key: [vkeyOf(ASIA)] };
const broken: Entry = { ...asia, target: 'broken' };
const gone: Entry = { target: `${GONE}${SECRET}`, ledger: 'logs.example.com/gone' };

let count = 0;
/** listOf writes a list, and gives its path from where the user is. */
async function listOf(content: unknown): Promise<string> {
  const path = `lists/${++count}.json`;
  await writeFile(join(work, path), typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

type Ran = Promise<{ code: number; out: string }>;
const verifyList = async (ledgers: readonly unknown[], ...args: readonly string[]): Ran => {
  const list = await listOf({ ledgers });
  return inProcess(async () => verifyCommand.run([list, '--threads', '1', ...args]));
};

async function estateOf(ledgers: readonly unknown[], ...args: readonly string[]): Promise<Estate & { code: number }> {
  const { code, out } = await verifyList(ledgers, '--json', ...args);
  return { code, ...(JSON.parse(out) as Estate) };
}

describe('one verdict over a list of ledgers', () => {
  test('all verified: 0, through a container and mirrors beside the list', async () => {
    const { code, out } = await verifyList([eu(), us, asia]);
    const lines = out.split('\n');
    expect([code, ...lines.slice(0, 5)]).toEqual([
      0,
      'verified: 3 ledgers: 3 verified, 0 violated, 0 unverified',
      `  verified: ${EU}: ${euUrl.split('?')[0]}: 0 findings`,
      `  verified: ${US}: ./us: 0 findings`,
      `  verified: ${ASIA}: asia: 0 findings`,
      '',
    ]);
    // Each report as it is printed of one ledger, under a line that says of which.
    for (const [ledger, target] of [
      [US, './us'],
      [ASIA, 'asia'],
    ] as const) {
      const at = lines.indexOf(`${ledger}: ${target}`);
      expect(lines[at + 1]).toBe(`verified: ${ledger}`);
      expect(lines[at + 2]).toMatch(/^ {2}checked in full: 1 segments, /);
    }
    expect(out).not.toContain('sig=');
  });

  test('one violated and one out of reach: violated, as a program, and all are named, the worst first', async () => {
    const list = await listOf({ ledgers: [gone, us, broken] });
    const { code, stdout, stderr } = await runNode([CLI, 'verify', list], { INIT_CWD: work });
    expect([code, stderr]).toEqual([1, '']);
    const [first, ...lines] = stdout.split('\n');
    expect(first).toBe('violated: 3 ledgers: 1 verified, 1 violated, 1 unverified');
    expect(lines[0]).toMatch(new RegExp(`^ {2}violated: ${ASIA}: broken: \\d+ findings?$`));
    expect(lines[1]).toMatch(
      /^ {2}unverified: logs\.example\.com\/gone: http:\/\/127\.0\.0\.1:9\/testaccount\/gone: can't /,
    );
    expect(lines[2]).toBe(`  verified: ${US}: ./us: 0 findings`);
    expect(stdout).toContain(`violated: ${ASIA}\n`);
    expect(stdout).not.toMatch(new RegExp(`sig=|${SECRET}`));
  });

  test('one out of reach, and one whose folder is missing: unverified, and the rest is checked', async () => {
    const missing = { ...asia, target: 'nothing' };
    const { code, version, kind, status, ledgers } = await estateOf([gone, missing, us]);
    expect({ code, version, kind, status }).toEqual({ code: 2, version: 1, kind: 'estate', status: 'unverified' });
    expect(ledgers).toEqual([
      {
        ledger: gone.ledger,
        target: 'http://127.0.0.1:9/testaccount/gone',
        status: 'unverified',
        fault: expect.stringMatching(/^can't .*ECONNREFUSED/) as string,
      },
      {
        ledger: ASIA,
        target: 'nothing',
        status: 'unverified',
        fault: expect.stringContaining('lists/nothing is neither a folder nor a URL') as string,
      },
      {
        ledger: US,
        target: './us',
        status: 'verified',
        report: expect.objectContaining({ kind: 'integrity', ledger: US, status: 'verified', findings: [] }) as object,
      },
    ]);
  });

  test("a copy of one ledger under another one's entry isn't verified, whatever keys are given", async () => {
    await mkdir(join(work, 'lists/copy'));
    await mirrorLedger(US, join(work, 'lists/copy/us'));
    for (const key of [[vkeyOf(ASIA)], [vkeyOf(US)], [vkeyOf(ASIA), vkeyOf(US)], []]) {
      const { code, status, ledgers } = await estateOf([us, { target: 'copy/us', ledger: ASIA, key }]);
      expect([code, status, ledgers.map((one) => one.status)]).toEqual([1, 'violated', ['verified', 'violated']]);
    }
  });

  test('a key that is none makes its own ledger unverified', async () => {
    const { code, ledgers } = await estateOf([{ ...us, key: ['x'] }, asia]);
    expect([code, ledgers.map(({ status, fault }) => [status, fault])]).toEqual([
      2,
      [
        ['unverified', expect.stringMatching(/^--key: /)],
        ['verified', undefined],
      ],
    ]);
  });

  test('files of an entry are beside the list; what was found stays found where one of them is there already', async () => {
    const kept = { anchor: 'kept.note', out: 'kept.json' };
    expect(await estateOf([{ ...us, ...kept }])).toMatchObject({ code: 0, status: 'verified' });
    expect((await readdir(join(work, 'lists'))).filter((name) => name.startsWith('kept'))).toEqual([
      'kept.json',
      'kept.note',
    ]);
    const before = await readFile(join(work, 'lists/kept.json'));
    const fault = '--out: lists/kept.json is there already, and is never overwritten';
    const again = await estateOf([{ ...us, ...kept }]);
    expect(again).toMatchObject({
      code: 2,
      ledgers: [{ status: 'unverified', fault, report: { status: 'verified' } }],
    });
    const violated = await estateOf([{ ...broken, out: 'kept.json' }]);
    expect(violated).toMatchObject({
      code: 1,
      ledgers: [{ status: 'violated', fault, report: { status: 'violated' } }],
    });
    // So it does for a ledger that is checked alone.
    const alone = async (target: string) =>
      inProcess(() => verifyCommand.run(['--out', join(work, 'lists/kept.json'), '--', join(work, 'lists', target)]));
    await expect(alone(us.target)).rejects.toThrow('is there already');
    expect(await alone(broken.target)).toMatchObject({
      code: 1,
      out: expect.stringContaining('is there already') as string,
    });
    expect(await readFile(join(work, 'lists/kept.json'))).toEqual(before);
  });

  test('a verdict says how many findings are acknowledged', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 30);
    await writeMirror(join(work, 'lists/acknowledged'), ledger);
    const { code, out } = await verifyList([us, { target: 'acknowledged', ledger: LEDGER }]);
    expect([code, ...out.split('\n').slice(0, 3)]).toEqual([
      0,
      'verified: 2 ledgers: 2 verified, 0 violated, 0 unverified, with 1 finding acknowledged',
      `  verified: ${US}: ./us: 0 findings`,
      `  verified: ${LEDGER}: acknowledged: 1 finding, 1 of them acknowledged`,
    ]);
  });

  test('options of the whole run count for each ledger', async () => {
    const { ledgers } = await estateOf([us, asia], '--quick');
    expect(ledgers.map(({ report }) => report)).toMatchObject([
      { checked: { mode: 'quick' } },
      { checked: { mode: 'quick' } },
    ]);
    await expect(verifyList([us, { ...asia, since: 'x' }], '--quick')).rejects.toThrow(
      `ledgers[1] (${ASIA}): --quick begins at the first entry`,
    );
  });
});

describe('posture of several containers', () => {
  const world = (): ReturnType<typeof armOutside> => armOutside(stack.gateway, stack.arm);
  const entries = (): Entry[] =>
    ['locked', 'unlocked'].map((name) => ({
      target: stack.sasContainer(name, 'rl').url,
      ledger: `logs.example.com/${name}`,
      'resource-id': ID,
      'retention-days': 10,
      key: ['of verify alone'],
    }));
  beforeAll(async () => {
    for (const name of ['locked', 'unlocked']) await stack.container(name).create();
    await stack.lockedPolicy('locked', 10);
    await stack.putPolicy('unlocked', 10);
  });

  test('one of them unlocked: violated, and a name is not taken for checked', async () => {
    const list = await listOf({ ledgers: entries() });
    const { code, out } = await inProcess(async () => postureCommand.run([list, '--json'], world()));
    const { status, ledgers } = JSON.parse(out) as Estate;
    expect([code, status, ledgers.map((one) => one.status)]).toEqual([1, 'violated', ['verified', 'violated']]);
    expect(ledgers.map(({ report }) => report)).toMatchObject([
      { kind: 'posture', container: 'locked', retentionDays: 10 },
      {
        kind: 'posture',
        container: 'unlocked',
        findings: expect.arrayContaining([expect.objectContaining({ code: 'policy-unlocked' })]) as unknown[],
      },
    ]);
    for (const { ledger, report } of ledgers)
      expect(report?.notChecked.at(-1)).toBe(
        `whether this container is that of ${ledger}: Azure Resource Manager knows no names of ledgers; verify does`,
      );
    expect(out).not.toContain('sig=');
  });

  test('a connection that a fault of the program ends is unverified, with what it says and not what is secret', async () => {
    let asked = 0;
    const outside = {
      ...world(),
      connect: async (subscription: string) => {
        if (++asked === 1) throw new TypeError(`no such thing\n at https://x?sig=${SECRET}`);
        return world().connect(subscription);
      },
    };
    const list = await listOf({ ledgers: entries().toReversed() });
    const { code, out } = await inProcess(async () => postureCommand.run([list], outside));
    expect(code).toBe(2);
    expect(out).toContain('unverified: 2 ledgers: 1 verified, 0 violated, 1 unverified\n');
    expect(out).toMatch(
      /^ {2}unverified: logs\.example\.com\/unlocked: http\S+: internal fault, please report it: TypeError: no such thing$/m,
    );
    expect(out).not.toContain(SECRET);
  });

  test('of a mirror it can say nothing: a usage error that names the entry', async () => {
    const list = await listOf({ ledgers: [...entries(), us] });
    await expect(postureCommand.run([list], world())).rejects.toThrow(
      `${list}: ledgers[2] (${US}): TARGET must be the URL of a container: a copy has no policy`,
    );
  });
});
