import { exampleHits, hitsOf } from '../../support/hits.ts';
import { faultsIn } from '../../support/ocsfFacts.ts';
import { picked } from '../../support/sample.ts';
import { OcsfExporter } from '../../../src/export/ocsf.ts';
import { rawOf } from '../../../src/find/hit.ts';
import type { Hit } from '../../../src/find/hit.ts';

const exporter = new OcsfExporter({ version: '1.2.3', ledger: () => undefined, printable: (text) => text });

/** spoilt gives a value with one of its strings replaced, for each of them. */
function* spoilt(value: unknown, by: string): Generator {
  if (typeof value === 'string') yield by;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value))
    for (const other of spoilt(member, by)) {
      const copy: unknown = structuredClone(value);
      (copy as Record<string, unknown>)[key] = other;
      yield copy;
    }
}

test.each(picked(['constructor', 'toString', '__proto__', 'hasOwnProperty'], 1, 1))(
  'a record in which %s stands in the place of any of its texts is an event that the schema allows',
  (word) => {
    let tried = 0;
    for (const [, hits] of exampleHits())
      for (const hit of hits.filter(({ form, line }) => form === undefined && line.length < 10_000))
        for (const record of spoilt(JSON.parse(rawOf(hit).bytes.toString('utf8')), word)) {
          const [hit, ...more] = hitsOf(JSON.stringify({ records: [record] }));
          expect(more).toEqual([]);
          const made = JSON.parse(exporter.add(hit as Hit)) as Readonly<Record<string, unknown>>;
          expect([made['class_name'], faultsIn(made)]).toEqual([expect.any(String), []]);
          expect([typeof made['activity_id'], typeof made['severity_id']]).toEqual(['number', 'number']);
          tried += 1;
        }
    expect(tried).toBeGreaterThan(1000);
  },
);
