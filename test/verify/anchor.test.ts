import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AuditsealError } from '../../src/core/errors.ts';
import { pageName, reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { newestReport } from '../../src/ledger/reports.ts';
import type { Anchor } from '../../src/ledger/reports.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { check, saidOf } from '../support/checking.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryStore } from '../support/memoryStore.ts';

const chain = (length: number, changes: Readonly<Record<number, Spec>> = {}): Map<string, Buffer> =>
  forgeChain(Array.from({ length }, (_, i) => changes[i] ?? {}));

const anchorOf = async (store: MemoryStore): Promise<Anchor> => ({ name: 'kept.json', report: await check(store) });

/** An anchor over six segments, and a store that the test then damages. */
async function anchored(changes?: Readonly<Record<number, Spec>>): Promise<{ store: MemoryStore; anchor: Anchor }> {
  const store = new MemoryStore(chain(6, changes));
  return { store, anchor: await anchorOf(store) };
}

/** recompressed gives other bytes for the same lines. */
const recompressed = (bytes: Buffer): Buffer =>
  Buffer.concat(
    [zstdDecompressSync(bytes).subarray(0, 10), zstdDecompressSync(bytes).subarray(10)].map((part) =>
      zstdCompressSync(part),
    ),
  );

/** replaced is another whole segment in the place of the last one. */
const replaced = (): Buffer => {
  const prev = /"prev":"([0-9a-f]+)"/.exec(
    zstdDecompressSync(chain(6).get(nameOf(5)) as Buffer).toString(),
  )?.[1] as string;
  return forge({ index: 5, record: 5, events: [5], prev, second: 77 }).stored;
};

describe.each([
  ['a full check', false],
  ['an incremental check', true],
])('%s with an earlier report as anchor', (_what, isIncremental) => {
  test('passes when nothing changed, and when the chain grew', async () => {
    const { store, anchor } = await anchored();
    expect(await check(store, { anchor, isIncremental })).toMatchObject({ status: 'verified', findings: [] });
    await sealAll(ingestOf(store), eventsBetween(6, 9));
    const report = await check(store, { anchor, isIncremental });
    expect(report).toMatchObject({ status: 'verified', findings: [], partitions: [{ index: 6, lastEvent: 9 }] });
    expect(report.checked).toMatchObject(
      isIncremental
        ? {
            mode: 'incremental',
            anchor: 'kept.json',
            segments: 2,
            segmentsNotRehashed: 5,
            lastFull: anchor.report.finished,
          }
        : { mode: 'full', anchor: 'kept.json', segments: 7, segmentsNotRehashed: 0, lastFull: report.finished },
    );
  });

  test.each<[string, (objects: Map<string, Buffer>) => unknown, string]>([
    ['the last segment is gone', (objects) => objects.delete(nameOf(5)), `segment-missing ${nameOf(5)}`],
    ['the whole partition is gone', (objects) => objects.clear(), `segment-missing`],
    ['the last segment is another one', (objects) => objects.set(nameOf(5), replaced()), `chain-broken ${nameOf(5)}`],
    ['the last segment is damaged', (objects) => objects.set(nameOf(5), Buffer.from('x')), `chain-broken ${nameOf(5)}`],
    [
      'the last segment has other bytes for the same lines',
      (objects) => objects.set(nameOf(5), recompressed(objects.get(nameOf(5)) as Buffer)),
      `segment-changed ${nameOf(5)}`,
    ],
  ])('%s: found, and not forgotten with the next report', async (_what2, damage, expected) => {
    const { store, anchor } = await anchored();
    damage(store.objects);
    let report = await check(store, { anchor, isIncremental });
    for (let again = 0; again < 3; again++) {
      expect(report.status).toBe('violated');
      expect(saidOf(report).join()).toContain(expected);
      expect(report.partitions).toEqual(anchor.report.partitions);
      report = await check(store, { anchor: { name: 'next.json', report }, isIncremental: again === 1 });
    }
  });

  test('an anchor of another ledger accuses every segment', async () => {
    const { anchor } = await anchored();
    const other = new MemoryStore(forgeChain([{ ledger: 'x.example.com/y' }]));
    expect(await check(other, { anchor, isIncremental })).toMatchObject({ status: 'violated' });
  });
});

describe('a full check with an anchor', () => {
  test('three segments cut from the end are one finding that names the first', async () => {
    const { store, anchor } = await anchored();
    for (const index of [3, 4, 5]) store.objects.delete(nameOf(index));
    const { findings } = await check(store, { anchor });
    expect(findings).toMatchObject([{ code: 'segment-missing', object: nameOf(3) }]);
    expect(findings[0]?.detail).toContain('up to index 5');
  });

  test('an anchor that could not read a part expects no less of it', async () => {
    const { store, anchor } = await anchored();
    store.beforeRead = () => {
      throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    const blind = await check(store, { anchor });
    expect(blind).toMatchObject({ status: 'unverified', findings: [], partitions: anchor.report.partitions });
    store.beforeRead = () => {};
    store.objects.delete(nameOf(5));
    expect(await check(store, { anchor: { name: 'blind.json', report: blind } })).toMatchObject({ status: 'violated' });
  });
});

describe('an incremental check', () => {
  test('reads only what is new, and the segment it begins at', async () => {
    const { store, anchor } = await anchored();
    await sealAll(ingestOf(store), eventsBetween(6, 6));
    store.requests.read = 0;
    await check(store, { anchor, isIncremental: true });
    expect(store.requests.read).toBe(2);
  });

  test('does not see what changed before it began, and says so', async () => {
    const { store, anchor } = await anchored();
    store.objects.set(nameOf(2), Buffer.from('junk'));
    const report = await check(store, { anchor, isIncremental: true });
    expect(report.status).toBe('verified');
    expect(report.notChecked.join()).toContain('5 segments before the heads of kept.json');
  });

  test('repeats what the anchor found once, however often it goes on', async () => {
    const store = new MemoryStore(chain(6, { 5: { events: [9], gaps: [{ first: 5, last: 8, reason: 'expired' }] } }));
    store.objects.set(nameOf(2), Buffer.from('junk'));
    store.objects.set('foreign', Buffer.from('x'));
    let anchor = await anchorOf(store);
    const found = saidOf(anchor.report);
    expect(found).toHaveLength(3);
    for (let i = 0; i < 4; i++) {
      const report = await check(store, { anchor, isIncremental: true });
      expect(saidOf(report).sort()).toEqual(found.sort());
      expect(report).toMatchObject({ status: 'violated', findingsOmitted: 0, checked: { findingsRepeated: 3 } });
      anchor = { name: 'next.json', report };
    }
  });

  test('keeps count of findings that the anchor left out', async () => {
    const store = new MemoryStore([
      ...chain(1),
      ...Array.from({ length: 1200 }, (_, i) => [`x/${i}`, Buffer.alloc(0)] as const),
    ]);
    const anchor = await anchorOf(store);
    expect(await check(store, { anchor, isIncremental: true })).toMatchObject({
      status: 'violated',
      findingsOmitted: 200,
    });
  });

  test('a violated report that omits its errors does not turn into a pass', async () => {
    const { store, anchor } = await anchored();
    const warning = { code: 'sequence-gap', severity: 'warning', detail: '' } as const;
    const warnings = Array.from({ length: 1000 }, (_, i) => ({ ...warning, object: `${i}` }));
    const report: Report = { ...anchor.report, findings: warnings };
    store.objects.set(nameOf(6), Buffer.from('junk'));
    const next = await check(store, { anchor: { name: 'w.json', report }, isIncremental: true });
    expect(next).toMatchObject({ status: 'violated', findingsOmitted: 1 });
  });

  test.each<[string, (store: MemoryStore) => void]>([
    ['checked nothing', (store) => store.objects.clear()],
    [
      'could not read something',
      (store) => {
        store.objects.set('foreign', Buffer.alloc(0));
        store.beforeRead = (name) => {
          if (name === nameOf(2)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
        };
      },
    ],
  ])('refuses to go on from a report that %s', async (_what, damage) => {
    const store = new MemoryStore(chain(3));
    damage(store);
    const anchor = await anchorOf(store);
    await expect(check(store, { anchor, isIncremental: true })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });

  test('refuses to go on from nothing', async () => {
    await expect(check(new MemoryStore(chain(3)), { isIncremental: true })).rejects.toMatchObject({
      code: 'TARGET_INVALID',
    });
  });
});

describe('a report', () => {
  const sign = (text: string): Buffer =>
    Buffer.from(`{"report":${text},"sha256":"${createHash('sha256').update(text).digest('hex')}"}\n`);

  test('is read back as it was, and its hash is that of its own text', async () => {
    const { anchor } = await anchored();
    const bytes = formatReport(anchor.report);
    expect(parseReport(bytes)).toEqual(anchor.report);
    expect(bytes).toEqual(sign(JSON.stringify(anchor.report)));
  });

  test('every one-bit change is refused', async () => {
    const bytes = formatReport((await anchored()).anchor.report);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => parseReport(changed)).toThrow(expect.objectContaining({ code: 'REPORT_MALFORMED' }) as Error);
    }
  });

  test('anything else is refused, also with a hash that fits', async () => {
    const { report } = (await anchored()).anchor;
    const bytes = formatReport(report);
    const without = (name: keyof Report): string => JSON.stringify({ ...report, [name]: undefined });
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('{}'),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from('\n')]),
      sign('null'),
      sign('{}'),
      sign('{"version":1}'),
      sign('not JSON'),
      sign(JSON.stringify({ ...report, version: 2 })),
      sign(JSON.stringify(report, undefined, 1)),
      sign(JSON.stringify({ ...report, partitions: [{ ...report.partitions[0], partition: '../0' }] })),
      sign(JSON.stringify({ ...report, findings: [{ code: 1 }] })),
      ...(Object.keys(report) as (keyof Report)[]).map((name) => sign(without(name))),
    ];
    for (const one of wrong)
      expect(() => parseReport(one)).toThrow(expect.objectContaining({ code: 'REPORT_MALFORMED' }) as Error);
  });
});

describe('the job that files reports', () => {
  /** start runs the job as a host does whose timer ran a minute before. */
  const start = (second: number, store: MemoryStore, log = new KeptLog()): Promise<Report> =>
    runVerifyJob({
      store,
      log,
      now: () => Date.parse(timeOf(second)),
      ledger: LEDGER,
      fullVerifyHours: 2,
      previousRun: Date.parse(timeOf(second - 60)),
      concurrency: 2,
      summarize: async (stored) => summarizeSegment(stored),
    });
  const filed = ({ objects }: MemoryStore): string[] =>
    [...objects.keys()].filter((name) => name.startsWith('reports/'));
  const DAY = 86_400;

  test('writes the report and its page, goes on from it, and begins anew after the set hours', async () => {
    const store = new MemoryStore(chain(4));
    const modes: string[] = [];
    for (const [number, second] of [DAY, DAY + 3600, DAY + 7100, DAY + 7230].entries()) {
      const { checked, status } = await start(second, store);
      modes.push(checked.mode);
      expect(status).toBe('verified');
      expect(store.objects.has(reportName(number)) && store.objects.has(pageName(number))).toBe(true);
      expect(parseReport(store.objects.get(reportName(number)) as Buffer).checked.mode).toBe(checked.mode);
    }
    expect(modes).toEqual(['full', 'incremental', 'incremental', 'full']);
    expect((await newestReport(store, Date.parse(timeOf(DAY + 7230)))).anchor?.name).toBe(reportName(3));
  });

  test('is found by a search and one read, however many years of reports there are', async () => {
    const store = new MemoryStore(chain(4));
    for (let number = 0; number < 10_000; number++) store.objects.set(reportName(number), Buffer.from('not read'));
    await start(900 * DAY, store);
    Object.assign(store.requests, { read: 0, list: 0, children: 0, exists: 0 });
    const { anchor, malformed } = await newestReport(store, Date.parse(timeOf(900 * DAY)));
    expect([anchor?.name, malformed]).toEqual([reportName(10_000), []]);
    expect(store.requests).toMatchObject({ read: 1, list: 0, children: 0 });
    expect(store.requests.exists).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(10_001)) + 1);
  });

  test('a report whose response was lost still gets its page, and no second number', async () => {
    const store = new MemoryStore(chain(4));
    store.faultOf = (name) => (name.endsWith('.json') ? 'loseResponse' : undefined);
    await start(DAY, store);
    expect(filed(store)).toEqual([reportName(0), pageName(0)]);
  });

  test('what has taken the name stays, and the report gets the next one, which its page says', async () => {
    const store = new MemoryStore(chain(4));
    await start(DAY, store);
    const first = new Map(store.objects);
    // Somebody is quicker, after the listing.
    store.faultOf = (name) => {
      if (name === reportName(1) && !store.objects.has(name)) store.objects.set(name, Buffer.from('quicker'));
      return undefined;
    };
    await start(DAY + 60, store);
    expect(store.objects.get(reportName(0))).toEqual(first.get(reportName(0)));
    expect(filed(store)).toEqual([reportName(0), pageName(0), reportName(1), reportName(2), pageName(2)]);
    expect(store.objects.get(pageName(2))?.toString()).toContain(reportName(2));
    const { page } = parseReport(store.objects.get(reportName(2)) as Buffer);
    expect(page).toBe(
      createHash('sha256')
        .update(store.objects.get(pageName(2)) as Buffer)
        .digest('hex'),
    );
  });

  test('two checks that end at once file both', async () => {
    const store = new MemoryStore(chain(4));
    await Promise.all([start(DAY, store), start(DAY + 1, store)]);
    expect(filed(store)).toEqual([reportName(0), pageName(0), reportName(1), pageName(1)]);
    expect(saidOf(await check(store))).toEqual([]);
  });

  test('a hole is named, nothing behind it is an anchor, and the next full check fills it', async () => {
    const store = new MemoryStore(chain(4));
    await start(DAY, store);
    const bytes = store.objects.get(reportName(0)) as Buffer;
    const later = { ...parseReport(bytes), finished: timeOf(DAY + 30) };
    store.objects.set(reportName(2), Buffer.from('junk'));
    store.objects.set(reportName(6), formatReport(later));
    const now = Date.parse(timeOf(DAY + 60));
    expect(await newestReport(store, now)).toMatchObject({ anchor: { name: reportName(0) }, malformed: [] });
    const behind = [`foreign-object ${reportName(2)}`, `foreign-object ${reportName(6)}`];
    expect(new Set(saidOf(await start(DAY + 60, store)))).toEqual(new Set(behind));
    expect(store.objects.has(reportName(1))).toBe(true);
    await start(DAY + 9000, store);
    expect(store.objects.has(reportName(3))).toBe(true);
  });

  test('what it finds is logged by code and object', async () => {
    const store = new MemoryStore(chain(4));
    store.objects.delete(nameOf(1));
    const log = new KeptLog();
    await start(DAY, store, log);
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'finding',
      fields: { code: 'segment-missing', object: nameOf(1) },
    });
    expect(log.errors).toContain('not verified');
  });

  test.each<[string, (report: Report) => Buffer]>([
    ['a tampered report', () => Buffer.from('{"report":{}}\n')],
    ['a report from the future', (report) => formatReport({ ...report, finished: timeOf(9 * DAY) })],
    [
      'a report whose last full check is to come',
      (report) => formatReport({ ...report, checked: { ...report.checked, lastFull: timeOf(9 * DAY) } }),
    ],
  ])('%s is passed over and named', async (_what, plant) => {
    const store = new MemoryStore(chain(4));
    const planted = reportName(1);
    store.objects.set(planted, plant(await start(DAY, store)));
    const report = await start(DAY + 120, store);
    expect(report).toMatchObject({ status: 'violated', checked: { anchor: reportName(0) } });
    expect(saidOf(report)).toEqual([`foreign-object ${planted}`]);
  });

  test('nothing at all is no pass, and no alarm before the first event', async () => {
    const log = new KeptLog();
    const store = new MemoryStore();
    expect((await start(DAY, store, log)).status).toBe('unverified');
    store.objects.set(nameOf(0), chain(1).get(nameOf(0)) as Buffer);
    expect(await start(DAY + 60, store, log)).toMatchObject({ status: 'verified', checked: { mode: 'full' } });
  });

  test('after a check that could not read something, the next one begins at the first segments', async () => {
    const store = new MemoryStore(chain(4));
    store.beforeRead = (name) => {
      if (name === nameOf(1)) throw new AuditsealError('STORE_UNAVAILABLE', 'away');
    };
    expect((await start(DAY, store)).status).toBe('unverified');
    store.beforeRead = () => {};
    expect(await start(DAY + 60, store)).toMatchObject({ status: 'verified', checked: { mode: 'full' } });
  });
});
