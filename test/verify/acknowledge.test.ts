import { parseHash } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { formatBatch, parseBatch } from '../../src/core/objects/batch.ts';
import { formatEntry } from '../../src/core/objects/entry.ts';
import type { LogEntry } from '../../src/core/objects/entry.ts';
import { formatHeads, headsOf } from '../../src/core/objects/heads.ts';
import type { LogPosition } from '../../src/core/objects/heads.ts';
import { actionName, batchName } from '../../src/core/objects/names.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import type { Finding, Report } from '../../src/core/objects/report.ts';
import { openBatch, signBatch } from '../../src/core/signed/batchSignature.ts';
import { certificatesFor } from '../../src/core/signed/certificate.ts';
import { formatOperatorNotice } from '../../src/core/signed/operatorNotice.ts';
import {
  FOREIGN,
  WORDS,
  acknowledge,
  integrate,
  planted,
  signedAcknowledgement,
  unsignedAcknowledgement,
} from '../support/acknowledged.ts';
import { forgeAction } from '../support/actions.ts';
import { saidOf } from '../support/checking.ts';
import { deriveLog } from '../support/deriveLog.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkLedger, ledgerOf, noteOf, read, runJob } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { KEY, OPERATOR, integrateOf, keyOf, sessionsOf } from '../support/logs.ts';

const marked = (report: Report): unknown[] =>
  report.findings.map(({ code, object, acknowledged }: Finding) => [code, object, acknowledged?.action]);

describe('an acknowledged finding', () => {
  test('stays one, is marked, and no more decides the outcome: in the next check and in one that goes on', async () => {
    const ledger = await planted();
    expect(await checkLedger(ledger)).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
    const name = await acknowledge(ledger, 'foreign-object', FOREIGN);
    const before = await checkLedger(ledger);
    expect([before.status, marked(before)]).toEqual(['violated', [['foreign-object', FOREIGN, undefined]]]);
    expect(before.notChecked.join()).toContain(
      `don't count yet, because no entry of them was found in the log: ${name}`,
    );
    expect(await integrate(ledger, SECOND + 21)).toMatchObject({ batches: 1, actions: 1, foreign: 0 });
    const report = await checkLedger(ledger);
    const acknowledged = { action: name, ...WORDS, time: timeOf(SECOND + 20) };
    expect(report).toMatchObject({
      status: 'verified',
      findingsAcknowledged: 1,
      findings: [{ code: 'foreign-object', severity: 'error', object: FOREIGN, acknowledged }],
    });
    const anchor = { anchor: { name: 'kept.json', report }, isIncremental: true };
    expect(await checkLedger(ledger, anchor)).toMatchObject({
      status: 'verified',
      findings: [{ object: FOREIGN, acknowledged }],
      checked: { mode: 'incremental' },
    });
  });

  test('a check that goes on from one before the acknowledgement marks what it repeats', async () => {
    const ledger = await planted();
    const report = await checkLedger(ledger);
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const anchor = { anchor: { name: 'kept.json', report }, isIncremental: true };
    expect(await checkLedger(ledger, anchor)).toMatchObject({
      status: 'verified',
      checked: { mode: 'incremental' },
      findingsAcknowledged: 1,
    });
  });

  test('the anchor says that it is acknowledged, and no action does: it is not', async () => {
    const ledger = await planted();
    const report = await checkLedger(ledger);
    const [finding] = report.findings as [Finding];
    const lies = { ...finding, acknowledged: { action: actionName(0), ...WORDS, time: timeOf(0) } };
    const anchor = { anchor: { name: 'kept.json', report: { ...report, findings: [lies] } }, isIncremental: true };
    const next = await checkLedger(ledger, anchor);
    expect([next.status, marked(next)]).toEqual(['violated', [['foreign-object', FOREIGN, undefined]]]);
  });

  test('of several that fit, the last is named, so that a reason can be corrected', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    const last = await acknowledge(ledger, 'foreign-object', FOREIGN);
    ledger.store.objects.set('another.txt', Buffer.from('junk'));
    await acknowledge(ledger, 'foreign-object', 'another.txt');
    await integrate(ledger, SECOND + 21);
    ledger.store.objects.delete('another.txt');
    const report = await checkLedger(ledger);
    expect(marked(report)).toEqual([['foreign-object', FOREIGN, last]]);
    const withoutFinding = `acknowledgements that fit no finding which this check lists: 1; ${actionName(2)} is the first`;
    expect(report.notChecked).toContain(withoutFinding);
    for (const other of [{ isQuick: true }, { anchor: { name: 'kept.json', report }, isIncremental: true }])
      expect((await checkLedger(ledger, other)).notChecked.join()).not.toContain('that fit no finding');
  });

  test('other findings still decide', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    ledger.store.objects.set('another.txt', Buffer.from('junk'));
    const report = await checkLedger(ledger);
    expect([report.status, report.findings.length, report.findingsAcknowledged]).toEqual(['violated', 2, 1]);
  });

  test('something else under the name is not acknowledged', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    ledger.store.objects.set(FOREIGN, Buffer.from('other'));
    expect(await checkLedger(ledger)).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
  });

  test('nor another code of the same object', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'cosignature-invalid', FOREIGN);
    await integrate(ledger, SECOND + 21);
    expect(await checkLedger(ledger)).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
  });

  test('one that nobody can read is acknowledged as such', async () => {
    const ledger = await planted();
    ledger.store.beforeRead = (name) => (name === FOREIGN ? 'too-large' : undefined);
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findingsAcknowledged: 1 });
    ledger.store.beforeRead = () => undefined;
    expect(await checkLedger(ledger)).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
  });

  test('what is only counted can not be acknowledged', async () => {
    const ledger = await planted();
    for (let i = 0; i < 1001; i++) ledger.store.objects.set(`z${String(i).padStart(4, '0')}`, Buffer.from('junk'));
    const { findings } = await checkLedger(ledger);
    for (const { object } of findings) await acknowledge(ledger, 'foreign-object', object);
    await integrate(ledger, SECOND + 21);
    const report = await checkLedger(ledger);
    expect([report.status, report.findingsAcknowledged, report.findingsOmitted]).toEqual(['violated', 1000, 2]);
    const anchor = { anchor: { name: 'kept.json', report }, isIncremental: true };
    expect(await checkLedger(ledger, anchor)).toMatchObject({ status: 'violated' });
  });

  test('an attempt without outcome: the warning stays, and is marked', async () => {
    const ledger = await planted();
    ledger.store.objects.delete(FOREIGN);
    const [name, bytes] = forgeAction(0, { kind: 'lock', days: 365 }, 'attempted', SECOND);
    ledger.store.objects.set(name, bytes);
    await acknowledge(ledger, 'action-unfinished', name);
    await integrate(ledger, SECOND + 21);
    const report = await checkLedger(ledger, {}, SECOND + 3000);
    expect([report.status, marked(report)]).toEqual(['verified', [['action-unfinished', name, actionName(1)]]]);
  });

  test('events that a segment declares missing, and never those that are missing undeclared', async () => {
    for (const [gaps, status] of [
      [[{ first: 4, last: 5, reason: 'expired' }], 'verified'],
      [[{ first: 4, last: 4, reason: 'expired' }], 'violated'],
    ] as const) {
      const ledger = await planted();
      ledger.store.objects.delete(FOREIGN);
      const last = await lastOf(ledger);
      const { stored } = forge({ index: 4, record: 4, events: [6], prev: last, gaps, second: 6 });
      ledger.store.objects.set(nameOf(4), stored);
      await integrate(ledger, SECOND + 15);
      await acknowledge(ledger, 'sequence-gap', nameOf(4));
      await integrate(ledger, SECOND + 21);
      const report = await checkLedger(ledger);
      expect(report).toMatchObject({ status, findingsAcknowledged: 1 });
      const anchor = { anchor: { name: 'kept.json', report: parseReport(formatReport(report)) }, isIncremental: true };
      expect(await checkLedger(ledger, anchor)).toMatchObject({ status, findingsAcknowledged: 1 });
    }
  });

  test('a hub that was created again', async () => {
    const ledger = await planted();
    ledger.store.objects.delete(FOREIGN);
    const chain = forgeChain([{}, {}, {}, {}, { incarnation: 1 }]);
    ledger.store.objects.set(nameOf(4), chain.get(nameOf(4)) as Buffer);
    await integrate(ledger, SECOND + 15);
    expect(saidOf(await checkLedger(ledger))).toEqual([`hub-recreated ${nameOf(4)}`]);
    await acknowledge(ledger, 'hub-recreated', nameOf(4));
    await integrate(ledger, SECOND + 21);
    expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findingsAcknowledged: 1 });
  });

  test('what is dated ahead is marked one by one, and the others are counted without it', async () => {
    const ledger = await planted();
    ledger.store.objects.delete(FOREIGN);
    for (const number of [0, 1, 2]) {
      const [name, bytes] = forgeAction(number, { kind: 'lock', days: 365 }, 'attempted', SECOND + 10_000);
      ledger.store.objects.set(name, bytes);
    }
    await acknowledge(ledger, 'clock-ahead', actionName(1));
    await integrate(ledger, SECOND + 21);
    const report = await checkLedger(ledger);
    expect(marked(report)).toEqual([
      ['clock-ahead', actionName(1), actionName(3)],
      ['clock-ahead', actionName(0), undefined],
    ]);
    expect(report.findings[1]?.detail).toContain('the same is so of 1 more');
  });

  test('the job logs it on a line of its own, which raises no alert', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const log = new KeptLog();
    await runJob(ledger, SECOND + 60, { log });
    expect(log.lines.map(({ message }) => message)).toEqual(['acknowledged finding', 'verified']);
    expect(log.lines[1]?.fields).toMatchObject({ findings: 1, acknowledged: 1 });
  });
});

/** lastOf gives the root of the last segment of partition 0. */
const lastOf = async ({ store }: Ledger): Promise<string> => {
  const text = deriveLog(store.objects, KEY.verifierKey)
    .entries.map(String)
    .findLast((line) => line.includes(`"name":"${nameOf(3)}"`));
  return (JSON.parse(text as string) as { root: string }).root;
};

describe('an acknowledgement that does not count', () => {
  test.each<[string, () => Buffer]>([
    ['unsigned', () => Buffer.concat([unsignedAcknowledgement(), Buffer.from('}\n')])],
    [
      'signed by a key that the log does not know',
      () => signedAcknowledgement(actionName(0), keyOf(77, `${LEDGER}/operator`)),
    ],
    [
      'signed by an operator of another ledger',
      () => signedAcknowledgement(actionName(0), keyOf(101, 'logs.example.com/other/operator')),
    ],
    ["signed by the log's key", () => signedAcknowledgement(actionName(0), KEY)],
    ['signed for another name', () => signedAcknowledgement(actionName(1), OPERATOR)],
    ['changed', () => Buffer.from(signedAcknowledgement(actionName(0), OPERATOR).toString().replace('ann', 'bob'))],
  ])('%s', async (_what, bytes) => {
    const ledger = await planted();
    ledger.store.objects.set(actionName(0), bytes());
    await integrate(ledger, SECOND + 21);
    const report = await checkLedger(ledger);
    expect(report).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
    expect(new Set(saidOf(report))).toEqual(new Set([`foreign-object ${FOREIGN}`, `foreign-object ${actionName(0)}`]));
  });

  test('copied under another number', async () => {
    const ledger = await planted();
    const name = await acknowledge(ledger, 'foreign-object', FOREIGN);
    ledger.store.objects.set(actionName(1), read(ledger.store, name));
    await integrate(ledger, SECOND + 21);
    const report = await checkLedger(ledger);
    expect(marked(report)).toEqual([
      ['foreign-object', FOREIGN, name],
      ['foreign-object', actionName(1), undefined],
    ]);
    expect(deriveLog(ledger.store.objects, KEY.verifierKey).acknowledgements).toEqual([name]);
  });

  test('ten thousand of them stop nothing, and hide nothing', async () => {
    const ledger = await planted();
    const key = keyOf(77, `${LEDGER}/operator`);
    for (let number = 0; number < 10_000; number++)
      ledger.store.objects.set(actionName(number), signedAcknowledgement(actionName(number), key));
    const name = await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrateOf(ledger.store, ledger.tiles, {
      now: () => Date.parse(timeOf(SECOND + 21)),
      limits: { objects: 1000, storedBytes: 1e9 },
    }).run(new KeptLog());
    const report = await checkLedger(ledger);
    expect([report.status, report.findings.length, report.findingsOmitted]).toEqual(['violated', 1001, 9000]);
    expect(marked(report).find((it) => (it as string[])[1] === FOREIGN)).toEqual(['foreign-object', FOREIGN, name]);
  });

  test('of a ledger without log', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    for (const name of [...ledger.store.objects.keys()].filter((it) => /^(batches|checkpoints)\//.test(it)))
      ledger.store.objects.delete(name);
    ledger.tiles.objects.clear();
    expect(await checkLedger(ledger, { verifiers: [] })).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
  });
});

describe('keys of operators', () => {
  test('the log registers each once, and a checker that derives it agrees', async () => {
    const ledger = await planted();
    expect(
      deriveLog(ledger.store.objects, KEY.verifierKey).entries.filter((it) => it.includes('"type":"operator"')),
    ).toHaveLength(1);
    expect(await integrate(ledger, SECOND + 21)).toMatchObject({ batches: 0 });
  });

  test('one that is revoked: what has its entry before counts on, and what comes later does not', async () => {
    const ledger = await planted();
    const name = await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const revoked = { registered: [], revoked: [OPERATOR.verifierKey] };
    expect(await integrate(ledger, SECOND + 22, revoked)).toMatchObject({ batches: 1 });
    expect(await integrate(ledger, SECOND + 23, revoked)).toMatchObject({ batches: 0 });
    ledger.store.objects.set('another.txt', Buffer.from('junk'));
    const late = await acknowledge(ledger, 'foreign-object', 'another.txt');
    await integrate(ledger, SECOND + 24, revoked);
    const report = await checkLedger(ledger);
    expect(new Set(marked(report).map(String))).toEqual(
      new Set([`foreign-object,${FOREIGN},${name}`, 'foreign-object,another.txt,', `foreign-object,${late},`]),
    );
    expect(deriveLog(ledger.store.objects, KEY.verifierKey).acknowledgements).toEqual([name]);
    const before = await checkLedger(ledger, { anchor: { name: 'kept.json', report }, isIncremental: true });
    expect(new Set(marked(before).map(String))).toEqual(new Set(marked(report).map(String)));
  });

  test('one that is registered in the batch of its first acknowledgement counts for it', async () => {
    const ledger = await ledgerOf(2, 4);
    ledger.store.objects.set(FOREIGN, Buffer.from('junk'));
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    expect(await integrate(ledger, SECOND + 21)).toMatchObject({ batches: 1, actions: 1 });
    expect(await checkLedger(ledger)).toMatchObject({ status: 'verified', findingsAcknowledged: 1 });
  });

  test('more than a log may register: the log goes on with those that it has', async () => {
    const registered = Array.from({ length: 40 }, (_, i) => keyOf(150 + i, `${LEDGER}/operator`).verifierKey);
    const ledger = await ledgerOf(2, 4, { operators: { registered, revoked: [] } });
    const entries = deriveLog(ledger.store.objects, KEY.verifierKey).entries.map(String);
    expect(entries.filter((it) => it.startsWith('{"type":"operator"'))).toHaveLength(32);
    expect((await checkLedger(ledger)).status).toBe('verified');
  });

  test('a thief of a session can not register one: a batch whose heads or notices say so is void', async () => {
    const ledger = await ledgerOf(2, 4);
    ledger.store.objects.set(FOREIGN, Buffer.from('junk'));
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    const key = formatVerifierKey(OPERATOR.verifierKey);
    const text = formatOperatorNotice(LEDGER, { key, isRevoked: false });
    const note = noteOf(text, keyOf(2)).toString();
    const notices: LogEntry[][] = [[], [{ type: 'operator', note }]];
    for (const [i, entries] of notices.entries()) {
      const log = deriveLog(ledger.store.objects, KEY.verifierKey);
      const { heads } = openedBatch(ledger, 1);
      const lines = [...entries.map(formatEntry), ...formatHeads({ ...heads, operators: [{ key, from: 0 }] })];
      const session = await sessionsOf('batches').at(heads.time);
      const rootHash = parseHash(referenceRoot(log.entries)) as Hash;
      const claim = { previous: 1, size: log.entries.length, root: rootHash };
      const name = batchName(2 + i);
      ledger.store.objects.set(name, signBatch(session, name, formatBatch(lines), claim));
      expect(deriveLog(ledger.store.objects, KEY.verifierKey).void).toEqual([2, 3].slice(0, i + 1));
    }
    await integrate(ledger, SECOND + 30, { registered: [], revoked: [] });
    const report = await checkLedger(ledger);
    expect(report).toMatchObject({ status: 'violated', findingsAcknowledged: 0 });
    expect(saidOf(report).sort()).toEqual(
      [FOREIGN, batchName(2), batchName(3), actionName(0)].map((object) => `foreign-object ${object}`).sort(),
    );
  });
});

/** openedBatch opens a batch as anybody reads it. */
function openedBatch({ store }: Ledger, number: number): { readonly heads: LogPosition } {
  const { lines } = openBatch(read(store, batchName(number)), batchName(number), certificatesFor({}));
  return { heads: headsOf(parseBatch(lines)) };
}
