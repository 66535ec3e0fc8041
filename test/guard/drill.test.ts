import type { ContainerClient } from '@azure/storage-blob';
import { ArmPolicy } from '../../src/adapters/armPolicy.ts';
import { BlobCanaries } from '../../src/adapters/blobCanaries.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import type { PostureReport } from '../../src/core/objects/report.ts';
import { reportName } from '../../src/core/objects/names.ts';
import { openReport } from '../../src/core/objects/reportFile.ts';
import { runDrill } from '../../src/guard/drill.ts';
import { checkPosture } from '../../src/guard/posture.ts';
import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { armOutside } from '../support/armOutside.ts';
import { check, saidOf } from '../support/checking.ts';
import { forgeChain } from '../support/forge.ts';
import { filed } from '../support/reports.ts';

let stack: Stack;
let count = 0;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function containerOf(days?: number): Promise<string> {
  const name = `drilled-${++count}`;
  await stack.container(name).create();
  if (days !== undefined) await stack.putPolicy(name, days);
  return name;
}

/** drilled holds a drill with a token of these rights, and gives the posture that it is part of. */
async function drilled(container: string, rights = 'rcawd', client?: ContainerClient): Promise<PostureReport> {
  const outside = armOutside(stack.gateway, stack.arm);
  const place = { subscription: SUBSCRIPTION, resourceGroup: GROUP, account: ACCOUNT, container };
  const reader = new ArmPolicy(await outside.connect(SUBSCRIPTION), place);
  const drill = await runDrill(new BlobCanaries(client ?? stack.sasContainer(container, rights)), Date.now());
  return checkPosture({ reader, now: Date.now }, { account: ACCOUNT, container, retentionDays: 1 }, { drill });
}

const outcomes = ({ drill = [] }: PostureReport): string[] =>
  drill.map(({ object, change, outcome, said }) => `${object.split('/').at(-1)}: ${change}: ${outcome}: ${said}`);
const failed = ({ findings }: PostureReport): string[] =>
  findings.filter(({ code }) => code === 'drill-failed').map(({ detail }) => detail.replace(/^.*attempt to /, ''));

const REFUSED = '409 BlobImmutableDueToPolicy';
const CHANGES = ['overwrite', 'overwrite by blocks', 'set metadata', 'set properties', 'delete'];

test('a policy refuses everything, also at the second drill of the day, and the canaries stay as they were', async () => {
  const container = await containerOf(1);
  await stack.lockedPolicy(container, 1);
  for (let run = 0; run < 2; run++) {
    const report = await drilled(container);
    expect(outcomes(report)).toEqual([
      ...CHANGES.map((change) => `block: ${change}: refused: ${REFUSED}`),
      `append: append: refused: ${REFUSED}`,
    ]);
    expect(report).toMatchObject({ status: 'verified', unreadable: [] });
    expect(failed(report)).toEqual([]);
    expect(openReport(filed(report, reportName(0)), reportName(0), undefined)).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
  }
  for await (const { name } of stack.container(container).listBlobsFlat({ prefix: 'drill/' })) {
    const bytes = await stack.container(container).getBlobClient(name).downloadToBuffer();
    expect(bytes.toString()).toBe(name.endsWith('block') ? 'What a drill tries to change. It holds no log.\n' : '');
  }
});

test('a policy that is removed: findings name what went through', async () => {
  const container = await containerOf();
  const etag = await stack.putPolicy(container, 1);
  await drilled(container);
  await stack.arm.blobContainers.deleteImmutabilityPolicy(GROUP, ACCOUNT, container, etag);
  const report = await drilled(container);
  expect(report.status).toBe('violated');
  expect(failed(report)).toEqual([...CHANGES, 'append'].map((change) => `${change} was not refused: it went through`));
  expect(report.findings.filter(({ code }) => code === 'drill-failed').map(({ severity }) => severity)).toEqual(
    [...CHANGES, 'append'].map(() => 'error'),
  );
});

test('a policy that allows appends: the append alone goes through', async () => {
  const container = await containerOf();
  await stack.putPolicy(container, 1, { allowProtectedAppendWrites: true });
  expect(failed(await drilled(container))).toEqual(['append was not refused: it went through']);
});

test('whoever lacks the rights is refused for that, which proves nothing: unverified', async () => {
  const container = await containerOf();
  await stack.lockedPolicy(container, 1);
  await drilled(container);
  const report = await drilled(container, 'rc');
  expect(report.status).toBe('unverified');
  expect(new Set((report.drill ?? []).map(({ outcome }) => outcome))).toEqual(new Set(['unverified']));
  expect(report.unreadable).toHaveLength(6);
  expect(report.unreadable[0]?.why).toMatch(/could not tell whether the policy refuses to .*: 403 /);
  expect(failed(report)).toEqual([]);
});

test('without canaries nothing is tried, and that is no pass', async () => {
  const container = await containerOf();
  await stack.lockedPolicy(container, 1);
  const report = await drilled(container, 'r');
  expect([report.status, report.drill]).toEqual(['unverified', []]);
  expect(report.unreadable.map(({ object }) => object)).toEqual([
    expect.stringMatching(/^drill\/\d{4}\/\d{2}\/\d{2}\/append$/),
    expect.stringMatching(/^drill\/\d{4}\/\d{2}\/\d{2}\/block$/),
  ]);
  const token = new URL(stack.sasContainer(container, 'r').url).searchParams.get('sig') as string;
  expect(JSON.stringify(report)).not.toContain(token);
});

test('canaries are known names, and have no entry: no check calls them foreign', async () => {
  const container = await containerOf(1);
  const store = new BlobStore(stack.sasContainer(container, 'rcl'));
  for (const [name, bytes] of forgeChain(2)) await store.create(name, bytes);
  await drilled(container);
  expect(saidOf(await check(store))).toEqual([]);
  await store.create('drill/2026/11/23/other', Buffer.from('x'));
  expect(saidOf(await check(store))).toEqual(['foreign-object drill/2026/11/23/other']);
});
