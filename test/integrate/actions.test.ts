import { AuditsealError } from '../../src/core/errors.ts';
import { formatAction, parseAction } from '../../src/core/objects/action.ts';
import type { Action } from '../../src/core/objects/action.ts';
import type { ContainerGuard } from '../../src/core/objects/guard.ts';
import { actionName } from '../../src/core/objects/names.ts';
import { changeGuard, holdTag } from '../../src/guard/change.ts';
import type { GuardActionResult } from '../../src/guard/change.ts';
import type { IntegrateResult } from '../../src/integrate/integrate.ts';
import { mirrorLedger } from '../../src/ledger/mirror.ts';
import type { PolicyControl } from '../../src/ports/guard.ts';
import { saidOf } from '../support/checking.ts';
import { deriveLog, namesIn } from '../support/deriveLog.ts';
import { timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, batch, checkLedger, checkpoint, edit, ledgerOf, live, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore, ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

const WORDS = { account: 'account1', container: 'ledger', who: 'ann', why: 'a test' };
const HOLD = { kind: 'hold-set', tag: 'case1', case: 'Case 1' } as const;

/** controlOf is a container's guard in memory. */
function controlOf(tags: string[] = []): PolicyControl & { fails?: AuditsealError; isBlind?: boolean } {
  const unused = async (): Promise<void> => Promise.reject(new Error('not used'));
  return {
    lock: unused,
    extend: unused,
    clearHold: unused,
    async setHold(tag) {
      if (this.fails !== undefined) return Promise.reject(this.fails);
      tags.push(tag);
      return Promise.resolve();
    },
    async guard() {
      if (this.isBlind === true) return Promise.reject(new AuditsealError('STORE_UNAVAILABLE', 'no answer'));
      return Promise.resolve(guardWith(tags));
    },
  };
}
const guardWith = (tags: readonly string[]): ContainerGuard => ({
  allowsHoldAppends: false,
  publicAccess: 'None',
  tags: tags.map((tag) => ({ tag, time: timeOf(0), who: 'ann' })),
});

const act = async (store: MemoryStore, second = SECOND + 10, control = controlOf()): Promise<GuardActionResult> =>
  changeGuard({ store, control, now: () => Date.parse(timeOf(second)) }, HOLD, WORDS, guardWith([]));
const integrate = async ({ store, tiles }: Ledger, second = SECOND + 11): Promise<IntegrateResult> =>
  integrateOf(store, tiles, { now: () => Date.parse(timeOf(second)) }).run(new KeptLog());
const entriesOf = ({ store }: Ledger): string[] =>
  namesIn(deriveLog(store.objects, KEY.verifierKey)).filter((name) => name.includes('actions/'));

/** acted makes a ledger with an action and its outcome, both in the log. */
async function acted(): Promise<Ledger> {
  const ledger = await ledgerOf(2, 4);
  expect(await act(ledger.store)).toMatchObject({ outcome: 'done', recorded: [actionName(0), actionName(1)] });
  expect(await integrate(ledger)).toMatchObject({ batches: 1, actions: 2, foreign: 0 });
  return ledger;
}

describe('actions in the log', () => {
  test('each has an entry, and verify compares them', async () => {
    const ledger = await acted();
    expect(entriesOf(ledger)).toEqual([`action ${actionName(0)}`, `action ${actionName(1)}`]);
    const report = await checkLedger(ledger);
    expect([report.status, saidOf(report), report.checked.otherObjects]).toEqual(['verified', [], 0]);
    expect(await integrate(ledger)).toMatchObject({ batches: 0, actions: 0 });
    await act(ledger.store, SECOND + 20);
    expect(await integrate(ledger, SECOND + 21)).toMatchObject({ batches: 1, actions: 2 });
    expect(entriesOf(ledger)).toHaveLength(4);
    expect(saidOf(await checkLedger(ledger))).toEqual([]);
  });

  test('a run without a new one asks for one name, and one that starts anew knows where it was', async () => {
    const ledger = await acted();
    ledger.store.requests.list = 0;
    await integrate(ledger);
    expect(ledger.store.requests.list).toBe(0);
  });

  test('batches that are full take the rest with the next', async () => {
    const ledger = await ledgerOf(2, 4);
    await act(ledger.store);
    const limits = { objects: 1, storedBytes: 1e9 };
    const result = await integrateOf(ledger.store, ledger.tiles, { limits }).run(new KeptLog());
    expect(result).toMatchObject({ batches: 2, actions: 2 });
    expect(saidOf(await checkLedger(ledger))).toEqual([]);
  });

  test('a mirror has them', async () => {
    const ledger = await acted();
    const copy = new MemoryStore();
    await mirrorLedger(ledger.store, copy, { concurrency: 2 });
    expect(saidOf(await checkLedger({ store: copy, tiles: ledger.tiles }))).toEqual([]);
    expect(copy.objects.get(actionName(1))).toEqual(read(ledger.store, actionName(1)));
  });

  test('a process that dies before the checkpoint of actions: the next one signs the same batch', async () => {
    const ledger = await ledgerOf(2, 4);
    await act(ledger.store);
    ledger.store.faultOf = (name) => (name === batch(2) ? 'dieAfter' : undefined);
    await expect(integrate(ledger)).rejects.toThrow(ProcessDied);
    ledger.store.faultOf = () => undefined;
    await integrate(ledger);
    expect(saidOf(await checkLedger(ledger))).toEqual([]);
    expect(entriesOf(ledger)).toHaveLength(2);
  });

  test.each(['too-large', 'archived', 'encrypted'] as const)(
    'one that is %s and was planted: a death before its checkpoint does not stop the log',
    async (unread) => {
      const ledger = await ledgerOf(2, 4);
      const { store } = ledger;
      store.objects.set(actionName(0), Buffer.from('large'));
      store.beforeRead = (read) => (read === actionName(0) ? unread : undefined);
      store.faultOf = (created) => (created === batch(2) ? 'dieAfter' : undefined);
      await expect(integrate(ledger)).rejects.toThrow(ProcessDied);
      store.faultOf = () => undefined;
      await integrate(ledger);
      expect(read(store, batch(2)).toString()).toContain(`{"type":"foreign","name":"${actionName(0)}"}`);
      expect(store.objects.has(checkpoint(2))).toBe(true);
    },
  );

  test.each<[string, (text: string) => string]>([
    ['says something else of an action', (text) => text.replace('"outcome":"done"', '"outcome":"failed"')],
    ['leaves one out', (text) => text.replace(/\{"type":"action".*0\.json.*\n/, '')],
    ['has them in another order', (text) => text.replace(/(.*0\.json.*\n)(.*1\.json.*\n)/, '$2$1')],
    ['counts more', (text) => text.replace('"actions":2', '"actions":3')],
  ])('a batch that somebody changed so that it %s is void, and the log goes on without it', async (_what, change) => {
    const ledger = await ledgerOf(2, 4);
    await act(ledger.store);
    ledger.store.faultOf = (name) => (name === batch(2) ? 'dieAfter' : undefined);
    await expect(integrate(ledger)).rejects.toThrow(ProcessDied);
    ledger.store.faultOf = () => undefined;
    edit(ledger.store, batch(2), change);
    expect(await integrate(ledger)).toMatchObject({ batches: 1, actions: 2 });
    const log = deriveLog(ledger.store.objects, KEY.verifierKey);
    expect(log).toMatchObject({ batches: [0, 1, 3], void: [2] });
    expect(namesIn(log).slice(-2)).toEqual([`action ${actionName(0)}`, `action ${actionName(1)}`]);
  });
});

describe('findings about actions', () => {
  test.each<[string, (store: MemoryStore) => void, string[]]>([
    ['one is gone', (store) => void store.objects.delete(actionName(1)), [`entry-mismatch ${actionName(1)}`]],
    [
      'one says another reason',
      (store) => edit(store, actionName(1), (text) => text.replace('a test', 'a jest')),
      [`entry-mismatch ${actionName(1)}`],
    ],
    [
      'one is no action any more',
      (store) => void store.objects.set(actionName(1), Buffer.from('{}\n')),
      [`entry-mismatch ${actionName(1)}`, `foreign-object ${actionName(1)}`],
    ],
    [
      'one stands behind a hole',
      (store) => void store.objects.set(actionName(3), read(store, actionName(0))),
      [`foreign-object ${actionName(3)}`],
    ],
    [
      'an outcome of nothing is planted',
      (store) => void store.objects.set(actionName(2), read(store, actionName(1))),
      [`foreign-object ${actionName(2)}`],
    ],
    [
      'a name is none',
      (store) => void store.objects.set('actions/1.json', read(store, actionName(0))),
      ['foreign-object actions/1.json'],
    ],
  ])('%s', async (_what, attack, said) => {
    const ledger = await acted();
    attack(ledger.store);
    const found = await checkLedger(ledger, {}, SECOND + 60);
    expect(new Set(saidOf(found))).toEqual(new Set(said));
    expect(found.status).toBe('violated');
  });

  test('what is planted under the next name gets a foreign entry, and actions go on behind it', async () => {
    const ledger = await acted();
    ledger.store.objects.set(actionName(2), Buffer.from('junk'));
    const log = new KeptLog();
    await integrateOf(ledger.store, ledger.tiles, { now: () => Date.parse(timeOf(SECOND + 12)) }).run(log);
    expect(log.lines.some(({ message }) => message.includes('foreign object'))).toBe(true);
    expect(await act(ledger.store, SECOND + 13)).toMatchObject({ recorded: [actionName(3), actionName(4)] });
    expect(await integrate(ledger, SECOND + 14)).toMatchObject({ actions: 2 });
    expect(entriesOf(ledger)[2]).toBe(`foreign ${actionName(2)}`);
    expect(saidOf(await checkLedger(ledger))).toEqual([`foreign-object ${actionName(2)}`]);
  });

  test('one that has no entry for too long', async () => {
    const ledger = await acted();
    await act(ledger.store, SECOND + 20);
    const before = await checkLedger(ledger, live, SECOND + 600);
    expect(saidOf(before)).toEqual([]);
    const after = await checkLedger(ledger, live, SECOND + 700);
    expect(saidOf(after)).toEqual([`not-integrated ${actionName(2)}`]);
    expect(after.findings[0]?.detail).toContain('nor have 1 after it');
  });
});

describe('an action that dies, or is refused', () => {
  test('before its attempt is stored, nothing is done', async () => {
    const { store } = await ledgerOf(2, 4);
    store.faultOf = () => 'dieBefore';
    const tags: string[] = [];
    await expect(act(store, SECOND, controlOf(tags))).rejects.toThrow(ProcessDied);
    expect(tags).toEqual([]);
  });

  test('between the attempt and its outcome: verify names the attempt, without calling the ledger violated', async () => {
    const ledger = await ledgerOf(2, 4);
    ledger.store.faultOf = (name) => (name === actionName(1) ? 'dieBefore' : undefined);
    await expect(act(ledger.store)).rejects.toThrow(ProcessDied);
    ledger.store.faultOf = () => undefined;
    await integrate(ledger);
    expect(saidOf(await checkLedger(ledger, {}, SECOND + 300))).toEqual([]);
    const report = await checkLedger(ledger, {}, SECOND + 700);
    expect([report.status, report.findings]).toEqual([
      'verified',
      [
        {
          code: 'action-unfinished',
          severity: 'warning',
          object: actionName(0),
          detail: `hold-set was attempted at ${timeOf(SECOND + 10)}, and nothing says what came of it`,
        },
      ],
    ]);
  });

  test('a warning goes once the outcome is there, also from a check that goes on', async () => {
    const ledger = await ledgerOf(2, 4);
    ledger.store.faultOf = (name) => (name === actionName(1) ? 'dieBefore' : undefined);
    await expect(act(ledger.store)).rejects.toThrow(ProcessDied);
    ledger.store.faultOf = () => undefined;
    await integrate(ledger);
    const report = await checkLedger(ledger, {}, SECOND + 700);
    const anchor = { anchor: { name: 'kept.json', report }, isIncremental: true };
    expect(saidOf(await checkLedger(ledger, anchor, SECOND + 710))).toEqual([`action-unfinished ${actionName(0)}`]);
    const attempt = parseAction(read(ledger.store, actionName(0)));
    const outcome: Action = { ...attempt, outcome: 'done', time: timeOf(SECOND + 720), attempt: actionName(0) };
    ledger.store.objects.set(actionName(1), formatAction(outcome));
    await integrate(ledger, SECOND + 730);
    expect(await checkLedger(ledger, anchor, SECOND + 740)).toMatchObject({
      status: 'verified',
      findings: [],
      checked: { mode: 'incremental', findingsRepeated: 0 },
    });
  });

  test('the answer of a create is lost: it is recorded once', async () => {
    const ledger = await ledgerOf(2, 4);
    ledger.store.faultOf = () => 'loseResponse';
    expect(await act(ledger.store)).toMatchObject({ outcome: 'done', recorded: [actionName(0), actionName(1)] });
  });

  test('a refusal is recorded, with what is there', async () => {
    const { store } = await ledgerOf(2, 4);
    const control = Object.assign(controlOf(), { fails: new AuditsealError('STORE_REFUSED', 'no\nway') });
    expect(await act(store, SECOND, control)).toMatchObject({ outcome: 'failed', error: 'no way', isOvertaken: false });
    expect(read(store, actionName(1)).toString()).toContain('"guard":{"policy":null,"tags":[]},"error":"no way"}');
  });

  test('afterwards nothing can be read: what came of it is unknown, and nothing else is claimed', async () => {
    const { store } = await ledgerOf(2, 4);
    const control = Object.assign(controlOf(), { isBlind: true });
    expect(await act(store, SECOND, control)).toMatchObject({ outcome: 'unknown', recorded: [actionName(0)] });
    expect(store.objects.has(actionName(1))).toBe(false);
  });

  test('its outcome can not be stored: it is done, and says that it is not recorded', async () => {
    const { store } = await ledgerOf(2, 4);
    store.faultOf = (name) => (name === actionName(1) ? 'fail' : undefined);
    expect(await act(store)).toMatchObject({
      outcome: 'done',
      recorded: [actionName(0)],
      unrecorded: 'injected fault',
    });
  });

  test('of two at once each gets names of its own', async () => {
    const ledger = await ledgerOf(2, 4);
    await Promise.all([act(ledger.store, SECOND + 10), act(ledger.store, SECOND + 11)]);
    expect([0, 1, 2, 3, 4].map((number) => ledger.store.objects.has(actionName(number)))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    await integrate(ledger);
    expect(saidOf(await checkLedger(ledger))).toEqual([]);
  });
});

test.each([
  ['2026-117', '2026117'],
  ['Case 12/A', 'case12a'],
  ['ab', undefined],
  ['a-b', undefined],
  ['a'.repeat(23), 'a'.repeat(23)],
  ['a'.repeat(24), undefined],
  ['fälle', undefined],
  ['case+1', undefined],
])('the tag of case %j is %j', (id, tag) => {
  expect(holdTag(id)).toBe(tag);
});

test('heads count reports and actions, also where there are none', async () => {
  const ledger = await ledgerOf(2, 4);
  expect(read(ledger.store, batch(1)).toString()).toContain('"reports":0,"actions":0,"partitions"');
  const action: Action = {
    version: 1,
    kind: 'lock',
    outcome: 'attempted',
    time: timeOf(1),
    ...WORDS,
    days: 1,
    guard: { policy: null, tags: [] },
  };
  ledger.store.objects.set(actionName(0), formatAction(action));
  const tiles = new MemoryTiles();
  await integrateOf(ledger.store, tiles).run(new KeptLog());
  expect(read(ledger.store, batch(2)).toString()).toContain('"reports":0,"actions":1,"partitions"');
});
