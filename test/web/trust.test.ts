import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, batch, checkpoint } from '../support/loggedLedger.ts';
import { KEY, integrateOf, keyOf, sessionsOf, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { resign, segment } from './damageTools.ts';
import {
  AUDITOR_KEY,
  MIRROR_KEY,
  MIRROR_KEYS,
  TLOG,
  coreVerdict,
  mirrorOf,
  pageOutcome,
  pageVerdict,
} from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

// Who may sign, as the page and the command line take it. docs/format.md, section 2.1.

const NEXT = keyOf(7);
const NEXT_KEY = formatVerifierKey(NEXT.verifierKey);
const STRANGER_KEY = formatVerifierKey(keyOf(9).verifierKey);
const old = { name: LEDGER, seed: 1 };
const next = { name: LEDGER, seed: 7 };

/** expectSame compares the verdicts, and gives them. */
async function expectSame(mirror: Mirror, keys = MIRROR_KEYS): Promise<{ status: string; found: readonly string[] }> {
  const verdict = await pageVerdict(mirror, keys);
  expect(verdict).toEqual(await coreVerdict(mirror, keys));
  return verdict;
}

/** rotated makes a mirror whose log goes over to another key, in steps: the old key, both, the new one. */
async function rotated(): Promise<Mirror> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const keys = [[old], [old, next], [old, next], [next]] as const;
  const chain = [...forgeChain(keys.map((keys): Spec => ({ session: { keys } })))];
  const [o, n] = [KEY, NEXT] as const;
  const steps = [
    { verifiers: [o], signers: [o] },
    { verifiers: [o, n], signers: [o, n] },
    { verifiers: [o, n], signers: [o, n] },
    { verifiers: [n, o], signers: [n] },
  ];
  for (const [i, { verifiers, signers }] of steps.entries()) {
    store.objects.set(...(chain[i] as [string, Buffer]));
    await integrateOf(store, tiles, {
      now: () => Date.parse(timeOf(SECOND + i)),
      verifiers: verifiers.map(({ verifierKey }) => verifierKey),
      signers: signers.map(signerOf),
      sessions: sessionsOf('batches', signers),
    }).run(new KeptLog());
  }
  const mirror: Mirror = new Map(store.objects);
  for (const [name, bytes] of tiles.objects) mirror.set(`${TLOG}${name}`, bytes);
  return mirror;
}

describe('a log that changes its key', () => {
  test('is believed by both keys, and by what it says itself if none is given', async () => {
    const mirror = await rotated();
    expect((mirror.get(batch(1)) as Buffer).toString()).toContain(`\\nauditseal key\\n${NEXT_KEY}\\n`);
    for (const keys of [`${MIRROR_KEY}\n${NEXT_KEY}`, ''])
      expect(await expectSame(mirror, keys)).toEqual({ status: 'verified', found: [] });
    const outcome = await pageOutcome(mirror, '');
    expect(outcome.log?.announced).toEqual([MIRROR_KEY, NEXT_KEY]);
    expect(outcome.hasKeys).toBe(false);
    expect(outcome.notChecked.join('\n')).toContain(`announces itself: ${MIRROR_KEY} ${NEXT_KEY}.`);
  });

  test('is not verified by who lacks the new key, or the old one', async () => {
    const mirror = await rotated();
    const lacking = await expectSame(mirror, MIRROR_KEY);
    expect(lacking).toEqual({
      status: 'violated',
      found: expect.arrayContaining([`checkpoint-invalid ${checkpoint(3)}`]) as unknown,
    });
    expect((await pageOutcome(mirror, MIRROR_KEY)).notChecked.join('\n')).toContain(`did not give: ${NEXT_KEY}.`);
    expect((await expectSame(mirror, NEXT_KEY)).found).toContain(`foreign-object ${batch(0)}`);
    expect((await expectSame(mirror, STRANGER_KEY)).found).toContain(`foreign-object ${segment(0, 0)}`);
  });

  test('is not begun by whom the first batch does not announce, also where no key is given', async () => {
    const mirror = await mirrorOf(2, 2);
    resign(mirror, 0, (lines) => lines.replaceAll(MIRROR_KEY, STRANGER_KEY));
    const { found } = await expectSame(mirror, '');
    expect(found).toContain(`foreign-object ${batch(0)}`);
  });

  test('knows nothing of a segment that a key certified before it was announced', async () => {
    const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
    for (const [name, bytes] of forgeChain([{}, { session: { keys: [next] } }, {}])) store.objects.set(name, bytes);
    await integrateOf(store, tiles).run(new KeptLog());
    const mirror: Mirror = new Map(store.objects);
    const { found } = await expectSame(mirror, `${MIRROR_KEY}\n${NEXT_KEY}`);
    expect(found).toContain(`foreign-object ${segment(0, 1)}`);
  });
});

describe('without a log', () => {
  test('segments count by the keys that were given, and without keys by their form', async () => {
    const mirror = forgeChain([{}, { session: { keys: [{ name: LEDGER, seed: 9 }] } }]);
    expect((await expectSame(mirror, '')).found).toEqual([]);
    expect((await expectSame(mirror, AUDITOR_KEY)).found).toEqual([]);
    expect((await expectSame(mirror, MIRROR_KEY)).found).toEqual([
      `foreign-object ${segment(0, 1)}`,
      `not-integrated ${segment(0, 0)}`,
    ]);
    expect((await expectSame(mirror, `${MIRROR_KEY}\n${STRANGER_KEY}`)).found).toEqual([
      `not-integrated ${segment(0, 0)}`,
    ]);
  });

  test('the first segment says of which ledger the others must be', async () => {
    const mirror = new Map([
      ...forgeChain(2),
      ...forgeChain([{ ledger: 'other.example.com', session: { ledger: 'other.example.com' } }], '1'),
    ]);
    expect((await expectSame(mirror, '')).found).toEqual([`foreign-object ${nameOf(0, '1')}`]);
  });
});

/** Each plants something that nobody signed who may, or that a thief of a session signed. */
const PLANTED: readonly [string, (mirror: Mirror) => unknown, readonly string[]][] = [
  ['junk behind a chain', (it) => it.set(segment(0, 6), Buffer.from('x')), [`foreign-object ${segment(0, 6)}`]],
  [
    'junk far ahead of a chain',
    (it) => it.set(segment(0, 900), Buffer.from('x')),
    [`foreign-object ${segment(0, 900)}`],
  ],
  [
    'junk in an unused partition',
    (it) => it.set(segment(7, 0), Buffer.alloc(90_000, 'x')),
    [`foreign-object ${segment(7, 0)}`],
  ],
  [
    'an old segment under a new name',
    (it) => it.set(segment(0, 6), it.get(segment(0, 5)) as Buffer),
    [`foreign-object ${segment(0, 6)}`],
  ],
  [
    'a segment of another partition',
    (it) => it.set(segment(0, 6), it.get(segment(1, 5)) as Buffer),
    [`foreign-object ${segment(0, 6)}`],
  ],
  [
    'a heartbeat of an incarnation and a year to come, that nobody signed',
    (it) => it.set(segment(0, 6), heartbeat({ isUnsigned: true })),
    [`foreign-object ${segment(0, 6)}`],
  ],
  ['junk behind the batches', (it) => it.set(batch(4), Buffer.from('x')), [`foreign-object ${batch(4)}`]],
  ['junk far ahead of the batches', (it) => it.set(batch(14), Buffer.from('x')), [`foreign-object ${batch(14)}`]],
  [
    'an old batch as the next one',
    (it) => it.set(batch(4), it.get(batch(3)) as Buffer),
    [`foreign-object ${batch(4)}`],
  ],
  [
    '60 MiB of two-byte lines',
    (it) => it.set(batch(4), Buffer.alloc(60 * 1024 * 1024, 'x\n')),
    [`foreign-object ${batch(4)}`],
  ],
  [
    'an old checkpoint without a batch',
    (it) => it.set(checkpoint(4), it.get(checkpoint(3)) as Buffer),
    [`checkpoint-inconsistent ${checkpoint(4)}`],
  ],
  [
    'an old checkpoint for junk',
    (it) => it.set(checkpoint(4), it.get(checkpoint(3)) as Buffer).set(batch(4), Buffer.from('x')),
    [`checkpoint-inconsistent ${checkpoint(4)}`, `foreign-object ${batch(4)}`],
  ],
  [
    'a report with 20,000 brackets',
    (it) => it.set('reports/000000000001.json', Buffer.from('['.repeat(20_000))),
    ['foreign-object reports/000000000001.json'],
  ],
  [
    'a report far ahead',
    (it) => it.set('reports/000000009999.json', Buffer.from('x')),
    ['foreign-object reports/000000009999.json'],
  ],
  ['an oversized batch', (it) => it.set(batch(4), Buffer.alloc(192 * 1024 * 1024 + 1)), [`foreign-object ${batch(4)}`]],
  [
    'an oversized segment',
    (it) => it.set(segment(0, 6), Buffer.alloc(192 * 1024 * 1024 + 1)),
    [`foreign-object ${segment(0, 6)}`],
  ],
];

function heartbeat(spec: Spec): Buffer {
  const far = 2 ** 53 - 2;
  const sealed = '9999-12-31T00:00:00.000Z';
  return forge({ index: 6, kind: 'heartbeat', incarnation: 1, record: 6, events: [far], header: { sealed }, ...spec })
    .stored;
}

describe('what is planted by who may not sign', () => {
  test.each(PLANTED)(
    '%s is named, and changes nothing else',
    async (_what, plant, found) => {
      const mirror = await mirrorOf();
      plant(mirror);
      expect(await expectSame(mirror)).toEqual({ status: 'violated', found });
    },
    60_000,
  );

  test('names nothing of its own', async () => {
    const mirror = await mirrorOf(2, 2);
    const secret = 'planted text';
    for (const name of [
      segment(0, 2),
      batch(3),
      checkpoint(3),
      'reports/000000000001.json',
      'actions/000000000004.json',
    ])
      mirror.set(name, forge({ index: 2, header: { ledger: secret, kind: secret }, isUnsigned: true }).stored);
    const { findings } = await pageOutcome(mirror);
    expect(findings.length).toBeGreaterThan(4);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });
});

describe('what a thief of a session signs', () => {
  test.each<[string, Spec]>([
    ['a heartbeat that begins an incarnation', { kind: 'heartbeat', incarnation: 1, events: [5], latest: timeOf(5) }],
    ['a heartbeat with another last event', { kind: 'heartbeat', events: [7], latest: timeOf(5) }],
    ['a segment that was sealed before the one before it', { events: [6], header: { sealed: timeOf(900_000) } }],
    ['a segment that says an earlier time than is known', { events: [6], second: 1, latest: timeOf(1) }],
    ['an event of a time to come', { events: [6], second: 1_100_000, latest: timeOf(1_100_000) }],
    [
      'a segment of a time to come',
      {
        events: [6],
        header: { sealed: '9999-12-31T00:00:00.000Z' },
        session: { from: '9999-12-31T00:00:00.000Z', until: '9999-12-31T00:00:00.000Z' },
      },
    ],
    ['an incarnation of a hub that never was', { events: [0], incarnation: 1, second: 60 }],
    ['a heartbeat of a hub that had more', { kind: 'heartbeat', events: [5], hub: { last: 9 }, latest: timeOf(5) }],
    ['gaps that are none', { kind: 'repair', events: [9], gaps: [{ first: 6, last: 8, reason: 'recreated' }] }],
    ['a segment behind an old one', { events: [6], previous: 2 }],
    [
      'a gap behind the first event of a new incarnation',
      { events: [0], incarnation: 1, second: 60, gaps: [{ first: 1, last: 2, reason: 'expired' }] },
    ],
    ['two incarnations more', { events: [0], incarnation: 2, second: 60 }],
    ['a segment whose lines say another ledger', { events: [6], header: { ledger: 'other.example.com' } }],
    ['a segment with another root in its statement', { events: [6], statement: { root: 'ab'.repeat(32) } }],
    ['a segment of a later release', { events: [6], statement: { version: 2 } }],
    ['a segment whose header is of a later release', { events: [6], header: { version: 2 } }],
    ['a segment with a wrong end line', { events: [6], end: `{"_end":{"records":1,"root":"${'0'.repeat(64)}"}}` }],
  ])('%s is found by both', async (_what, spec) => {
    const mirror = new Map([...(await mirrorOf()), ...extended(spec)]);
    const { found } = await expectSame(mirror);
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.every((it) => it.endsWith(segment(0, 6)) || it.endsWith(segment(0, 5)) || it.endsWith(segment(0, 3))),
    ).toBe(true);
  });

  test.each<[string, readonly Spec[]]>([
    ['a fork', [{ events: [6] }, { events: [6], previous: 5, index: 7 }]],
    ['two forks', [{ events: [6] }, { events: [6], previous: 5, index: 7 }, { events: [7], previous: 5, index: 8 }]],
    ['a fork that goes on', [{ events: [6] }, { events: [6], previous: 4, index: 7 }, { events: [7] }]],
    ['a hole that is filled with junk', [{ events: [6], index: 8, previous: 5 }]],
  ])('%s is found by both', async (_what, specs) => {
    const mirror = new Map([...(await mirrorOf()), ...extended(...specs)]);
    mirror.set(segment(0, 7), mirror.get(segment(0, 7)) ?? Buffer.from('x'));
    expect((await expectSame(mirror)).status).toBe('violated');
  });
});

/** extended gives the segments behind the mirror's chain, with these among them. */
function extended(...specs: readonly Spec[]): [string, Buffer][] {
  const chain: Spec[] = [...Array.from({ length: 6 }, () => ({})), ...specs];
  return [...forgeChain(chain)].slice(6);
}
