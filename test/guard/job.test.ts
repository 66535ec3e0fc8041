import { createArmClient } from '../../local/worm/armClient.ts';
import { ArmPolicy } from '../../src/adapters/armPolicy.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { openLedgerPolicy } from '../../src/adapters/ledgerPolicy.ts';
import { pageName, reportName } from '../../src/core/objects/names.ts';
import type { PostureReport } from '../../src/core/objects/report.ts';
import { formatReport, openReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { runPostureJob } from '../../src/guard/job.ts';
import type { AskedCoverage } from '../../src/guard/posture.ts';
import { newestReport } from '../../src/ledger/reports.ts';
import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { armOutside } from '../support/armOutside.ts';
import { check, saidOf } from '../support/checking.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import { forgeChain, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { coded } from '../support/logVectors.ts';
import { SECOND, checkLedger, ledgerOf } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { AUDITORS, filed, filingIn } from '../support/reports.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const HASH = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
const posture = { subscription: SUBSCRIPTION, resourceGroup: GROUP, account: ACCOUNT, retentionDays: 365 };
const ledger = { kind: 'identity', serviceUri: 'https://x', managed: true, clientId: 'auditor' } as const;

/** runAt runs the job on a container of the local stack, and files what it says in a store, if not in the container. */
async function runAt(
  second: number,
  container: string,
  {
    store,
    log = new KeptLog(),
    arm = stack.arm,
    entered = 0,
  }: { store?: MemoryStore; log?: KeptLog; arm?: Stack['arm']; entered?: number } = {},
): Promise<PostureReport> {
  const outside = armOutside(stack.gateway, arm);
  const asked: unknown[] = [];
  const { reader, promise } = await openLedgerPolicy({ posture, ledger, container }, async (subscription, identity) => {
    asked.push(identity);
    return outside.connect(subscription);
  });
  expect(asked).toEqual([ledger]);
  const files = store ?? new BlobStore(stack.sasContainer(container, 'rcl'));
  const now = (): number => Date.parse(timeOf(second));
  return runPostureJob({ reader, filing: filingIn(files, entered), auditors: AUDITORS, log, now }, promise);
}

describe('the job that files postures', () => {
  test('what is routed is part of the report; where that fails as a whole, the rest is filed, and says so', async () => {
    const reader = new ArmPolicy(await armOutside(stack.gateway, stack.arm).connect(SUBSCRIPTION), {
      ...posture,
      container: 'unguarded-too',
    });
    await stack.container('unguarded-too').create();
    const run = async (coverage: () => Promise<AskedCoverage>): Promise<[PostureReport, unknown]> => {
      const store = new MemoryStore();
      const now = (): number => Date.parse(timeOf(SECOND));
      const promise = { account: ACCOUNT, container: 'unguarded-too', retentionDays: 1 };
      const report = await runPostureJob(
        { reader, filing: filingIn(store), auditors: AUDITORS, log: new KeptLog(), now, coverage },
        promise,
      );
      return [report, openReport(store.objects.get(reportName(0)) as Buffer, reportName(0), AUDITORS)];
    };
    const type = {
      type: 'a/b',
      isKey: false,
      sources: 1,
      routed: 0,
      partly: 0,
      notRouted: 1,
      withoutLogs: 0,
      leftOut: 0,
      gone: 0,
      notAsked: 0,
    };
    const asked = {
      report: {
        scopes: ['tenant'],
        subscriptions: [],
        hubs: ['h'],
        promised: 'none',
        types: [type],
        findingsOmitted: 0,
      },
      findings: [{ code: 'not-routed', severity: 'warning', object: '/x', detail: 'y' }],
      unreadable: [{ object: 'z', why: 'w' }],
      notChecked: ['n'],
    } as const;
    const [good, stored] = await run(async () => Promise.resolve(asked));
    expect(stored).toEqual({ ...(JSON.parse(JSON.stringify(good)) as object), page: HASH });
    expect(good).toMatchObject({ coverage: asked.report, unreadable: asked.unreadable });
    expect(good.findings).toContainEqual(asked.findings[0]);

    const fault = new AuditsealError('STORE_UNAVAILABLE', 'Azure is away');
    const [without, filedToo] = await run(async () => Promise.reject(fault));
    expect(filedToo).toEqual({ ...(JSON.parse(JSON.stringify(without)) as object), page: HASH });
    expect(without).toMatchObject({ status: 'violated', unreadable: [{ object: 'coverage', why: 'Azure is away' }] });
    expect(without).not.toHaveProperty('coverage');
  });

  test('files what Azure says in the container it is about, and says with findings what alerts ask for', async () => {
    const container = 'unguarded';
    await stack.container(container).create();
    const log = new KeptLog();
    const report = await runAt(SECOND, container, { log });
    expect(report).toMatchObject({ kind: 'posture', status: 'violated', container, account: ACCOUNT });
    const stored = await stack.container(container).getBlobClient(reportName(0)).downloadToBuffer();
    // Settings that Azure doesn't state are left out of JSON.
    expect(openReport(stored, reportName(0), AUDITORS)).toEqual({
      ...(JSON.parse(JSON.stringify(report)) as object),
      page: HASH,
    });
    expect(log.lines).toEqual([
      { level: 'error', message: 'finding', fields: { code: 'policy-missing', object: container } },
      {
        level: 'error',
        message: 'posture is not as promised',
        fields: {
          status: 'violated',
          report: reportName(0),
          findings: 1,
          newFindings: 1,
          standingFindings: 0,
          warnings: 1,
          unreadable: 0,
        },
      },
    ]);
    // The next run finds the same, which is known.
    const next = new KeptLog();
    await runAt(SECOND + 1, container, { log: next });
    expect(next.lines).toMatchObject([
      { level: 'warn', message: 'standing finding', fields: { code: 'policy-missing', object: container } },
      {
        level: 'error',
        message: 'posture is not as promised',
        fields: { findings: 1, newFindings: 0, standingFindings: 1 },
      },
    ]);
  });

  test('a locked policy is no finding; what is only a warning raises no alert', async () => {
    const container = 'guarded';
    await stack.container(container).create();
    await stack.lockedPolicy(container, 365);
    const log = new KeptLog();
    await runAt(SECOND, container, { log });
    expect(log.lines).toMatchObject([{ level: 'info', message: 'posture is as promised', fields: { warnings: 1 } }]);
  });

  test('what can not be read is filed as unverified, and is an error in the log', async () => {
    const elsewhere = createArmClient(stack.gateway.armUrl, '00000000-0000-0000-0000-0000000000bb');
    const [store, log] = [new MemoryStore(), new KeptLog()];
    const report = await runAt(SECOND, 'guarded', { store, log, arm: elsewhere });
    expect(report).toMatchObject({ status: 'unverified', guard: null, settings: null });
    const stored = store.objects.get(reportName(0)) as Buffer;
    expect(openReport(stored, reportName(0), AUDITORS).status).toBe('unverified');
    expect(log.errors).toEqual(['posture could not be read']);
  });

  test('rights on the account are enough where it has a lock of its own: the resource group is not asked', async () => {
    const own = await startStack();
    const proxy = await startFaultProxy(own.gateway.armUrl);
    try {
      const container = 'locked';
      await own.container(container).create();
      await own.lockedPolicy(container, 365);
      const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`;
      const place = { ...posture, container };
      const endpoint = proxy.url(own.gateway.armUrl);
      const arm = { ...(await armOutside(own.gateway, own.arm).connect(SUBSCRIPTION)), endpoint };
      const locks = (): Promise<readonly string[]> => new ArmPolicy(arm, place).locks();
      const asked = (): (string | undefined)[] =>
        proxy.seen.splice(0).map((line) => /resourceGroups\/[^/]+\/(.*)\/locks/.exec(line)?.[1]);
      const [ofAccount, ofGroup] = [
        `providers/Microsoft.Storage/storageAccounts/${ACCOUNT}/providers/Microsoft.Authorization`,
        'providers/Microsoft.Authorization',
      ];
      const put = async (scope: string, level: string): Promise<void> => {
        const path = `${own.gateway.armUrl}${scope}/providers/Microsoft.Authorization/locks/${level}?api-version=1`;
        const body = JSON.stringify({ properties: { level } });
        const headers = { authorization: 'Bearer x' };
        expect((await fetch(path, { method: 'PUT', headers, body })).status).toBe(201);
      };
      await put(group, 'ReadOnly');
      expect([await locks(), asked()]).toEqual([['ReadOnly'], [ofAccount, ofGroup]]);
      await put(`${group}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`, 'CanNotDelete');
      expect([await locks(), asked()]).toEqual([['CanNotDelete'], [ofAccount]]);
    } finally {
      await proxy.close();
      await own.close();
    }
  });

  test('an app that is not told of the account says which setting is missing', async () => {
    await expect(openLedgerPolicy({ ledger, container: 'x' })).rejects.toThrow(coded('CONFIG_INVALID'));
    await expect(openLedgerPolicy({ ledger, container: 'x' })).rejects.toThrow('LEDGER_RESOURCE_ID: is missing');
  });
});

describe('a filed posture', () => {
  test('has a page, and another one in its place is foreign', async () => {
    const store = new MemoryStore(forgeChain(3));
    await runAt(SECOND, 'guarded', { store });
    expect(saidOf(await check(store, { auditors: AUDITORS }))).toEqual([]);
    const page = pageName(0);
    expect(store.objects.get(page)?.toString()).toContain('<h1 id="status">As promised</h1>');
    store.objects.set(page, Buffer.from('all is well'));
    expect(saidOf(await check(store, { auditors: AUDITORS }))).toEqual([`foreign-object ${page}`]);
  });

  test('gets an entry in the log with its status, and is checked like any report', async () => {
    const made = await ledgerOf(1);
    await runAt(SECOND + 2, 'guarded', { store: made.store });
    const log = new KeptLog();
    const now = (): number => Date.parse(timeOf(SECOND + 3));
    expect(await integrateOf(made.store, made.tiles, { now }).run(log)).toMatchObject({ reports: 1, foreign: 0 });
    expect(log.errors).toEqual([]);
    const batch = made.store.objects.get('batches/000000000001.jsonl')?.toString() ?? '';
    expect(JSON.parse(batch.split('\n')[0] as string)).toMatchObject({
      type: 'report',
      name: reportName(0),
      status: 'verified',
    });
    expect(await checkLedger(made, { auditors: AUDITORS })).toMatchObject({
      status: 'verified',
      findings: [],
      log: { batches: 2 },
    });
    const bytes = made.store.objects.get(reportName(0)) as Buffer;
    made.store.objects.set(reportName(0), Buffer.from(bytes.toString().replace('verified', 'violated')));
    expect(saidOf(await checkLedger(made, { auditors: AUDITORS })).toSorted()).toEqual([
      `entry-mismatch ${reportName(0)}`,
      // Nothing counts that says whose page it is.
      `foreign-object ${pageName(0)}`,
      `foreign-object ${reportName(0)}`,
    ]);
  });

  test('is no anchor: a check goes on from the newest report of kind integrity, and calls no posture foreign', async () => {
    const store = new MemoryStore(forgeChain(3));
    const integrity = await check(store, {}, SECOND);
    store.objects.set(reportName(0), filed(integrity, reportName(0)));
    for (const second of [1, 2]) await runAt(SECOND + second, 'guarded', { store });
    expect(await newestReport(store, AUDITORS, 3)).toEqual({ name: reportName(0), report: integrity });
    expect(saidOf(await check(store, { auditors: AUDITORS }))).toEqual([]);
    const bytes = store.objects.get(reportName(1)) as Buffer;
    expect(() => parseReport(bytes)).toThrow('the report is of kind posture, not integrity');
  });

  test.each<[string, (posture: PostureReport) => Buffer]>([
    ['is damaged', (posture) => filed(posture, reportName(0)).subarray(1)],
    ['nobody signed', (posture) => formatReport(posture)],
    [
      'is of another shape',
      (posture) => filed({ ...posture, locks: 'none' } as unknown as PostureReport, reportName(0)),
    ],
  ])('that %s is foreign', async (_what, change) => {
    const store = new MemoryStore(forgeChain(3));
    const posture = await runAt(SECOND + 1, 'guarded', { store });
    store.objects.set(reportName(0), change(posture));
    expect(saidOf(await check(store, { auditors: AUDITORS })).toSorted()).toEqual([
      `foreign-object ${pageName(0)}`,
      `foreign-object ${reportName(0)}`,
    ]);
  });
});
