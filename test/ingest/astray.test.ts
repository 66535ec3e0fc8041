import { deriveChain } from '../support/derive.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from '../support/forge.ts';
import type { Spec } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { signFrames } from '../support/sign.ts';

// Who took a session's key, and leads a sealer that starts away from the chain. What is sealed then has to be of the chain all the same.

const SECOND = 2_000_000;
/** A certificate that was over before the ledger's first segment. */
const OVER: Spec = {
  session: { from: '2025-01-01T00:00:00.000Z', until: '2025-01-01T01:00:00.000Z' },
  header: { sealed: '2025-01-01T00:30:00.000Z' },
};
const NOBODY = 'a'.repeat(64);

/** plantChain puts segments behind each other, of which the first goes on from nothing. */
function plantChain(store: MemoryStore, first: number, count: number, spec: Spec): void {
  let prev = NOBODY;
  for (let index = first; index < first + count; index++) {
    const it = forge({ index, previous: index - 1, prev, events: [1], second: 1, record: 1, ...spec });
    store.objects.set(nameOf(index), it.stored);
    prev = it.root;
  }
}

/** expectSealed lets two sealers start, one after the other, and expects all that they seal in the chain. */
async function expectSealed(store: MemoryStore, last: number, second = SECOND): Promise<void> {
  for (const [from, to] of [
    [last + 1, last + 5],
    [last + 6, last + 7],
  ] as const)
    await sealAll(ingestOf(store, { now: () => Date.parse(timeOf(second + from)) }), eventsBetween(from, to, second));
  const { events } = deriveChain(store.objects);
  expect(events.map(({ number }) => number)).toEqual(Array.from({ length: last + 8 }, (_, number) => number));
}

const sealedBefore = async (): Promise<MemoryStore> => {
  const store = new MemoryStore();
  await sealAll(ingestOf(store, { now: () => Date.parse(timeOf(SECOND - 100)) }), eventsBetween(0, 1));
  return store;
};

describe('by a session whose certificate is over', () => {
  test('one segment at a name that a search asks for, far behind the newest', async () => {
    const store = new MemoryStore(forgeChain(600));
    plantChain(store, 1022, 1, OVER);
    await expectSealed(store, 599);
  });

  test('one segment, and junk where a search asks', async () => {
    const store = await sealedBefore();
    for (const index of [2, 6, 14, 30, 62, 126, 254]) store.objects.set(nameOf(index), Buffer.from('junk'));
    plantChain(store, 510, 1, OVER);
    await expectSealed(store, 1);
  });

  test.each([1, 256, 257, 600])('a chain of %d of its own behind the newest segment', async (count) => {
    const store = await sealedBefore();
    plantChain(store, 1, count, OVER);
    await expectSealed(store, 1);
  });

  test('a chain that goes on from the first segment, as if there were no other', async () => {
    const store = new MemoryStore(forgeChain(3));
    let prev = forge({}).root;
    for (let index = 3; index < 9; index++) {
      const it = forge({ ...OVER, index, previous: index === 3 ? 0 : index - 1, prev, events: [1], record: 1 });
      store.objects.set(nameOf(index), it.stored);
      prev = it.root;
    }
    await expectSealed(store, 2);
  });

  test('two segments that are dated behind the newest one, when nothing was sealed since', async () => {
    const store = await sealedBefore();
    const session = { from: timeOf(SECOND - 72_000), until: timeOf(SECOND + 3600) };
    plantChain(store, 1, 2, { session, header: { sealed: timeOf(SECOND + 3599) } });
    await expectSealed(store, 1, SECOND + 3 * 3600);
  });

  test('what is honest is gone on from, also where it is alone, because what was before it was deleted after its retention', async () => {
    const objects = forgeChain(5);
    for (let index = 0; index < 4; index++) objects.delete(nameOf(index));
    const store = new MemoryStore(objects);
    await sealAll(ingestOf(store), eventsBetween(5, 6, SECOND - 10));
    expect([...store.objects.keys()]).toEqual([nameOf(4), nameOf(5)]);
  });

  test('what is honest is gone on from, behind any number of objects that nobody signed', async () => {
    const objects = forgeChain(2);
    for (let index = 2; index < 402; index++) objects.set(nameOf(index), Buffer.from('junk'));
    const prev = forge({ index: 1, prev: forge({}).root, record: 1, events: [1] }).root;
    objects.set(
      nameOf(402),
      forge({ index: 402, previous: 1, prev, record: 2, events: [2], header: { sealed: timeOf(1_000_900) } }).stored,
    );
    await expectSealed(new MemoryStore(objects), 2);
  });
});

test('one object in the archive tier, whose metadata say what a session signed that may still sign', async () => {
  const store = await sealedBefore();
  const said = {
    root: 'b'.repeat(64),
    prev: NOBODY,
    record: 7,
    incarnation: 0,
    event: 1,
    enqueued: timeOf(1),
    sealed: timeOf(SECOND),
  };
  const bytes = signFrames(Buffer.from('junk'), nameOf(1), said, { ledger: LEDGER });
  const start = bytes.lastIndexOf(Buffer.from('5a2a4d18', 'hex')) + 8;
  store.objects.set(nameOf(1), bytes);
  store.metadataOf.set(nameOf(1), { signature: bytes.subarray(start).toString('base64') });
  store.beforeRead = (name) => (name === nameOf(1) ? 'archived' : undefined);
  await expectSealed(store, 1);
});
