import { LOG_KEY, handLog, headOf, keyHex, sha } from '../support/handLog.ts';
import type { Json, Lies } from '../support/handLog.ts';
import { consistencyOf, handAnswer } from '../support/handAnswer.ts';
import type { HandQuery } from '../support/handAnswer.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { keyText, keyTextP256 } from '../support/sign.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { ACTOR, RIGHT, check, fault, keys, lied } from './answers.ts';

/** found gives the records of a right answer as segment, partition and number; `~` for what is outside of the interval. */
async function found(query: HandQuery): Promise<string[]> {
  const { fault, complete, steps } = await check(handAnswer(RIGHT, query));
  expect(fault).toBeUndefined();
  expect(steps.every(({ state }) => state === 'holds')).toBe(true);
  return (complete?.found ?? []).map(
    ({ partition, record, isInside }) => `${partition}/${record}${isInside ? '' : '~'}`,
  );
}

describe('a right answer', () => {
  test('gives the records of one value, from two units and two partitions', async () => {
    expect(await found(ACTOR('alice'))).toEqual(['0/0', '0/2', '0/3', '1/0', '0/6', '1/4']);
  });

  test('of several values gives those of any, of two fields those of both', async () => {
    expect(await found(ACTOR('carol', 'bob'))).toEqual(['0/1', '1/2', '0/5', '0/7', '1/3']);
    const operation = { field: 'operation', values: ['read', 'delete'] };
    expect(await found({ terms: [...(ACTOR('alice', 'carol').terms ?? []), operation] })).toEqual([
      '0/0',
      '0/3',
      '1/0',
      '0/6',
      '0/7',
      '1/4',
    ]);
  });

  test('without terms gives all records, also those that no field finds', async () => {
    expect(await found({})).toHaveLength(13);
    expect(await found({ partitions: ['1'] })).toEqual(['1/0', '1/1', '1/2', '1/3', '1/4']);
  });

  test('that nothing is there is shown by neighbours', async () => {
    expect(await found(ACTOR('nobody'))).toEqual([]);
    const unit = RIGHT.units[0]?.terms ?? new Map<string, Buffer>();
    const [first = ''] = unit.keys();
    const below = Array.from({ length: 100_000 }, (_, i) => `nobody ${i}`).find((it) => keyHex('actor', it) < first);
    const answer = handAnswer(RIGHT, ACTOR(below ?? ''));
    expect(answer.units[0].terms[0]).toMatchObject({ before: null, after: { index: 0 } });
    expect((await check(answer)).complete?.found).toEqual([]);
  });

  test('that nothing is there is shown at the end of a tree', async () => {
    const last =
      ['_notJson', '_noFields', '_unindexed']
        .map((field) => keyHex(field))
        .toSorted()
        .at(-1) ?? '';
    const terms = (all: Map<string, Buffer>): Map<string, Buffer> => new Map([...all].filter(([key]) => key < last));
    const answer = lied({ terms }, ACTOR('nobody'));
    expect(answer.units[0].terms.at(-1)).toMatchObject({ after: null });
    expect((await check(answer)).fault).toBeUndefined();
  });

  test('leaves out what was not asked for, and tells what only its segment brought into the interval', async () => {
    expect(await found({ ...ACTOR('alice'), partitions: ['1'] })).toEqual(['1/0', '1/4']);
    expect(await found({ ...ACTOR('alice'), from: timeOf(16), to: timeOf(30) })).toEqual([
      '0/0~',
      '0/2',
      '0/3~',
      '1/0~',
    ]);
    expect(await found({ ...ACTOR('alice'), from: timeOf(100) })).toEqual(['0/6', '1/4']);
    expect(handAnswer(RIGHT, { from: timeOf(100) }).units).toHaveLength(1);
    expect(await found({ from: timeOf(200) })).toEqual([]);
  });

  test('says up to which entry it reaches, by which rules, and what no field finds', async () => {
    const { complete, checkpoint, signed } = await check(handAnswer(RIGHT, ACTOR('alice')));
    expect(complete).toMatchObject({
      beside: { notJson: 1, noFields: 1, unindexed: 0 },
      looked: { units: 2, segments: 6, records: 13 },
      index: { entries: 40, rules: 1, manifest: sha(RIGHT.manifest).toString('hex') },
      statedAt: timeOf(2_000_000),
    });
    expect(checkpoint).toMatchObject({ origin: LEDGER, size: 45 });
    expect(signed.map(({ key }) => key.text)).toEqual([LOG_KEY]);
  });

  test('without a key of the log is right but for who signed it', async () => {
    for (const given of [[], keys.slice(1)]) {
      const { fault, steps, complete } = await check(handAnswer(RIGHT, ACTOR('alice')), given);
      expect(fault?.code).toBe('SIGNATURE_INVALID');
      expect(steps.map(({ state }) => state)).toEqual(['fails', ...Array.from({ length: 6 }, () => 'holds')]);
      expect(complete?.found).toHaveLength(6);
    }
  });
});

describe('who vouches for it', () => {
  const query = { ...ACTOR('alice'), hasReport: true };
  const wordOf = async (answer: Json, given = keys): Promise<unknown> => {
    const { fault, complete } = await check(answer, given);
    expect(fault).toBeUndefined();
    return complete?.vouched.by === 'signer' ? complete.vouched.why : complete?.vouched;
  };
  const vouched = (lies: Lies, given = keys): Promise<unknown> => wordOf(lied(lies, query), given);

  test('is an auditor whose report states that all of this index was made again', async () => {
    expect(await vouched({})).toEqual({
      by: 'auditor',
      report: 'reports/000000000000.json',
      finished: timeOf(2_000_200),
      key: keys[1],
    });
  });

  test('may have a key on P-256', async () => {
    const given = await readKeys(`${LOG_KEY}\n${keyTextP256({ name: `${LEDGER}/auditor`, seed: 100 })}`);
    expect(await vouched({ reportOf: { isP256: true } }, given.keys)).toMatchObject({ by: 'auditor' });
    expect(await vouched({ reportOf: { isP256: true } })).toContain('no given key of an auditor signed');
  });

  const index = (change: Json): Lies => ({
    report: (it) => ({ ...it, log: { ...it.log, index: { ...it.log.index, ...change } } }),
  });
  test.each<[string, Lies, string]>([
    ['a report that is not signed by a given key', { reportOf: { seed: 101 } }, 'no given key of an auditor signed'],
    [
      'a report that was signed under another name',
      { reportOf: { name: 'reports/000000000001.json' } },
      'no given key',
    ],
    ['a report that another ledger signed', { reportOf: { ledger: 'logs.example.com/other' } }, 'no given key'],
    ['a report of another ledger', { report: (it) => ({ ...it, ledger: 'other' }) }, 'is of another ledger'],
    ['a report of another manifest', index({ manifest: '0'.repeat(64) }), 'is not of this index'],
    ['a report of other entries', index({ entries: 39 }), 'is not of this index'],
    ['a report of other rules', index({ rules: 2 }), 'is not of this index'],
    [
      'a report of no index',
      { report: (it) => ({ ...it, log: { ...it.log, index: undefined } }) },
      'not of this index',
    ],
    ['a report without a log', { report: (it) => ({ ...it, log: undefined }) }, 'is not of this index'],
    ['fewer units rederived than there are', index({ rederived: 1 }), '1 of 2 units of the index were made again'],
    ['a unit in the report that was not made again', index({ units: 3 }), '2 of 3 units of the index were made again'],
    ['more units in the report than there are', index({ units: 3, rederived: 3 }), 'and the index has 2'],
    ['fewer units in the report than there are', index({ units: 1, rederived: 1 }), '1 of 1 units'],
    ['status violated', { report: (it) => ({ ...it, status: 'violated' }) }, 'the status of its report is violated'],
    ['status unverified', { report: (it) => ({ ...it, status: 'unverified' }) }, 'is unverified'],
    ['a report that is none', { report: (it) => ({ ...it, findings: 7 }) }, 'none of kind integrity'],
  ])('is not an auditor: %s', async (_name, lies, why) => {
    expect(await vouched(lies)).toContain(why);
  });

  test.each<[string, Lies]>([
    ['another report', { reportEntry: (it) => ({ ...it, sha256: '0'.repeat(64) }) }],
    ['another name', { reportEntry: (it) => ({ ...it, name: 'reports/000000000007.json' }) }],
    ['something else', { reportEntry: () => ({ type: 'other' }) }],
    ['nothing', { reportEntry: () => [] }],
  ])('a report refutes whose entry is of %s: it was changed since', async (_name, lies) => {
    for (const given of [keys, keys.slice(0, 1)])
      expect(await fault(lied(lies, query), given)).toBe(
        'the report that the answer carries is not the one that entry 43 of the log is of',
      );
  });

  test('a report refutes that was changed, by whoever', async () => {
    for (const change of [
      (report: Json): string => (report.file = report.file.replace('"records":13', '"records":12')),
      (report: Json): string => (report.name = 'reports/000000000001.json'),
      (report: Json): string => (report.name = 'reports/0.json'),
    ]) {
      const answer = handAnswer(RIGHT, query);
      change(answer.report);
      expect(await fault(answer)).toContain('is not the one that entry 43');
    }
  });

  test('is not an auditor where no key of his is given, or only that of another ledger', async () => {
    const other = await readKeys(keyText({ name: 'logs.example.com/other/auditor', seed: 100 }));
    for (const given of [keys.slice(0, 1), [...keys.slice(0, 1), ...other.keys]])
      expect(await vouched({}, given)).toContain('no key of an auditor of logs.example.com/audit was given');
  });

  const EMPTY: Lies = { segments: (all) => all.filter(({ leaf }) => leaf < 32) };
  test.each([
    ['all', 2, 'auditor'],
    ['those with segments', 1, 'signer'],
  ] as const)('counts units without segments too: %s made again', async (_name, units, by) => {
    const manifest = (it: Json): Json => ({
      ...it,
      units: [it.units[0], { entries: [32, 40], segments: 0, records: 0, terms: 0, root: sha('').toString('hex') }],
    });
    const answer = lied({ ...EMPTY, manifest, ...index({ units, rederived: units }) }, query);
    answer.units.splice(1);
    expect((await check(answer)).complete?.vouched.by).toBe(by);
  });

  const head = (change: (head: Json) => Json): Lies => ({
    report: (it) => ({ ...it, log: { ...it.log, head: change(it.log.head) } }),
  });

  test('is not an auditor whose report is of a log that forked, whatever proof the answer gives', async () => {
    const hidden = (entries: string[]): void => void (entries[7] = '{"type":"other","number":"another"}');
    const forked = handLog({ fork: hidden });
    expect(forked).toMatchObject({ reportFile: RIGHT.reportFile, manifest: RIGHT.manifest });
    const answer = handAnswer(forked, query);
    for (const log of [forked, RIGHT]) {
      answer.report.consistency = consistencyOf(log, log.reportSize);
      expect(await wordOf(answer)).toContain('that may be another history');
    }
  });

  test('is not an auditor whose report is older than the heads that state the index', async () => {
    const older = head(() => headOf(RIGHT.entries, 41));
    expect(lied(older, query).report.consistency).toEqual(consistencyOf(handLog(older), 41));
    expect(await vouched(older)).toContain(
      'of the log\u2019s first 41 entries, and the log stated this index only later',
    );
  });

  test.each<[string, Lies, string]>([
    ['of no tree', head(() => null), 'names no signed state of the log'],
    ['of a tree that no log can have', head((it) => ({ ...it, size: 2 ** 53 - 1 })), 'may be another history'],
    ['of another root', head((it) => ({ ...it, root: '0'.repeat(64) })), 'may be another history'],
    ['of another size', head((it) => ({ ...it, size: 43 })), 'may be another history'],
  ])('is not an auditor whose report is %s', async (_name, lies, why) => {
    expect(await vouched(lies)).toContain(why);
  });

  test('is not an auditor by a proof with a hash too few, too many, or another', async () => {
    const { consistency } = handAnswer(RIGHT, query).report;
    const other = sha('').toString('base64');
    for (const hashes of [consistency.slice(1), [...consistency, other], [other, ...consistency.slice(1)], []]) {
      const answer = handAnswer(RIGHT, query);
      answer.report.consistency = hashes;
      expect(await wordOf(answer)).toContain('may be another history');
    }
  });

  test('a report that is unsigned does not count, and who gave a key of an auditor misses his word', async () => {
    const unsigned = lied({ unsigned: true }, query);
    expect((await check(unsigned)).complete?.vouched).toMatchObject({ by: 'signer', isMissed: true });
    expect((await check(unsigned, keys.slice(0, 1))).complete?.vouched).toMatchObject({ isMissed: false });
    expect((await check(handAnswer(RIGHT, ACTOR('alice')))).complete?.vouched).toMatchObject({ isMissed: true });
  });

  test('a report whose entry is not in the log refutes', async () => {
    const answer = handAnswer(RIGHT, query);
    answer.report.index -= 1;
    expect(await fault(answer)).toContain('does not lead from the entry of the report, entry 42');
  });
});
