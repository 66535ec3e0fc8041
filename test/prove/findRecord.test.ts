import { formatHash } from '../../src/core/hash.ts';
import { Certificates } from '../../src/core/signed/certificate.ts';
import { findRecord } from '../../src/prove/findRecord.ts';
import { LEDGER, forge, forgeChain, nameOf } from '../support/forge.ts';
import { certificatesOf, keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { readReferenceSegment, referenceRoot } from '../support/referenceLedger.ts';

/** Ten segments of 1, 2, 3 … events with one record each, and a heartbeat between. */
const ledger = (): Map<string, Buffer> => {
  let next = 0;
  return forgeChain(
    Array.from({ length: 10 }, (_, i) => {
      if (i === 4) return { kind: 'heartbeat', events: [next - 1] };
      const events = Array.from({ length: i + 1 }, () => next++);
      return { events };
    }),
  );
};

test('every record is found in its segment, with the line and hash that it has there', async () => {
  const objects = ledger();
  let record = 0;
  for (const [name, bytes] of objects) {
    const { records, root } = readReferenceSegment(bytes, name, { ledger: LEDGER, keys: undefined });
    for (const [i, { line }] of records.entries()) {
      const found = await findRecord(new MemoryStore(objects), certificatesOf(), '0', record++);
      expect(found).toMatchObject({ segment: name, leaf: i + 1, line });
      expect(formatHash(found?.hash as never)).toBe(referenceRoot([line]));
      expect(formatHash(found?.reading.root as never)).toBe(root);
    }
  }
  expect(record).toBe(50);
  expect(await findRecord(new MemoryStore(objects), certificatesOf(), '0', 50)).toBeUndefined();
  expect(await findRecord(new MemoryStore(objects), certificatesOf(), '1', 0)).toBeUndefined();
});

test('it reads about log n of n segments', async () => {
  const store = new MemoryStore(forgeChain(1000));
  for (const record of [0, 1, 499, 500, 998, 999]) {
    store.requests.read = 0;
    expect(await findRecord(store, certificatesOf(), '0', record)).toMatchObject({ segment: nameOf(record) });
    expect(store.requests.read).toBeLessThanOrEqual(11);
  }
});

test('faulty segments hide only their own records', async () => {
  const junk = Buffer.from('junk');
  for (let broken = 0; broken < 8; broken++) {
    for (const width of [1, 2, 7]) {
      const objects = forgeChain(8);
      for (let index = broken; index < Math.min(broken + width, 8); index++) objects.set(nameOf(index), junk);
      for (let record = 0; record < 8; record++) {
        const found = await findRecord(new MemoryStore(objects), certificatesOf(), '0', record);
        const isHidden = record >= broken && record < broken + width;
        expect([broken, width, record, found?.segment]).toEqual([
          broken,
          width,
          record,
          isHidden ? undefined : nameOf(record),
        ]);
      }
    }
  }
});

test('copies and foreign objects do not lead astray', async () => {
  const objects = forgeChain(6);
  objects.set(nameOf(6), objects.get(nameOf(0)) as Buffer);
  objects.set('segments/0/readme', Buffer.from('x'));
  objects.set(nameOf(7), forge({ index: 7, partition: '3' }).stored);
  for (let record = 0; record < 6; record++) {
    expect(await findRecord(new MemoryStore(objects), certificatesOf(), '0', record)).toMatchObject({
      segment: nameOf(record),
    });
  }
});

test('what nobody signed who is trusted is no segment, whatever it holds', async () => {
  const objects = forgeChain(3);
  objects.set(nameOf(3), forge({ index: 3, record: 3, events: [3], isUnsigned: true }).stored);
  const store = new MemoryStore(objects);
  expect(await findRecord(store, certificatesOf(), '0', 3)).toBeUndefined();
  expect(await findRecord(store, certificatesOf([keyOf(2)]), '0', 1)).toBeUndefined();
  expect(await findRecord(store, new Certificates(undefined, undefined), '0', 1)).toMatchObject({ leaf: 1 });
});

test('a record that may be in a segment in the archive tier is not called missing', async () => {
  const store = new MemoryStore(forgeChain(8));
  const end = (store.objects.get(nameOf(4)) as Buffer).toString('latin1').split('Z*M\x18')[1] as string;
  store.metadataOf.set(nameOf(4), { signature: Buffer.from(end, 'latin1').subarray(4).toString('base64') });
  store.objects.set(nameOf(8), Buffer.from('x'));
  store.beforeRead = (name) => ([nameOf(4), nameOf(8)].includes(name) ? 'archived' : undefined);
  await expect(findRecord(store, certificatesOf(), '0', 4)).rejects.toThrow(`${nameOf(4)}: it is in the archive tier`);
  for (const record of [0, 3, 5, 7])
    expect(await findRecord(store, certificatesOf(), '0', record)).toMatchObject({ segment: nameOf(record) });
});
