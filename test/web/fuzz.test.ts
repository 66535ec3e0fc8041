import { actionName, reportName } from '../../src/core/objects/names.ts';
import { LEDGER, createdOf, forgeChain, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { batch, checkpoint } from '../support/loggedLedger.ts';
import { Random } from '../support/random.ts';
import { freshSeed, isFast, triedOf } from '../support/sample.ts';
import { signReport } from '../support/sign.ts';
import type { HandKey } from '../support/sign.ts';
import { resign, segment } from './damageTools.ts';
import {
  AUDITOR_KEY,
  MIRROR_KEY,
  MIRROR_KEYS,
  TLOG,
  coreVerdict,
  mirrorOf,
  pageOutcome,
  verdictOf,
} from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

// Many things are wrong at once, and both implementations must say the same of all of them.

const RUNS = triedOf(400, 40, 100);
const SEED = isFast ? freshSeed() : 1;
const KEYS: [string, ...string[]] = [MIRROR_KEYS, MIRROR_KEY, AUDITOR_KEY, ''];
const good = await mirrorOf();

/** expectSame compares the verdicts, both from the report that the page goes on from: of a broken log each takes its own. */
async function expectSame(seed: number, mirror: Mirror, keys: string): Promise<readonly string[]> {
  const outcome = await pageOutcome(mirror, keys);
  const verdict = verdictOf(outcome);
  expect({ seed, keys, ...verdict }).toEqual({
    seed,
    keys,
    ...(await coreVerdict(mirror, keys, outcome.anchor ?? '')),
  });
  return verdict.found;
}

const KEY_SETS: [readonly HandKey[], ...(readonly HandKey[])[]] = [
  [{ name: LEDGER, seed: 1 }],
  [{ name: LEDGER, seed: 9 }],
  [
    { name: LEDGER, seed: 9 },
    { name: LEDGER, seed: 1 },
  ],
];

const REASONS = ['expired', 'unreadable', 'recreated', 'unknown'] as const;

/** randomSpec is a segment that is right, more often than not, but for one or two things. */
function randomSpec(random: Random, index: number): Spec {
  const spec: Record<string, unknown> = {};
  for (let faults = random.below(4); faults > 1; faults--) {
    const [name, value] = random.pick<readonly [string, unknown]>([
      ['previous', random.below(index + 1) - 1],
      ['prev', 'ab'.repeat(32)],
      ['record', random.below(5)],
      ['incarnation', random.below(3)],
      ['events', [random.below(9)]],
      ['events', []],
      ['kind', 'heartbeat'],
      ['kind', 'repair'],
      ['second', random.below(20) * 100_000],
      ['latest', timeOf(random.below(20))],
      ['gaps', [{ first: random.below(4), last: 4 + random.below(4), reason: random.pick(REASONS) }]],
      ['isEventless', true],
      ['hub', null],
      ['hub', { first: random.below(5), last: random.below(9) - 1 }],
      ['hub', { created: createdOf(random.below(3)) }],
      ['hub', { asked: timeOf(random.below(2_000_000)) }],
      ['statement', { created: createdOf(random.below(3)) }],
      ['header', { sealed: timeOf(900_000 + random.below(200_000)) }],
      ['header', { version: random.below(3) }],
      ['header', { index: random.below(5) }],
      ['end', '{"_end":{"records":1,"root":"00"}}'],
      ['isUnsigned', true],
      ['name', segment(0, random.below(6))],
      ['statement', { event: random.below(9) }],
      ['statement', { version: random.below(3) }],
      ['statement', { root: 'ab'.repeat(32) }],
      ['session', { keys: random.pick(KEY_SETS) }],
      ['session', { role: 'batches' }],
      ['session', { ledger: 'other.example.com' }],
      ['index', index + random.below(4)],
    ]);
    spec[name] = value;
  }
  return spec;
}

test('chains in which many things are wrong', async () => {
  const codes = new Set<string>();
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const random = new Random(seed);
    const specs = Array.from({ length: 1 + random.below(7) }, (_, i) => randomSpec(random, i));
    const mirror = forgeChain(specs);
    // Without a key the first that is signed says of which ledger all are.
    const isOfOne = specs.every(({ session }) => session?.ledger === undefined);
    for (const keys of isOfOne ? ['', MIRROR_KEY] : [MIRROR_KEY])
      for (const found of await expectSame(seed, mirror, keys)) codes.add(found.split(' ')[0] as string);
  }
  // The run is worth something only if much was found.
  expect([...codes].sort()).toEqual(
    expect.arrayContaining([
      'chain-broken',
      'foreign-object',
      'hub-recreated',
      'segment-malformed',
      'sequence-gap',
      'sequence-overlap',
    ]),
  );
}, 120_000);

/** damage does one thing to a mirror, at random. */
function damage(random: Random, mirror: Mirror): void {
  const names = [...mirror.keys()] as [string, ...string[]];
  const name = random.pick(names);
  const bytes = mirror.get(name) as Buffer;
  const number = random.below(6);
  const free = [
    segment(random.below(3), random.below(9)),
    batch(number),
    checkpoint(number),
    reportName(number),
    actionName(number),
  ];
  const target = random.pick([random.pick(names), `${TLOG}checkpoint`, ...free]);
  switch (random.below(8)) {
    case 0:
      mirror.delete(name);
      return;
    case 1: {
      const flipped = Buffer.from(bytes);
      const at = random.below(bytes.length || 1);
      if (bytes.length > 0) flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.below(8)), at);
      mirror.set(name, flipped);
      return;
    }
    case 2:
      mirror.set(target, bytes);
      return;
    case 3:
      mirror.set(target, Buffer.from('x'));
      return;
    case 4:
      mirror.set(name, bytes.subarray(0, random.below(bytes.length + 1)));
      return;
    case 5:
      mirror.set(reportName(number), signReport(Buffer.from('{"report":{}'), reportName(number), LEDGER));
      return;
    default:
      resignSome(random, mirror);
  }
}

/** resignSome has a thief of a session change a batch, if it is still one. */
function resignSome(random: Random, mirror: Mirror): void {
  const number = random.below(4);
  if (!mirror.has(batch(number))) return;
  const [from, to] = random.pick<readonly [RegExp, string]>([
    [/"size":\d/, '"size":7'],
    [/"reports":\d/, '"reports":7'],
    [/"root":"\w/, '"root":"0'],
    [/"index":\d/, '"index":8'],
    [/^\{"type":"segment"/m, '{"type":"other"'],
    [/^\{"type":"segment".*\n/m, ''],
    [/^(\{"type":"segment".*\n)/m, '$1$1'],
    [/^\{"type":"segment","name":("[^"]*").*$/m, '{"type":"foreign","name":$1}'],
    [/^\{"type":"key".*\n/m, ''],
    [/"categories":\{/, '"categories":{"A":1,'],
    [/"time":"2026/, '"time":"2025'],
    [/"action":"lock"/, '"action":"extend"'],
  ]);
  const text = (mirror.get(batch(number)) as Buffer).toString();
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const lines = text.slice(0, start);
  const signed =
    /^\{"batch":\{"version":1,"previous":-?\d+,"size":\d+,"root":"\w+","certificate":".*"\},"signature":"[^"]*"\}\n$/;
  if (!signed.test(text.slice(start)) || lines.replace(from, to) === lines || !lines.includes('"heads","time":"2'))
    return;
  resign(mirror, number, () => lines.replace(from, to));
}

test('mirrors to which many things were done', async () => {
  const codes = new Set<string>();
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const random = new Random(seed);
    const mirror = new Map(good);
    for (let count = 1 + random.below(4); count > 0; count--) damage(random, mirror);
    for (const found of await expectSame(seed, mirror, random.pick(KEYS))) codes.add(found.split(' ')[0] as string);
  }
  expect(codes.size).toBeGreaterThan(8);
}, 300_000);
