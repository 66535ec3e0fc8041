import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import type { Ingest } from '../../src/ingest/ingest.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import type { FaultProxy } from '../support/faultProxy.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';

// A ledger in a container far away is read with many requests at a time, through the real clients.

const EVENTS = 400;
const key = formatVerifierKey(KEY.verifierKey);
let stack: Stack;
let proxy: FaultProxy;
let work: string;
let ingest: Ingest;
let sealed = 0;

/** grow seals so many events, two in a segment, and takes the segments into the log. */
async function grow(count: number): Promise<void> {
  await sealAll(ingest, eventsBetween(sealed, sealed + count - 1));
  sealed += count;
  const store = new BlobStore(stack.sasContainer('ledger', 'rcl'));
  await integrateOf(store, new BlobTileStore(stack.container('tlog'))).run(new KeptLog());
}

const target = (name = 'ledger'): string => proxy.url(stack.sasContainer(name, 'rl').url);

beforeAll(async () => {
  stack = await startStack();
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  for (const name of ['ledger', 'tlog']) await stack.container(name).create();
  await stack.putPolicy('ledger', 10);
  ingest = ingestOf(new BlobStore(stack.sasContainer('ledger', 'rcl')), { maxSegmentBytes: 50 });
  await grow(EVENTS);
});
beforeEach(async () => {
  proxy = await startFaultProxy(stack.gateway.blobUrl);
});
afterEach(() => proxy.close());
afterAll(async () => {
  await stack.close();
  await rm(work, { recursive: true });
});

const isSegment = (path: string): boolean => path.includes('/segments/');

/** expectVerified demands that a target is verified in whole. */
async function expectVerified(where: string): Promise<void> {
  const { code, stdout } = await auditseal('verify', where, '--key', key, '--json');
  const { status, checked, unreadable } = JSON.parse(stdout) as Report;
  expect([code, status, checked.events, unreadable]).toEqual([0, 'verified', sealed, []]);
}

test('many requests are under way at one time, of a mirror, of a check and of a quick one', async () => {
  let most = 0;
  proxy.latencyMs = 20;
  proxy.faultOf = ({ path }) => {
    if (isSegment(path)) most = Math.max(most, proxy.underway);
    return undefined;
  };
  const folder = join(work, 'many');
  for (const args of [
    ['mirror', target(), folder],
    ['verify', target(), '--key', key],
    ['verify', target(), '--key', key, '--quick'],
  ]) {
    most = 0;
    expect((await auditseal(...args)).code).toBe(0);
    expect(most).toBeGreaterThan(32);
    expect(most).toBeLessThanOrEqual(140);
  }
  await expectVerified(folder);
});

test('a store that is busy as soon as twelve ask at a time gives all, in the end, and fewer ask then', async () => {
  let most = 0;
  proxy.latencyMs = 20;
  const busy = { count: 0 };
  proxy.faultOf = ({ path }) => {
    if (!isSegment(path)) return undefined;
    most = Math.max(most, proxy.underway);
    if (proxy.underway <= 12) return undefined;
    busy.count += 1;
    return 'busy';
  };
  const folder = join(work, 'busy');
  const copied = await auditseal('mirror', target(), folder, '--json');
  expect([copied.code, JSON.parse(copied.stdout)]).toMatchObject([0, { failed: [] }]);
  await expectVerified(target());
  expect(busy.count).toBeGreaterThan(100);
  proxy.faultOf = () => undefined;
  await expectVerified(folder);
});

test('connections that are cut, before an answer and within, cost nothing but time', async () => {
  const tried = new Set<string>();
  proxy.faultOf = ({ method, path }) => {
    const [name = ''] = path.split('?');
    const isFirst = method === 'GET' && isSegment(path) && !tried.has(name);
    tried.add(name);
    const number = Number(/(\d{12})\.jsonl/.exec(name)?.[1]);
    if (!isFirst || number % 5 !== 0) return undefined;
    return number % 2 === 0 ? 'cutBody' : 'dropBefore';
  };
  const folder = join(work, 'cut');
  expect((await auditseal('mirror', target(), folder)).code).toBe(0);
  tried.clear();
  await expectVerified(target());
  await expectVerified(folder);
});

test('a store that gives up on one segment: the others are copied, and that one is named', async () => {
  proxy.faultOf = ({ path }) => (path.includes('000000000100.jsonl') ? 'broken' : undefined);
  const { code, stdout } = await auditseal('mirror', target(), join(work, 'broken'), '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ failed: [{ object: 'segments/0/000000000100.jsonl.zst' }] });
});

test('a ledger that grows while it is copied: the copy is of one moment, and again of the next', async () => {
  let growing: Promise<void> | undefined;
  proxy.faultOf = ({ path }) => {
    if (isSegment(path)) growing ??= grow(20);
    return undefined;
  };
  const folder = join(work, 'growing');
  const copied = await auditseal('mirror', target(), folder, '--tlog', target('tlog'), '--json');
  expect([copied.code, JSON.parse(copied.stdout)]).toMatchObject([0, { failed: [] }]);
  await growing;
  proxy.faultOf = () => undefined;
  const { stdout } = await auditseal('verify', folder, '--key', key, '--json');
  const { findings, unreadable } = JSON.parse(stdout) as Report;
  // What was sealed behind the copied log waits for its entry.
  expect(findings.filter(({ code }) => code !== 'not-integrated')).toEqual([]);
  expect(unreadable).toEqual([]);
  await auditseal('mirror', target(), folder, '--tlog', target('tlog'));
  await expectVerified(folder);
});
