import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostileRecord } from '../../support/hostileRecords.ts';
import { plainTerms } from '../../support/plainScan.ts';
import { ROOT } from '../../support/program.ts';
import { Random } from '../../support/random.ts';
import { sealBodies } from '../../support/segments.ts';
import { readRecordFields } from '../../../src/core/fields/recordFields.ts';
import { termsOf } from '../../../src/core/fields/values.ts';
import { visitRecords } from '../../../src/core/segment/lines.ts';
import { originalRecord } from '../../../src/core/segment/recordLine.ts';
import { decompress } from '../../../src/core/segment/zstd.ts';

/** termsIn gives what a record line is found by; undefined for what isn't JSON. */
function termsIn(
  line: Buffer,
  form: Parameters<typeof readRecordFields>[1],
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const found = new Map<string, Set<string>>();
  const isJson = readRecordFields(line, form, (field, value) => {
    for (const term of termsOf(field, value)) found.set(field, (found.get(field) ?? new Set()).add(term));
  });
  return isJson ? found : undefined;
}

const sorted = (terms: ReadonlyMap<string, ReadonlySet<string>> | undefined): unknown =>
  terms &&
  Object.fromEntries(
    [...terms]
      .map(([field, values]) => [field, [...values].toSorted()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

test('of every example, the same is taken as by a plain reading of the rules', () => {
  const folder = join(ROOT, 'local', 'examples');
  let records = 0;
  for (const name of readdirSync(folder).filter((file) => file !== 'README.md')) {
    const { frames } = sealBodies(readFileSync(join(folder, name)));
    const content = decompress(frames);
    visitRecords(content, ({ start, end, seal: { form } }) => {
      const line = content.subarray(start, end);
      const record = originalRecord(line)?.toString('utf8') ?? '';
      const isJson = form === undefined || form === 'value';
      expect([name, sorted(termsIn(line, form))]).toEqual([name, sorted(isJson ? plainTerms(record) : undefined)]);
      records += 1;
    });
  }
  expect(records).toBeGreaterThan(150);
});

test('of records that try to be read in two ways, too', () => {
  const random = new Random(14);
  let [found, broken] = [0, 0];
  for (let i = 0; i < 3000; i++) {
    const record = hostileRecord(random);
    const [own, plain] = [sorted(termsIn(Buffer.from(record), undefined)), sorted(plainTerms(record))];
    if (JSON.stringify(own) !== JSON.stringify(plain)) expect([record, own]).toEqual([record, plain]);
    if (plain === undefined) broken += 1;
    else found += Object.keys(plain as object).length;
  }
  expect(found).toBeGreaterThan(3000);
  expect(broken).toBeGreaterThan(20);
});
