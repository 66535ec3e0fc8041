import { deriveChain } from './derive.ts';
import { deriveLog, expectWholeLog, namesIn } from './deriveLog.ts';
import { TRUST, ZEROS, createdOf, forge, forgeChain, nameOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { eventsBetween, ingestOf, sealAll } from './hub.ts';
import { KeptLog } from './keptLog.ts';
import { SECOND, batch, checkpoint, noteOf } from './loggedLedger.ts';
import { AUDITOR, KEY, integrateOf, keyOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { referenceRoot } from './referenceLedger.ts';
import { keyText, noticeOf, signLines } from './sign.ts';

// The independent reader is what other tests go by: that it sees what is wrong is tested here.

type Objects = Map<string, Buffer>;

/** A ledger that the real writers made, with what somebody planted between. */
async function made(): Promise<Objects> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const integrate = (second: number): Promise<unknown> =>
    integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + second)) }).run(new KeptLog());
  const ingest = ingestOf(store);
  await sealAll(ingest, eventsBetween(0, 3));
  store.objects.set(nameOf(1), forge({ index: 1, previous: 0, session: { keys: [{ name: 'x/y', seed: 1 }] } }).stored);
  store.objects.set(nameOf(900), Buffer.from('far ahead'));
  await sealAll(ingestOf(store), eventsBetween(4, 5));
  await integrate(1);
  store.objects.set(batch(1), Buffer.from('planted'));
  store.objects.set(batch(77), Buffer.from('far ahead'));
  await sealAll(ingestOf(store), eventsBetween(6, 6), '1');
  await integrate(2);
  return new Map(store.objects);
}

test('what the real writers make, past what is planted, is derived from the bytes and the key alone', async () => {
  const objects = await made();
  const chain = deriveChain(objects);
  expect(chain.events.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(chain).toMatchObject({
    foreign: [1, 900],
    passedOver: [],
    headers: [{ index: 0 }, { index: 2, previous: 0 }],
  });
  const log = deriveLog(objects, KEY.verifierKey, AUDITOR.verifierKey);
  expect(log).toMatchObject({
    batches: [0, 2],
    void: [1, 77],
    trust: { keys: [expect.stringContaining(KEY.verifierKey.keyId)] },
  });
  expect(log.sizes).toEqual([5, 7]);
  expect(namesIn(log)).toEqual(
    ['segment', 'foreign', 'segment', 'segment'].map((type, i) => {
      return `${type} ${[nameOf(0), nameOf(1), nameOf(2), nameOf(0, '1')][i]}`;
    }),
  );
  expectWholeLog(objects, log, ['0', '1', '2']);
});

test('to who has another key it is no chain and no log', async () => {
  const objects = await made();
  const stranger = { ledger: KEY.verifierKey.keyName, keys: [] };
  expect(deriveChain(objects, '0', stranger)).toMatchObject({ headers: [], foreign: [0, 1, 2, 900] });
  expect(deriveLog(objects, keyOf(9).verifierKey)).toMatchObject({ entries: [], batches: [], void: [0, 1, 2, 77] });
});

test.each<[string, readonly Spec[], string]>([
  ['records with a hole', [{}, { record: 7 }], 'records begin at 7'],
  ['records twice', [{}, { record: 0 }], 'records begin at 0'],
  ['events with a hole', [{}, { events: [5] }], 'events from 5, not 1'],
  ['events twice', [{}, { events: [0] }], 'events from 0, not 1'],
  [
    'a gap that is not where one is',
    [{}, { events: [5], gaps: [{ first: 2, last: 4, reason: 'expired' }] }],
    'a gap from 2',
  ],
  [
    'a gap that is too short',
    [{}, { events: [5], gaps: [{ first: 1, last: 3, reason: 'expired' }] }],
    'events from 5, not 4',
  ],
  ['an incarnation that is skipped', [{}, { incarnation: 2 }], 'incarnation 2'],
  ['an incarnation that goes back', [{}, { incarnation: 1 }, { incarnation: 0 }], 'incarnation 0'],
  ['an incarnation at its beginning', [{ incarnation: 1 }], 'incarnation 1'],
  ['an incarnation that does not begin with 0', [{}, { incarnation: 1, events: [1] }], 'events from 1, not 0'],
  [
    'an incarnation that begins with a heartbeat',
    [{}, { incarnation: 1, kind: 'heartbeat', events: [-1] }],
    'a heartbeat that begins something',
  ],
  ['an incarnation without the hub’s word', [{}, { incarnation: 1, hub: null }], 'nothing of the hub'],
  [
    'an incarnation of the same hub, which has all that is sealed',
    [{}, { incarnation: 1, hub: { created: createdOf(0) } }],
    'the hub was created at',
  ],
  ['another hub within an incarnation', [{}, { statement: { created: createdOf(1) } }], 'the hub was created at'],
  ['a beginning without the hub’s word', [{ hub: null }], 'nothing of the hub'],
  [
    'a gap before what the hub has',
    [{ kind: 'repair', hub: { first: 3 }, gaps: [{ first: 1, last: 2, reason: 'expired' }], events: [3] }],
    'a gap from 1, not 3',
  ],
  ['a beginning behind what the hub has', [{ events: [5], hub: { first: 4 } }], 'events from 5, not 4'],
  [
    'a heartbeat at the beginning that covers something',
    [{ kind: 'heartbeat', events: [4], hub: { first: 4 } }],
    'no events up to 4, not 3',
  ],
  ['a heartbeat of another event', [{}, { kind: 'heartbeat', events: [7] }], 'no events up to 7, not 0'],
  ['a heartbeat without the hub’s word', [{}, { kind: 'heartbeat', hub: null }], 'nothing of the hub'],
  [
    'a heartbeat that declares gaps',
    [{}, { kind: 'heartbeat', gaps: [{ first: 1, last: 1, reason: 'expired' }] }],
    'a heartbeat that begins something or declares gaps',
  ],
  [
    'a heartbeat of a hub that has more',
    [{}, { kind: 'heartbeat', hub: { last: 1 } }],
    'a heartbeat of a hub with event 1',
  ],
  ['a repair without the hub’s word', [{}, { kind: 'repair', hub: null }], 'nothing of the hub'],
  [
    'a repair that declares what the hub alone can know',
    [{}, { kind: 'repair', isEventless: true, gaps: [{ first: 1, last: 1, reason: 'expired' }], hub: null }],
    'nothing of the hub',
  ],
  ['a repair of nothing', [{}, { kind: 'repair', isEventless: true }], 'a repair of nothing'],
  [
    'a repair that covers more than it declares',
    [{}, { kind: 'repair', isEventless: true, gaps: [{ first: 1, last: 1, reason: 'expired' }], events: [2] }],
    'no events up to 2, not 1',
  ],
  ['a hub that was asked later', [{ hub: { asked: timeOf(1_000_001) } }], 'the hub was asked at'],
  ['an enqueued that is not the latest so far', [{ second: 9 }, { latest: timeOf(1) }], 'enqueued is'],
  ['an event of a time to come', [{ second: 1_000_601 }], 'is sealed at'],
])('a chain is refused that has %s', (_name, specs, why) => {
  expect(() => deriveChain(forgeChain(specs))).toThrow(why);
});

test.each<[string, readonly Spec[]]>([
  ['begins with a heartbeat of an empty hub', [{ kind: 'heartbeat', events: [-1] }, {}]],
  ['begins with a heartbeat of a hub that holds nothing any more', [{ kind: 'heartbeat', events: [6] }, {}]],
  ['begins with a gap', [{ kind: 'repair', events: [5], gaps: [{ first: 3, last: 4, reason: 'unreadable' }] }, {}]],
  [
    'declares gaps alone',
    [{}, { kind: 'repair', isEventless: true, gaps: [{ first: 1, last: 4, reason: 'expired' }] }, {}],
  ],
  [
    'declares what nobody can be asked for',
    [{}, { kind: 'repair', isEventless: true, gaps: [{ first: 1, last: 4, reason: 'recreated' }], hub: null }, {}],
  ],
  [
    'begins an incarnation without events',
    [{}, { incarnation: 1, kind: 'repair', isEventless: true, events: [-1] }, { incarnation: 1 }],
  ],
  [
    'begins an incarnation with a gap',
    [{}, { incarnation: 1, kind: 'repair', events: [9], gaps: [{ first: 0, last: 8, reason: 'expired' }] }],
  ],
  ['goes on in an older hub', [{}, { incarnation: 1, hub: { created: createdOf(-1) } }]],
  [
    'goes on anew in a hub that never had what is sealed',
    [{ events: [7] }, { incarnation: 1, hub: { created: createdOf(0) } }],
  ],
])('a chain holds that %s', (_name, specs) => {
  expect(deriveChain(forgeChain(specs)).headers).toHaveLength(specs.length);
});

test.each<[string, readonly Spec[]]>([
  ['another prev', [{}, { prev: ZEROS }]],
  ['another predecessor', [{}, { previous: -1 }]],
  ['an earlier time of sealing', [{}, { header: { sealed: timeOf(1000) } }]],
])('what is signed and has %s is not of the chain', (_name, specs) => {
  expect(deriveChain(forgeChain(specs))).toMatchObject({ headers: [{ index: 0 }], foreign: [1], passedOver: [1] });
});

test('a chain with a hole is refused, and what a later release signed ends one', () => {
  const objects = forgeChain(4);
  expect(deriveChain(objects).headers).toHaveLength(4);
  objects.delete(nameOf(1));
  expect(() => deriveChain(objects)).not.toThrow();
  expect(deriveChain(objects)).toMatchObject({ headers: [{ index: 0 }], passedOver: [2, 3] });
  const skipping = forgeChain([{}, { index: 3, previous: 0 }]);
  expect(() => deriveChain(skipping)).toThrow('there is a hole before segment 3');
  expect(deriveChain(forgeChain([{}, { statement: { version: 2 } }, {}])).headers).toHaveLength(1);
});

/** The next batch of a ledger, signed by a session of the log: with these entries and heads. */
function nextBatch(objects: Objects, entries: readonly string[], changeHeads = (line: string): string => line): Buffer {
  const { entries: before, batches } = deriveLog(objects, KEY.verifierKey);
  const heads = (before.at(-1) as Buffer).toString().replace(/"time":"[^"]*"/, `"time":"${timeOf(SECOND + 3)}"`);
  const lines = Buffer.from([...entries, changeHeads(heads), ''].join('\n'));
  const claim = { previous: batches.at(-1) as number, size: before.length, root: referenceRoot(before) };
  const times = { from: timeOf(SECOND), until: timeOf(SECOND + 80_000) };
  return signLines(lines, batch(3), claim, { ledger: KEY.verifierKey.keyName, ...times });
}

test.each<[string, readonly string[], ((heads: string) => string) | undefined, string | RegExp]>([
  ['heads that are not where the entries lead', [], (line) => line.replace('"reports":0', '"reports":1'), /^heads /],
  ['a segment that is not there', [`{"type":"foreign","name":"${nameOf(3)}"}`], undefined, 'not what is stored'],
  ['a report that is not there', ['{"type":"report","name":"reports/000000000000.json"}'], undefined, /./],
  [
    'an action that is not there',
    ['{"type":"action","name":"actions/000000000000.json"}'],
    undefined,
    'not what is stored',
  ],
  ['an entry of an unknown type', ['{"type":"hold"}'], undefined, 'an unknown type'],
])('a log is refused whose sessions signed %s', async (_name, entries, changeHeads, why) => {
  const objects = await made();
  objects.set(batch(3), nextBatch(objects, entries, changeHeads));
  expect(() => deriveLog(objects, KEY.verifierKey)).toThrow(why);
});

test('a batch is void that announces a key which the log has, or which a session alone announces', async () => {
  const objects = await made();
  const { ledger, keys } = TRUST;
  for (const [key, seed] of [
    [keys[0] as string, 1],
    [keyText({ name: ledger, seed: 2 }), 2],
  ] as const) {
    const note = noticeOf(ledger, key, [{ name: ledger, seed }]);
    const next = nextBatch(objects, [JSON.stringify({ type: 'key', note })], (line) =>
      line.replace(/"keys":\[[^\]]*\]/, `"keys":${JSON.stringify([...keys, key])}`),
    );
    expect(deriveLog(new Map(objects).set(batch(3), next), KEY.verifierKey)).toMatchObject({ void: [1, 3, 77] });
  }
});

test('a batch of heads alone is in the log; one whose lines were changed is void', async () => {
  const objects = await made();
  const next = nextBatch(objects, []);
  objects.set(batch(3), next);
  expect(deriveLog(objects, KEY.verifierKey)).toMatchObject({ batches: [0, 2, 3] });
  objects.set(batch(3), Buffer.from(next.toString('latin1').replace('"reports":0', '"reports":9'), 'latin1'));
  expect(deriveLog(objects, KEY.verifierKey)).toMatchObject({ batches: [0, 2], void: [1, 3, 77] });
});

test('a log is refused that has a hole, a batch behind one without checkpoint, or signed another tree', async () => {
  const objects = await made();
  const changed = (change: (own: Objects) => void): Objects => {
    const own = new Map(objects);
    change(own);
    return own;
  };
  const hole = changed((own) => own.delete(batch(1)));
  expect(() => deriveLog(hole, KEY.verifierKey)).toThrow('there is a hole before batch 2');
  const unsigned = changed((own) => own.delete(checkpoint(0)));
  expect(() => deriveLog(unsigned, KEY.verifierKey)).toThrow('the one before has no checkpoint');
  const text = `${KEY.verifierKey.keyName}\n1\n${Buffer.alloc(32).toString('base64')}\n`;
  const fork = changed((own) => own.set(checkpoint(50), noteOf(text)));
  expect(() => deriveLog(fork, KEY.verifierKey)).toThrow('is signed, and of another tree');
  const planted = changed((own) => own.set(checkpoint(50), noteOf(text, keyOf(9))));
  expect(deriveLog(planted, KEY.verifierKey).sizes).toEqual([5, 7]);
});
