import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMPONENTS, FUNCTION_GROUPS } from '../../bench/costs/bill.ts';
import { CountedLedger } from '../../bench/costs/countedLedger.ts';
import { countShape, predict } from '../../bench/costs/counts.ts';
import type { Sealed } from '../../bench/costs/counts.ts';
import { SIZES, readDeployed, runsADay } from '../../bench/costs/deployed.ts';
import { costsBlock } from '../../bench/costs/page.ts';
import { PRICE_LIST, sourceOf } from '../../bench/costs/priceList.ts';
import { statusReads } from '../../bench/costs/statusReads.ts';
import { MEASURED, READS_A_REPORT, WORKLOADS, storedBytesOf } from '../../bench/costs/usage.ts';
import { unitsOf } from '../../bench/costs/uses.ts';
import { endOfSmallest, groupUnits, widthsIn } from '../../src/core/index/ranges.ts';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { section } from '../docs/pages.ts';
import { cells } from './support/ports.ts';

const page = await readBlock('docs/costs.md', 'costs');

/** rowsOf gives the cells of every row of the tables below a heading, without code marks. */
const rowsOf = (heading: string): string[][] =>
  // A section below another one ends with it.
  (section(page, heading).split(/^## /m)[0] as string)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      cells(line)
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll(/[`*]/g, '').trim()),
    );

const rowOf = (heading: string, name: string): number[] => {
  const row = rowsOf(heading).find(([first]) => first === name);
  if (row === undefined) throw new Error(`there is no row ${name}`);
  return row.slice(1).map(toNumber);
};

const toNumber = (text: string): number => Number(text.replaceAll(',', '').split(' ')[0]);

/** linesOf gives the lines of a size, as the page shows them. */
const linesOf = (size: string) =>
  rowsOf(`### ${size}`)
    .filter(([component]) => component !== 'component' && !component?.startsWith('--'))
    .map(([component = '', , price = '', quantity = '', factor = '', cost = '']) => ({
      component,
      price,
      quantity: toNumber(quantity),
      factor: toNumber(factor),
      cost: toNumber(cost),
    }));

test('docs/costs.md is what the price list, the counts and the templates give', () => {
  expect(cells(page)).toBe(cells(costsBlock()));
});

describe('what the page shows adds up', () => {
  const prices = new Map(rowsOf('## Prices').map(([name = '', price = '', unit = '']) => [name, { price, unit }]));

  test.each(SIZES)('each line of %s is quantity times factor times price', (size) => {
    const lines = linesOf(size);
    expect(lines.length).toBeGreaterThan(10);
    for (const { price: name, quantity, factor, cost } of lines) {
      const { price = '', unit = '' } = prices.get(name) ?? {};
      const per = /^\d/.test(unit) ? toNumber(unit) : 1;
      // What is shown of quantities is rounded to a two-hundredth at worst.
      expect(Math.abs((quantity * factor * Number(price)) / per - cost)).toBeLessThan(0.01 + cost / 200);
    }
  });

  test.each(SIZES.map((size, at) => [size, at] as const))('the total of %s is the sum of its lines', (size, at) => {
    const lines = linesOf(size);
    const sum = (all: readonly { readonly cost: number }[]): string =>
      all.reduce((total, { cost }) => total + cost, 0).toFixed(2);
    for (const component of Object.keys(COMPONENTS)) {
      const shown = rowOf('## A month, in USD', component)[at];
      expect([component, shown?.toFixed(2)]).toEqual([
        component,
        sum(lines.filter((line) => line.component === component)),
      ]);
    }
    expect(rowOf('## A month, in USD', 'total')[at]?.toFixed(2)).toBe(sum(lines));
    const uses = rowsOf('## What a year costs, by what is done');
    const end = uses.findIndex(([title]) => title === 'total');
    const parts = uses.slice(2, end).reduce((all, row) => all + toNumber(row[at + 1] as string), 0);
    expect(Math.abs(parts - 12 * Number(sum(lines)))).toBeLessThan(0.05);
    expect(toNumber(uses[end]?.[at + 1] as string)).toBeCloseTo(12 * Number(sum(lines)), 1);
    expect(rowOf('## What changes it', 'as deployed')[at]?.toFixed(2)).toBe(sum(lines));
    expect(rowOf('## A month, in USD', 'a year')[at]?.toFixed(2)).toBe(sum(lines));
  });

  test.each(SIZES.map((size, at) => [size, at] as const))(
    'segments and bytes of %s follow from its workload',
    (size, at) => {
      const sizes = JSON.parse(readFileSync(join(ROOT, 'infra/sizes.json'), 'utf8')) as Readonly<
        Record<typeof size, { readonly ingest: { readonly leastEvents: number; readonly maxWaitSeconds: number } }>
      >;
      const { leastEvents, maxWaitSeconds } = sizes[size].ingest;
      const { recordsADay, recordsAnEvent, recordBytes } = WORKLOADS[size];
      const partitions = rowOf('## Workloads', 'partitions')[at] as number;
      const checkpoints = rowOf('## Workloads', 'checkpoints a day')[at] as number;
      const events = recordsADay / recordsAnEvent + checkpoints;
      const waits = (partitions * 86_400) / maxWaitSeconds;
      const segments = Math.min(events, Math.max(waits, events / leastEvents));
      expect(rowOf('## Workloads', 'so: segments a day')[at]).toBeCloseTo(segments, -1);
      const bodies = rowOf('## Workloads', 'bytes of bodies in a segment')[at] as number;
      expect(Math.round((bodies * segments) / 1e6)).toBe(Math.round((recordsADay * recordBytes) / 1e6));
      const signatures = linesOf(size).find(({ price }) => price === 'vaultOperations')?.quantity as number;
      expect(signatures).toBeGreaterThanOrEqual((checkpoints * 365) / 12);
    },
  );
});

test('every type of resource that is deployed is paid for by a component, or said to have no price', () => {
  const deployed = new Set(SIZES.flatMap((size) => [...readDeployed(size).types]));
  const paid: readonly string[] = Object.values(COMPONENTS).flat();
  const free = Object.keys(PRICE_LIST.free);
  expect(free.filter((type) => paid.includes(type))).toEqual([]);
  expect([...new Set([...paid, ...free])].toSorted()).toEqual([...deployed].toSorted());
  for (const type of free) expect(page).toContain(type);
});

test('what scales by itself is what the apps run: each function, and those that answer HTTP together', () => {
  const functions = readdirSync(join(ROOT, 'functions')).flatMap((file) =>
    [...readFileSync(join(ROOT, 'functions', file), 'utf8').matchAll(/\bapp\.(\w+)\('(\w+)'/g)].map(
      ([, trigger, name]) => [name as string, trigger === 'http' ? 'http' : (name as string)] as const,
    ),
  );
  const groups = new Map(functions);
  const apps = JSON.parse(readFileSync(join(ROOT, 'infra/functionApps.json'), 'utf8')) as Record<string, string[]>;
  const run = Object.entries(apps).map(([app, names]) => [app, [...new Set(names.map((name) => groups.get(name)))]]);
  expect(Object.fromEntries(run)).toEqual(FUNCTION_GROUPS);
});

test('a quiet deployment writes some thousand segments a day, and its rechecks end in the time that they have', () => {
  const row = (name: string): number[] => rowOf('## Workloads', name).slice(0, 2);
  for (const segments of row('so: segments a day')) expect(segments).toBeLessThan(5000);
  const allowed = row('hours after which the host ends it');
  row('hours of a full recheck after a year').forEach((hours, i) => expect(hours).toBeLessThan(allowed[i] as number));
});

test('every price is used, and says where it is from', () => {
  const used = new Set(SIZES.flatMap((size) => linesOf(size).map(({ price }) => price)));
  expect(Object.keys(PRICE_LIST.prices).filter((name) => !used.has(name))).toEqual([]);
  for (const [name, price] of Object.entries(PRICE_LIST.prices)) {
    const { basis, url, date } = sourceOf(price);
    expect([name, price.currency, price.region !== '', date !== '']).toEqual([name, 'USD', true, true]);
    // Nothing passes for a price of Microsoft's that is not from there, and nothing that was copied has no address.
    const host = url === null ? undefined : new URL(url).hostname;
    expect([name, basis, host === 'learn.microsoft.com']).toEqual([name, basis, basis === 'sample']);
    expect([name, host === undefined]).toEqual([name, basis === 'assumed']);
  }
});

describe('what was measured', () => {
  test('a full recheck reads each segment once, as one of what is new does', async () => {
    const [partitions, segments, runs] = [7, 2, 40];
    const ledger = new CountedLedger(partitions);
    for (let run = 0; run < runs; run++) {
      await ledger.seal(segments);
      await ledger.integrate();
    }
    const held = partitions * segments * runs;
    const { read } = predict(MEASURED.verify, { partitions, segments: held, checkpoints: runs });
    // The first check of a ledger is of everything.
    expect((await ledger.verify(24)).read / read).toBeCloseTo(1, 1);
  });

  test('a full recheck reads each report, with its entry and its page', async () => {
    const ledger = new CountedLedger(1);
    await ledger.seal(1);
    await ledger.integrate();
    const [all, more] = [1 / 3600, 20]; // periods of a second: each check is of everything
    const before = await ledger.verify(all);
    for (let i = 0; i < more; i++) {
      await ledger.verify(24);
      await ledger.status();
    }
    await ledger.integrate();
    expect(((await ledger.verify(all)).read - before.read) / (2 * more)).toBeCloseTo(READS_A_REPORT, 0);
  });

  test.each([
    [1, 1],
    [32, 1],
    [33, 10],
    [1024, 10],
    [40_000, 10],
    [70_001, 200],
  ])('the index of a log of %d entries with %d records each has so many units', (entries, records) => {
    let units: { from: number; to: number; records: number; tree: { size: number } }[] = [];
    for (let from = 0; from < entries;) {
      const to = Math.min(endOfSmallest(from), entries);
      units.push({ from, to, records: (to - from) * records, tree: { size: 1 } });
      from = to;
    }
    for (const width of widthsIn(entries))
      units = groupUnits(units, width, entries).map((group) => ({
        from: group[0]?.from ?? NaN,
        to: group.at(-1)?.to ?? NaN,
        records: group.reduce((sum, unit) => sum + unit.records, 0),
        tree: { size: group.length },
      }));
    expect(unitsOf(entries, records)).toBe(units.length);
  });

  test('a status reads no more of a log that grows for ever', () => {
    const perDay = [100, 5000, 1e6, 1e9].map((entriesADay) => statusReads(entriesADay, 365));
    const bundles = perDay.map(({ entries }) => Math.round(entries / 256));
    expect(bundles).toEqual([bundles[0], ...bundles.slice(1)].toSorted((a, b) => Number(a) - Number(b)));
    expect(bundles.at(-1)).toBeLessThan(1024 + 96 + 2 * 32);
    // A month-old log of one bundle a day is read whole.
    expect(statusReads(256, 28).entries / 256).toBeGreaterThan(27);
    expect(statusReads(256, 28).tiles).toBe(0);
  });

  test('is what the parts ask for, in a shape that it was not taken from', async () => {
    const shape = { partitions: 7, segments: 2, runs: 40 };
    const counts = await countShape(shape);
    const aRun = shape.partitions * shape.segments;
    const integrate = predict(MEASURED.integrate, { partitions: 7, segments: aRun, checkpoints: 0 });
    const verify = predict(MEASURED.verify, { partitions: 7, segments: aRun * 40, checkpoints: 40 });
    expect(counts.seal).toEqual(MEASURED.seal);
    expect(counts.integrateNothing).toEqual(
      predict(MEASURED.integrateNothing, { partitions: 7, segments: 0, checkpoints: 0 }),
    );
    for (const kind of ['list', 'sign'] as const)
      expect([kind, counts.integrate[kind]]).toEqual([kind, integrate[kind]]);
    // Where units of the index and entry bundles end, a run reads and writes a little more or less.
    expect(counts.integrate.read / integrate.read).toBeCloseTo(1, 1);
    expect(counts.integrate.write).toBeCloseTo(integrate.write, 0);
    expect(counts.verify.read / verify.read).toBeCloseTo(1, 1);
    expect([counts.verify.write, counts.verify.list]).toEqual([verify.write, verify.list]);
    const status = predict(MEASURED.status, { partitions: 7, segments: aRun * 40, checkpoints: 40 });
    expect(Math.abs(counts.status.read - status.read)).toBeLessThan(8); // the tree is smaller, so two bisections are shorter
    expect([counts.status.write, counts.status.list]).toEqual([status.write, status.list]);
  });

  test('gives the size of a segment between the sizes that were sealed', () => {
    const [small, next] = MEASURED.sizes as unknown as readonly [Sealed, Sealed];
    expect(storedBytesOf(small.raw)).toBe(small.stored);
    expect(storedBytesOf(1)).toBe(small.stored);
    expect(storedBytesOf((small.raw + next.raw) / 2)).toBe((small.stored + next.stored) / 2);
    const last = MEASURED.sizes.at(-1) as Sealed;
    expect(storedBytesOf(2 * last.raw)).toBe(2 * last.stored);
  });
});

test('schedules are counted, and one that is not the same every day is refused', () => {
  expect(['*/30 * * * * *', '0 15 * * * *', '0 */5 * * * *', '0 0 4 * * *'].map(runsADay)).toEqual([2880, 24, 288, 1]);
  expect(() => runsADay('0 0 4 * * 1')).toThrow('not understood');
  expect(() => runsADay('0 0 4-6 * * *')).toThrow('not understood');
});
