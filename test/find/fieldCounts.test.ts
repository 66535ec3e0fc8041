import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { timeOf } from '../support/forge.ts';
import { FieldCounts } from '../../src/find/fieldCounts.ts';

const actors = (counts: FieldCounts, ...values: readonly string[]): void =>
  counts.add(
    values.map((value) => ({ field: 'actor', value })),
    timeOf(0),
  );

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

test('a value that is very long is told apart whole, and shown so far', () => {
  const counts = new FieldCounts();
  const long = 'X'.repeat(5000);
  actors(counts, `${long}a`, `${long}b`, `${long}A`);
  actors(counts, `${long}a`);
  expect(counts.of('actor').map(({ value, count }) => [value, count])).toEqual([
    [`${'X'.repeat(1000)}…`, 2],
    [`${'X'.repeat(1000)}…`, 1],
  ]);
  // What one is kept under is no value of another.
  actors(counts, `#${long}a`, '=x', 'x');
  expect(counts.of('actor')).toHaveLength(5);
});

test('neither long values nor what stands around short ones is kept', () => {
  const counts = new FieldCounts();
  const before = heapBytes();
  for (let i = 0; i < 100; i++) {
    actors(counts, `${i}${'a'.repeat(1_000_000)}`);
    actors(counts, Buffer.from(`${' '.repeat(1_000_000)}${i} and what is longer than a few characters`).toString());
    actors(counts, Buffer.from(`ä${i}${'ß'.repeat(500_000)}`).toString());
  }
  expect(heapBytes() - before).toBeLessThan(5_000_000);
  expect(counts.of('actor')).toHaveLength(300);
});

test('beyond so many characters of all, values are counted and not told apart', () => {
  const counts = new FieldCounts();
  const before = heapBytes();
  for (let i = 0; i < 40_000; i++) actors(counts, `${i} ${'ß'.repeat(990)}`);
  expect(heapBytes() - before).toBeLessThan(100_000_000);
  const { length } = counts.of('actor');
  expect(length).toBeGreaterThan(10_000);
  expect([length + counts.beyond('actor'), counts.of('actor')[0]?.count]).toEqual([40_000, 1]);
  actors(counts, `0 ${'ß'.repeat(990)}`);
  expect(counts.of('actor')[0]?.count).toBe(2);
});
