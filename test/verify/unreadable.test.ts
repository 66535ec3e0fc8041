import { AuditsealError } from '../../src/core/errors.ts';
import { actionName, drillName, reportName } from '../../src/core/objects/names.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SummarizeSegment } from '../../src/core/segment/summary.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { check, saidOf } from '../support/checking.ts';
import { forgeChain, nameOf } from '../support/forge.ts';
import { forgeHold } from '../support/actions.ts';
import { SECOND, batch, checkLedger, checkpoint, ledgerOf, runJob } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';

describe('what can not be read is never a pass', () => {
  const failing = (code: 'STORE_UNAVAILABLE' | 'STORE_REFUSED'): MemoryStore => {
    const store = new MemoryStore(forgeChain(5));
    store.beforeRead = (name) => {
      if (name === nameOf(2)) throw new AuditsealError(code, 'away');
    };
    return store;
  };

  test.each(['STORE_UNAVAILABLE', 'STORE_REFUSED'] as const)('%s: unverified, named, and no finding', async (code) => {
    const report = await check(failing(code));
    expect(report).toMatchObject({
      status: 'unverified',
      unreadable: [{ object: nameOf(2), why: 'away' }],
      findings: [],
      checked: { segments: 4 },
    });
  });

  test('one that vanishes between listing and reading is unreadable', async () => {
    const store = new MemoryStore(forgeChain(5));
    store.beforeRead = (name) => void (name === nameOf(4) && store.objects.delete(name));
    expect(await check(store)).toMatchObject({ status: 'unverified', unreadable: [{ object: nameOf(4) }] });
  });

  test('so many that not all are listed hide none of another folder, and are counted', async () => {
    const ledger = await ledgerOf(2, 2);
    for (let i = 0; i < 3000; i++) ledger.store.objects.set(reportName(i), Buffer.from('x'));
    ledger.store.beforeRead = (name) => (name.startsWith('reports/') || name === batch(1) ? 'archived' : undefined);
    const { status, findings, unreadable, notChecked } = await checkLedger(ledger);
    expect({ status, findings }).toEqual({ status: 'unverified', findings: [] });
    expect(unreadable).toHaveLength(1001);
    expect(unreadable).toContainEqual(expect.objectContaining({ object: batch(1) }));
    expect(notChecked).toContain('2000 more objects could not be read, and are not listed');
  });

  test.each(['too-large', 'encrypted'] as const)('one that is %s is no segment', async (unread) => {
    const store = new MemoryStore([...forgeChain(5), [nameOf(5), Buffer.from('x')]]);
    store.beforeRead = (name) => (name === nameOf(5) ? unread : undefined);
    expect(saidOf(await check(store))).toEqual([`foreign-object ${nameOf(5)}`]);
  });

  test('one in the archive tier is unreadable if its metadata is signed, and foreign if nobody signed that', async () => {
    const store = new MemoryStore(forgeChain(5));
    const end = (store.objects.get(nameOf(4)) as Buffer).toString('latin1').split('Z*M\x18')[1] as string;
    store.beforeRead = (name) => (name === nameOf(4) ? 'archived' : undefined);
    expect(saidOf(await check(store))).toEqual([`foreign-object ${nameOf(4)}`]);
    store.metadataOf.set(nameOf(4), { signature: Buffer.from(end, 'latin1').subarray(4).toString('base64') });
    expect(await check(store)).toMatchObject({
      status: 'unverified',
      findings: [],
      unreadable: [{ object: nameOf(4) }],
    });
  });

  test.each([checkpoint(1), batch(1), actionName(0), reportName(0)])(
    '%s in the archive tier is unreadable, and no finding: whoever may set tiers changes nothing',
    async (name) => {
      const ledger = await ledgerOf();
      if (name === reportName(0)) await runJob(ledger, SECOND + 10);
      if (name === actionName(0))
        for (const [at, bytes] of forgeHold(0, 'Case117', SECOND)) ledger.store.objects.set(at, bytes);
      expect(ledger.store.objects.has(name)).toBe(true);
      ledger.store.beforeRead = (read) => (read === name ? 'archived' : undefined);
      const report = await checkLedger(ledger);
      expect(report.unreadable).toContainEqual({
        object: name,
        why: expect.stringContaining('archive tier') as string,
      });
      expect(saidOf(report)).toEqual([]);
      expect(report.status).toBe('unverified');
    },
  );

  test.each<[string, string[]]>([
    ['nothing', []],
    ['only other objects', [drillName(0, 'append')]],
  ])('%s: unverified', async (_what, names) => {
    const report = await check(new MemoryStore(names.map((name) => [name, Buffer.from('x')])));
    expect(report).toMatchObject({ status: 'unverified', ledger: null, findings: [], partitions: [] });
    expect(report.notChecked[0]).toContain('nothing was checked');
  });

  test('findings weigh more than what is unreadable', async () => {
    const store = failing('STORE_UNAVAILABLE');
    store.objects.set('x', Buffer.alloc(0));
    expect((await check(store)).status).toBe('violated');
  });

  test('a fault of the store while listing throws', async () => {
    const store = new MemoryStore(forgeChain(2));
    store.turn = async () => {
      if (store.requests.list > 0) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    await expect(check(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('the ledger must be the one that is asked for', async () => {
    const report = await check(new MemoryStore(forgeChain(2)), { ledger: 'other.example.com/x' });
    expect(saidOf(report)).toEqual([`foreign-object ${nameOf(0)}`, `foreign-object ${nameOf(1)}`]);
  });
});

test('no more than the given number of segments are held at one time', async () => {
  const store = new MemoryStore(forgeChain(60));
  let held = 0;
  let most = 0;
  store.beforeRead = () => void (most = Math.max(most, ++held));
  const summarize: SummarizeSegment = async (stored, question) => {
    await new Promise((resolve) => void setImmediate(resolve));
    held -= 1;
    return summarizeSegment(stored, question);
  };
  await verifyLedger({ store, now: Date.now, summarize, concurrency: 4 });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});
