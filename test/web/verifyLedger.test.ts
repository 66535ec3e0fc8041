import { createHash } from 'node:crypto';
import { parseAction as parseCoreAction } from '../../src/core/objects/action.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { pageName, reportName } from '../../src/core/objects/names.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { parseAction } from '../../web/verify/ledger/action.ts';
import { forgeActions } from '../support/actions.ts';
import { damaged } from '../support/logVectors.ts';
import { LEDGER, ZEROS, forgeChain, timeOf, nameOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, batch } from '../support/loggedLedger.ts';
import { integrateOf, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { picked, triedOf } from '../support/sample.ts';
import { signReport } from '../support/sign.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { DAMAGE } from './damage.ts';
import { claimBehind } from './damageTools.ts';
import {
  MIRROR_KEY,
  MIRROR_KEYS,
  WITNESS_KEYS,
  coreVerdict,
  cosignatureIn,
  mirrorOf,
  pageOutcome,
  pageVerdict,
} from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

/** How many of many changes the fast run tries. */
const SAMPLE = 40;
const USUAL = 80;

const good = await mirrorOf();
const WITNESS = WITNESS_KEYS[0] as string;

describe('the page and the command line conclude the same of a mirror', () => {
  test('that is whole', async () => {
    expect(await pageVerdict(good)).toEqual({ status: 'verified', found: [] });
    expect(await coreVerdict(good)).toEqual({ status: 'verified', found: [] });
  });

  test('without a key, without a log, without anything', async () => {
    expect(await pageVerdict(good, '')).toEqual(await coreVerdict(good, ''));
    const bare: Mirror = new Map([...good].filter(([name]) => name.startsWith('segments/')));
    for (const keys of ['', WITNESS]) {
      expect(await pageVerdict(bare, keys)).toEqual({ status: 'verified', found: [] });
      expect(await coreVerdict(bare, keys)).toEqual({ status: 'verified', found: [] });
    }
    expect(await pageVerdict(new Map())).toEqual({ status: 'unverified', found: [] });
    expect(await coreVerdict(new Map())).toEqual({ status: 'unverified', found: [] });
  });

  test('with a batch that is not signed yet, whose tiles nobody asks for, and segments that the log does not have', async () => {
    const mirror = new Map(good);
    const size = (good.get('checkpoints/000000000003') as Buffer).toString().split('\n')[1];
    mirror.delete('checkpoints/000000000003');
    for (const name of good.keys()) {
      const isOfIt =
        name.startsWith('cosignatures/000000000003/') || (name.startsWith('tlog/tile/') && name.endsWith(`.p/${size}`));
      if (isOfIt || name.startsWith('reports/')) mirror.delete(name);
    }
    mirror.set('tlog/checkpoint', mirror.get('checkpoints/000000000002') as Buffer);
    const report = [...good.keys()].filter((name) => name.startsWith('reports/'));
    for (const name of report) mirror.set(name, good.get(name) as Buffer);
    expect(await pageVerdict(mirror)).toEqual({ status: 'verified', found: [] });
    expect(await coreVerdict(mirror)).toEqual({ status: 'verified', found: [] });
    expect((await pageOutcome(mirror)).notChecked.join('\n')).toContain(
      'batches/000000000003.jsonl has no checkpoint yet',
    );
    mirror.delete('batches/000000000003.jsonl');
    for (const name of report) mirror.delete(name);
    expect(await pageVerdict(mirror)).toEqual(await coreVerdict(mirror));
    mirror.delete('checkpoints/000000000002');
    expect(await pageVerdict(mirror)).toEqual(await coreVerdict(mirror));
  });

  test.each(['batches/000000000001.jsonl', 'checkpoints/000000000001', 'actions/000000000000.json'])(
    'of which %s can not be read: that is said, and is no finding',
    async (name) => {
      const { status, findings, unreadable } = await pageOutcome(good, MIRROR_KEYS, name);
      expect({ status, findings }).toEqual({ status: 'unverified', findings: [] });
      expect(unreadable).toEqual([{ object: name, why: 'the device is away' }]);
    },
  );

  test('whose tiles have a second level; tiles that no checkpoint implies are ignored', async () => {
    const mirror = await mirrorOf(8, 320);
    expect([...mirror.keys()]).toEqual(expect.arrayContaining(['tlog/tile/0/001', 'tlog/tile/1/000.p/1']));
    expect(await pageVerdict(mirror)).toEqual({ status: 'verified', found: [] });
    expect(await coreVerdict(mirror)).toEqual({ status: 'verified', found: [] });
    const strays = [
      'tile/0/001.p/3',
      'tile/1/000.p/3',
      'tile/2/000.p/1',
      'tile/0/999',
      'tile/x',
      'tile/entries/000.p/4',
    ];
    for (const name of strays) mirror.set(`tlog/${name}`, Buffer.alloc(96));
    expect(await pageVerdict(mirror)).toEqual({ status: 'verified', found: [] });
    expect(await coreVerdict(mirror)).toEqual({ status: 'verified', found: [] });
  });

  test('with cosignatures, which are verified with a key of the witness, and else counted as not checked', async () => {
    const counts = async (keys: string): Promise<unknown> => (await pageOutcome(good, keys)).log?.cosignatures;
    const first = 'w1.example (key ID ';
    expect(await counts(MIRROR_KEYS)).toEqual({
      keys: 1,
      verified: 2,
      notChecked: 1,
      newest: [expect.stringContaining(first)],
    });
    expect(await counts(WITNESS)).toEqual({
      keys: 1,
      verified: 2,
      notChecked: 1,
      newest: [expect.stringContaining(first)],
    });
    expect(await counts(MIRROR_KEY)).toEqual({ keys: 0, verified: 0, notChecked: 3, newest: [] });
    expect((await pageOutcome(good, WITNESS)).hasKeys).toBe(false);
    const not = (await pageOutcome(good)).notChecked.join('\n');
    expect(not).toContain('1 cosignatures are by keys that you did not give');
    expect(not).toContain('no quorum');
    const bad = new Map(good);
    bad.set(cosignatureIn(good, 3, 1), good.get(cosignatureIn(good, 2, 1)) as Buffer);
    // What the published checkpoint has is still not what is stored.
    expect(await pageVerdict(bad, MIRROR_KEY)).toEqual(await coreVerdict(bad, MIRROR_KEY));
  });

  test('with a page whose report states no hash of it, or none that an auditor signed', async () => {
    const { page, ...report } = parseReport(good.get(reportName(0)) as Buffer);
    expect(page).toMatch(/^[0-9a-f]{64}$/);
    const unsigned = Buffer.from(JSON.stringify({ report }).slice(0, -1));
    const mirror = new Map(good)
      .set(reportName(1), signReport(unsigned, reportName(1), LEDGER))
      .set(pageName(1), Buffer.from('<p>'));
    const found = [`foreign-object ${pageName(1)}`];
    expect(await pageVerdict(mirror)).toEqual({ status: 'violated', found });
    expect(await coreVerdict(mirror)).toEqual({ status: 'violated', found });
    mirror.set(reportName(1), formatReport({ ...report, page: createHash('sha256').update('<p>').digest('hex') }));
    expect((await pageVerdict(mirror)).found).toEqual([...found, `foreign-object ${reportName(1)}`]);
    expect(await pageVerdict(mirror)).toEqual(await coreVerdict(mirror));
    expect(await pageVerdict(mirror, MIRROR_KEY)).toEqual(await coreVerdict(mirror, MIRROR_KEY));
  });

  test('with thousands of names that anybody can make up, beside an object that has taken the name of a segment', async () => {
    const mirror = new Map(good).set(nameOf(77), Buffer.from('junk'));
    for (let i = 0; i < 2500; i++) mirror.set(`x${i % 7}/${i}`, Buffer.from('x'));
    const verdict = await pageVerdict(mirror);
    expect(verdict.found).toContain(`foreign-object ${nameOf(77)}`);
    expect(verdict).toEqual(await coreVerdict(mirror));
  });

  test('whose key is another one', async () => {
    const other = keyOf(9).verifierKey;
    const verdict = await pageVerdict(good, formatVerifierKey(other));
    expect(verdict.found).toContain('foreign-object segments/0/000000000000.jsonl.zst');
    expect(verdict).toEqual(await coreVerdict(good, formatVerifierKey(other)));
  });

  test.each(DAMAGE)('$name', async ({ damage, finds, isHarmless = false }) => {
    const mirror = new Map(good);
    damage(mirror);
    const verdict = await pageVerdict(mirror);
    expect(verdict.status).toBe(isHarmless ? 'verified' : 'violated');
    const codes = verdict.found.map((found) => found.split(' ')[0]);
    expect(codes).toEqual(finds === undefined ? [] : expect.arrayContaining([finds]));
    expect(verdict).toEqual(await coreVerdict(mirror));
  });

  test('of which the batch with the actions is gone, and the next one says how many there were', async () => {
    const store = new MemoryStore([...good].filter(([name]) => !name.startsWith('tlog/')));
    for (const [name, bytes] of forgeChain(7)) store.objects.set(name, bytes);
    await integrateOf(store, new MemoryTiles(), { now: () => Date.parse(timeOf(SECOND + 1000)) }).run(new KeptLog());
    store.objects.delete(batch(3));
    const verdict = await pageVerdict(store.objects);
    expect(verdict.found).toContain(`checkpoint-inconsistent ${batch(3)}`);
    expect(verdict).toEqual(await coreVerdict(store.objects));
  });

  test.each([
    ['far ahead', 4, 100],
    ['that somebody planted', 5, 4],
  ])('with a batch of a stolen session behind one %s, and the true log behind it', async (_what, number, previous) => {
    const mirror = new Map(good);
    if (number === 5) mirror.set(batch(4), Buffer.from('junk'));
    claimBehind(mirror, number, previous, { name: LEDGER, seed: 66 });
    const store = new MemoryStore([...mirror].filter(([name]) => !name.startsWith('tlog/')));
    for (const length of [7, 8]) {
      for (const [name, bytes] of forgeChain(length)) store.objects.set(name, bytes);
      const now = (): number => Date.parse(timeOf(SECOND + 1000 + length));
      await integrateOf(store, new MemoryTiles(), { now }).run(new KeptLog());
    }
    const verdict = await pageVerdict(store.objects);
    expect(verdict.found.filter((found) => !found.startsWith('foreign-object'))).toEqual([]);
    expect(verdict.found).toContain(`foreign-object ${batch(number)}`);
    expect(verdict).toEqual(await coreVerdict(store.objects));
  });

  test('of which any byte of any object is changed, and any object is gone', async () => {
    const small = await mirrorOf(2, 2);
    const changes = [...small].flatMap(([name, bytes]) => {
      const step = Math.max(Math.floor(bytes.length / 12), 1);
      const places = Array.from({ length: Math.floor(bytes.length / step) + 1 }, (_, i) => i * step);
      return places.map((at) => ({ name, bytes, at }));
    });
    expect(changes.length).toBeGreaterThan(200);
    let changed = 0;
    for (const { name, bytes, at } of picked(changes, SAMPLE, USUAL)) {
      const bad = Buffer.from(bytes);
      if (at < bytes.length) bad.writeUInt8(bad.readUInt8(at) ^ (1 << (at % 8)), at);
      const mirror = new Map(small);
      if (at < bytes.length) mirror.set(name, bad);
      else mirror.delete(name);
      expect({ name, at, ...(await pageVerdict(mirror)) }).toEqual({ name, at, ...(await coreVerdict(mirror)) });
      changed += 1;
    }
    expect(changed).toBe(triedOf(changes.length, SAMPLE, USUAL));
  });

  test.each([
    ['an undeclared gap', [{}, { events: [5] }]],
    ['a declared gap', [{}, { events: [5], gaps: [{ first: 1, last: 4, reason: 'expired' }] }]],
    ['an overlap', [{ events: [0, 1] }, { events: [1] }]],
    ['another prev', [{}, { prev: 'ab'.repeat(32) }, {}]],
    ['another ledger', [{}, { ledger: 'other.example.com' }]],
    ['another version', [{}, { header: { version: 2 } }]],
    ['a segment that follows itself', [{}, {}, { previous: 2 }]],
    ['a segment that passes over one', [{}, {}, { previous: 0 }]],
    ['two segments that pass over one', [{}, {}, { previous: 0 }, { previous: 0 }, {}]],
    ['a segment that follows what is not there', [{}, {}, { index: 7, previous: 5 }]],
    ['a second beginning', [{}, {}, { previous: -1, prev: ZEROS, record: 0, events: [0] }]],
    ['a second beginning with another root', [{}, {}, { previous: -1 }]],
    ['a wrong end line', [{}, { end: '{"_end":{"records":1,"root":"00"}}' }, {}]],
    ['a lost record', [{}, { events: [1, 2], edit: (lines: string[]) => lines.slice(0, -1) }]],
    [
      'a seal with more in it',
      [{ edit: (lines: string[]) => lines.map((line) => line.replace(/Z"\}\}$/, 'Z","x":[{}]}}')) }],
    ],
    ['a line without a seal', [{ edit: (lines: string[]) => [lines[0] ?? '', '{"a":1}'] }]],
    [
      'a line that is not UTF-8 but has a seal',
      [{ edit: (lines: string[]) => lines.map((line) => line.replace('"n"', '"\\u00ff"')) }],
    ],
  ] satisfies [string, Spec[]][])('of a chain with %s', async (_name, specs: readonly Spec[]) => {
    const mirror = forgeChain(specs);
    expect(await pageVerdict(mirror)).toEqual(await coreVerdict(mirror));
  });
});

test('the page knows reports of kind posture, of which none is an anchor, and their pages', async () => {
  const time = '2023-12-31T00:00:00.000Z';
  const mirror = new Map(good).set(reportName(1), formatPosture(1, { time }));
  const later = '2024-01-03T00:00:00.000Z';
  const tried = { object: 'drill/2024/01/03/block', change: 'delete', outcome: 'refused', said: '409' };
  mirror.set(reportName(2), formatPosture(2, { time: later, settings: {}, roles: [], drill: [tried] }));
  for (const kind of ['block', 'append']) mirror.set(`drill/2024/01/03/${kind}`, Buffer.from(kind));
  expect(await pageVerdict(mirror)).toEqual({ status: 'verified', found: [] });
  expect(await coreVerdict(mirror)).toEqual({ status: 'verified', found: [] });
  expect((await pageOutcome(mirror)).anchor).toBe(reportName(0));
  for (const bad of [
    { time: later, kind: 'drill' },
    { time: later, status: 'good' },
    { time: later, guard: {} },
    { time: later, locks: [1] },
    { time: later, drill: [{ ...tried, outcome: 'skipped' }] },
    { time: '2024-01-03' },
  ]) {
    const damaged = new Map(mirror).set(reportName(2), formatPosture(2, bad));
    const verdict = await pageVerdict(damaged);
    expect(verdict.found).toEqual([`foreign-object ${reportName(2)}`]);
    expect(verdict).toEqual(await coreVerdict(damaged));
  }
  const page = Buffer.from('<p>');
  const withPage = new Map(mirror).set(pageName(1), page);
  const found = [`foreign-object ${pageName(1)}`];
  expect(await pageVerdict(withPage)).toEqual({ status: 'violated', found });
  expect(await coreVerdict(withPage)).toEqual({ status: 'violated', found });
  withPage.set(reportName(1), formatPosture(1, { time, page: createHash('sha256').update(page).digest('hex') }));
  expect(await pageVerdict(withPage)).toEqual({ status: 'verified', found: [] });
  expect(await coreVerdict(withPage)).toEqual({ status: 'verified', found: [] });
});

describe('the page takes for an action what the core does', () => {
  const actions = forgeActions(0).map(([, bytes]) => bytes);
  const isAction = (bytes: Buffer): boolean => {
    try {
      parseCoreAction(bytes);
      return true;
    } catch (error) {
      if (error instanceof AuditsealError) return false;
      throw error;
    }
  };

  test('where bytes are changed', () => {
    let taken = 0;
    for (const [seed, action] of actions.entries()) {
      for (const bytes of [action, ...damaged(action, seed, 2000)]) {
        const wanted = isAction(bytes);
        if ((parseAction(new Uint8Array(bytes)) !== undefined) !== wanted)
          expect({ bytes: bytes.toString() }).toEqual({ wanted });
        taken += Number(wanted);
      }
    }
    expect(taken).toBeGreaterThan(actions.length);
  });

  const etag = 'e'.repeat(100);
  test.each<[string, boolean, (text: string) => string]>([
    ['it is of another version', false, (text) => text.replace('"version":1', '"version":2')],
    ['members change places', false, (text) => text.replace(/("account":"\w+"),("container":"\w+")/, '$2,$1')],
    ['a member is there twice', false, (text) => text.replace('"who"', '"why":"x","who"')],
    [
      'two members of the guard are one',
      false,
      (text) => text.replace(/"policy":\{[^}]*\},"tags":\[\]/, '"policy,tags":1'),
    ],
    [
      'an attempt has an attempt',
      false,
      (text) => text.replace('"guard"', '"attempt":"actions/000000000000.json","guard"'),
    ],
    ['an attempt has an error', false, (text) => text.replace('}\n', ',"error":"x"}\n')],
    ['an attempt has no guard', false, (text) => text.replace(/"guard":.*\}/, '"guard":null}')],
    ['there is no policy', true, (text) => text.replace(/"policy":\{[^}]*\}/, '"policy":null')],
    ['there are days enough', true, (text) => text.replaceAll('365', '146000')],
    ['there are too many days', false, (text) => text.replaceAll('365', '146001')],
    ['there are no days', false, (text) => text.replaceAll('365', '0')],
    ['there are ten tags', true, (text) => text.replace('"tags":[]', `"tags":[${Array(10).fill('"abc"').join()}]`)],
    ['there are eleven tags', false, (text) => text.replace('"tags":[]', `"tags":[${Array(11).fill('"abc"').join()}]`)],
    ['a tag is too short', false, (text) => text.replace('"tags":[]', '"tags":["ab"]')],
    ['the etag is long', true, (text) => text.replace(/("etag":")\w+/, `$1${etag}`)],
    ['the etag is too long', false, (text) => text.replace(/("etag":")\w+/, `$1${etag}e`)],
    ['who is nobody', false, (text) => text.replace('ann@example.com', ' \u00a0')],
    ['who has a long name', true, (text) => text.replace('ann@example.com', '\u{1f600}'.repeat(500))],
    ['who has too long a name', false, (text) => text.replace('ann@example.com', `a${'\u{1f600}'.repeat(500)}`)],
    ['who is half a character', false, (text) => text.replace('ann@example.com', '\\ud800')],
    ['who has a control character', false, (text) => text.replace('ann@example.com', 'a\u0085')],
    ['who has two lines', false, (text) => text.replace('ann@example.com', 'a\u2028b')],
    ['a letter is escaped', false, (text) => text.replace('ann@', '\\u0061nn@')],
    ['the account has a name that Azure has not', false, (text) => text.replace('account1', 'Account1')],
    ['the day does not exist', false, (text) => text.replace(/"time":"\d{4}-\d\d-\d\d/, '"time":"2026-02-30')],
    ['a space is in it', false, (text) => text.replace('"who":', '"who": ')],
    ['the end is missing', false, (text) => text.trimEnd()],
    ['a byte order mark is before it', false, (text) => `\ufeff${text}`],
  ])('where %s', (_what, wanted, change) => {
    const text = (actions[0] as Buffer).toString();
    expect(change(text)).not.toBe(text);
    const bytes = Buffer.from(change(text));
    expect(isAction(bytes)).toBe(wanted);
    expect(parseAction(new Uint8Array(bytes)) !== undefined).toBe(wanted);
  });
});

/** formatPosture prints a report of kind posture as docs/format.md, section 8.3, says, signed for a number. */
function formatPosture(number: number, changes: object): Buffer {
  const text = JSON.stringify({
    version: 1,
    kind: 'posture',
    account: 'account1',
    container: 'ledger',
    time: '',
    status: 'unverified',
    retentionDays: 365,
    guard: { allowsHoldAppends: false, publicAccess: 'None', tags: [] },
    settings: null,
    locks: ['CanNotDelete'],
    roles: null,
    findings: [],
    notChecked: ['x'],
    unreadable: [],
    ...changes,
  });
  return signReport(Buffer.from(`{"report":${text}`), reportName(number), LEDGER);
}
