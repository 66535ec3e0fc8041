import { flipped } from '../support/bitFlips.ts';
import { check as checkWhole } from '../support/checking.ts';
import { LEDGER, forgeChain, nameOf } from '../support/forge.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { picked, triedOf } from '../support/sample.ts';
import { Summaries } from '../support/summaries.ts';
import type { Report } from '../../src/core/objects/report.ts';

/** How many of many changes the fast run tries. */
const SAMPLE = 60;

/** What is the same in every changed ledger is summarized once. */
const summaries = new Summaries();
const check = (store: MemoryStore): Promise<Report> => checkWhole(store, {}, undefined, summaries.summarize);

/** A tiny ledger as ingest writes it: two partitions, three segments and one. */
async function tinyLedger(): Promise<Map<string, Buffer>> {
  const store = new MemoryStore();
  const ingest = ingestOf(store);
  for (const number of [0, 1, 2]) await sealAll(ingest, [eventAt(number, number, '{"a":1}')]);
  await sealAll(ingest, [eventAt(0, 0, 'é')], '1');
  return store.objects;
}

test('every one-bit change of every stored byte is found, and only its object is accused', async () => {
  const objects = await tinyLedger();
  const bits = [...objects].flatMap(([name, bytes]) =>
    Array.from({ length: bytes.length * 8 }, (_, bit) => ({ name, bytes, bit })),
  );
  expect(bits.length).toBeGreaterThan(5000);
  let flips = 0;
  for (const { name, bytes, bit } of picked(bits, SAMPLE, Math.ceil(bits.length / 16))) {
    flips += 1;
    const report = await check(new MemoryStore(new Map(objects).set(name, flipped(bytes, bit))));
    const accused = [...new Set(report.findings.map(({ object }) => object))];
    expect({ bit, status: report.status, accused }).toEqual({ bit, status: 'violated', accused: [name] });
    expect(report.ledger).toBe(LEDGER);
  }
  expect(flips).toBe(triedOf(bits.length, SAMPLE, Math.ceil(bits.length / 16)));
});

describe('in a ledger of two partitions with five segments each', () => {
  const forged = [...forgeChain(5), ...forgeChain(5, '1')];
  const ledger = (): Map<string, Buffer> => new Map(forged);
  const names = [...ledger().keys()];
  const accusedOf = async (objects: Map<string, Buffer>): Promise<string[]> => [
    ...new Set((await check(new MemoryStore(objects))).findings.map(({ object }) => object)),
  ];

  test('it is verified as it is', async () => {
    expect(await check(new MemoryStore(ledger()))).toMatchObject({ status: 'verified' });
  });

  test('every file that is dropped from within a chain is named', async () => {
    for (const name of names.filter((name) => !name.includes('000004.'))) {
      const objects = ledger();
      objects.delete(name);
      expect(await accusedOf(objects)).toEqual([name]);
    }
  });

  test('every file that is cut off anywhere, or has something behind it, is named', async () => {
    const cuts = names.slice(0, 5).flatMap((name) => {
      const bytes = ledger().get(name) as Buffer;
      return Array.from({ length: bytes.length }, (_, length) => ({ name, bytes: bytes.subarray(0, length) }));
    });
    let tried = 0;
    for (const { name, bytes } of picked(cuts, SAMPLE, 300)) {
      tried += 1;
      expect(await accusedOf(ledger().set(name, bytes))).toEqual([name]);
    }
    expect(tried).toBe(triedOf(cuts.length, SAMPLE, 300));
    for (const name of names.slice(0, 5)) {
      const bytes = ledger().get(name) as Buffer;
      for (const more of [Buffer.alloc(1), Buffer.from('\n'), Buffer.from('x'), bytes, bytes.subarray(0, 20)]) {
        expect(await accusedOf(ledger().set(name, Buffer.concat([bytes, more])))).toEqual([name]);
      }
    }
  });

  test('any two files that change places are both named', async () => {
    const pairs = names.flatMap((one) => names.filter((name) => name > one).map((other) => [one, other] as const));
    expect(pairs).toHaveLength(45);
    for (const [one, other] of picked(pairs, SAMPLE / 4)) {
      const objects = ledger();
      const [a, b] = [objects.get(one) as Buffer, objects.get(other) as Buffer];
      objects.set(one, b).set(other, a);
      expect((await accusedOf(objects)).sort()).toEqual([one, other].sort());
    }
  });

  test('any file that is copied to a new name, or over another, is named there', async () => {
    const elsewhere = [nameOf(5), nameOf(5, '1'), nameOf(0, '2'), 'segments/copy', 'copy'];
    const copies = names.flatMap((name) =>
      [...elsewhere, `${name}.bak`, ...names.filter((other) => other !== name)].map(
        (target) => [name, target] as const,
      ),
    );
    expect(copies).toHaveLength(150);
    for (const [name, target] of picked(copies, SAMPLE / 4))
      expect(await accusedOf(ledger().set(target, ledger().get(name) as Buffer))).toEqual([target]);
  });
});

test('events sealed by ingest stay found after the store was rebuilt from a mirror', async () => {
  const store = new MemoryStore();
  await sealAll(ingestOf(store, { maxSegmentBytes: 40 }), eventsBetween(0, 9));
  const copy = new MemoryStore(store.objects);
  await sealAll(ingestOf(copy), eventsBetween(5, 12));
  expect(await check(copy)).toMatchObject({ status: 'verified', checked: { events: 13, duplicates: 5 } });
});
