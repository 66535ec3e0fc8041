import { AuditsealError } from '../../src/core/errors.ts';
import { formatCosignature } from '../../src/ledger/cosignatures.ts';
import { checkpointName, cosignatureName } from '../../src/core/objects/names.ts';
import { signCosignature } from '../../src/core/note/cosignature.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { answerEvidence } from '../../src/prove/api.ts';
import type { LogResponse } from '../../src/prove/api.ts';
import { logged, query, threadFor } from '../support/evidence.ts';
import type { Logged } from '../support/evidence.ts';
import { forge, forgeChain, nameOf } from '../support/forge.ts';
import { coded } from '../support/logVectors.ts';
import { WITNESS_KEY } from '../support/witnessLog.ts';

const plain = ({ body, ...rest }: LogResponse): unknown => [rest, body && Buffer.from(body).toString()];

test('it answers what this thread answers', async () => {
  const deps = await logged(forgeChain(25));
  deps.store.objects.set(nameOf(5), forge({ index: 5, record: 5, events: [99] }).stored);
  deps.store.beforeRead = (name) => (name === nameOf(6) ? 'too-large' : undefined);
  const { answer } = threadFor(deps);
  const { etag = '' } = (await answerEvidence(deps, query(3))).headers;
  const queries = [
    ...[0, 3, 5, 6, 24, 25].map(query),
    { partition: null, record: '0' },
    { partition: '7', record: '0' },
    { ...query(3), ifNoneMatch: etag },
    { ...query(3), ifNoneMatch: '"x"' },
  ];
  const expected = await Promise.all(queries.map((one) => answerEvidence(deps, one)));
  const statuses = expected.map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 409, 409, 200, 404, 400, 404, 304, 200]);
  for (const [i, one] of queries.entries()) expect(plain(await answer(one))).toEqual(plain(expected[i] as LogResponse));
});

test('a fault of a store is what it is in this thread, and the next request is answered', async () => {
  const deps = await logged(forgeChain(3));
  const { answer } = threadFor(deps);
  const failWith = (error: Error): void => {
    deps.store.beforeRead = () => {
      throw error;
    };
  };
  failWith(new AuditsealError('STORE_UNAVAILABLE', 'secret'));
  expect(await answer(query(1))).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  failWith(new AuditsealError('STORE_REFUSED', 'no right'));
  await expect(answer(query(1))).rejects.toEqual(coded('STORE_REFUSED'));
  failWith(new TypeError('a fault of the program'));
  await expect(answer(query(1))).rejects.toThrow('a fault of the program');
  deps.store.beforeRead = () => {};
  expect((await answer(query(1))).status).toBe(200);
});

const NOTHING = Buffer.from('nothing');

test('cosignatures are found behind any number of other names', async () => {
  const deps = await logged(forgeChain(3));
  deps.tiles.objects.delete('checkpoint');
  deps.store.requests.list = 0;
  const { text } = parseNote(deps.store.objects.get(checkpointName(0)) as Buffer);
  const cosignature = signCosignature(text, WITNESS_KEY, 1_700_000_000);
  for (let i = 0; i < 1100; i++) deps.store.objects.set(cosignatureName(0, `${i}`.padStart(8, '0'), NOTHING), NOTHING);
  const line = formatCosignature(cosignature);
  deps.store.objects.set(cosignatureName(0, cosignature.keyId, line), line);
  const { body } = await threadFor(deps).answer(query(1));
  expect(body && Buffer.from(body).toString()).toContain('witness.example.com/w1');
  expect(plain(await threadFor(deps).answer(query(1)))).toEqual(plain(await answerEvidence(deps, query(1))));
  expect(deps.store.requests.list).toBe(3 + 3 + 1);
});

describe('one request at a time', () => {
  /** blocked gives a store that answers once it is told, and how often it was asked. */
  async function blocked(): Promise<{ deps: Logged; open: () => void; reads: () => number }> {
    const deps = await logged(forgeChain(3));
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = deps.store.requests.read;
    deps.store.turn = () => promise;
    return { deps, open: resolve, reads: () => deps.store.requests.read - before };
  }
  const busy = { status: 503, headers: { 'retry-after': '5', 'cache-control': 'no-store' } };

  test('others wait, and are answered in their order', async () => {
    const { deps, open, reads } = await blocked();
    const { answer } = threadFor(deps);
    const order: number[] = [];
    const asked = [0, 1, 2].map(async (i) => {
      expect((await answer(query(i))).status).toBe(200);
      order.push(i);
      return reads();
    });
    open();
    const counts = await Promise.all(asked);
    expect(order).toEqual([0, 1, 2]);
    // None had read anything before the one in front was answered.
    expect((counts[0] as number) < (counts[1] as number) && (counts[1] as number) < (counts[2] as number)).toBe(true);
  });

  test('whoever has waited too long is told to come again, and is not in the way of later ones', async () => {
    const { deps, open, reads } = await blocked();
    const { answer } = threadFor(deps, 20);
    const first = answer(query(0));
    expect(await Promise.all([answer(query(1)), answer(query(2))])).toMatchObject([busy, busy]);
    expect(reads()).toBeLessThanOrEqual(1);
    open();
    expect((await first).status).toBe(200);
    expect((await answer(query(1))).status).toBe(200);
  });

  test('so many wait, and no more', async () => {
    const { deps, open } = await blocked();
    const { answer } = threadFor(deps, 600_000);
    const asked = Array.from({ length: 9 }, () => answer(query(0)));
    expect(await Promise.all([answer(query(0)), answer(query(1))])).toMatchObject([busy, busy]);
    open();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
  });
});
