// Whoever stole a session can sign batches of nothing but heads, as many as he likes. Reading them takes as long as they are many, and no longer.
import { timeOf } from '../support/forge.ts';
import { SECOND, ledgerOf, read } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { referenceRoot } from '../support/referenceLedger.ts';
import { claimBehind, grow, headsLine, plantBatch } from '../support/stolen.ts';
import { parseCheckpoint } from '../../src/core/note/checkpoint.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { ZERO_HASH } from '../../src/core/hash.ts';
import { NO_HEADS, formatHeads, headsOf, mayGoOn } from '../../src/core/objects/heads.ts';
import type { LogPosition } from '../../src/core/objects/heads.ts';
import { headsBefore, readBatchesOf } from '../../src/ledger/logEntries.ts';

const COUNT = 300;

/** planted gives a log with that many batches of heads alone, and one behind them. */
async function planted(): Promise<Ledger> {
  const ledger = await ledgerOf();
  const heads = headsLine(ledger, 3);
  let claim = claimBehind(ledger, 3);
  const leaves = claimedLines(ledger);
  for (let i = 0; i < COUNT; i++) {
    plantBatch(ledger, 4 + i, [heads], claim, 4);
    leaves.push(Buffer.from(heads));
    claim = { previous: 4 + i, size: leaves.length, root: referenceRoot(leaves) };
  }
  await grow(ledger, 14, 30);
  return ledger;
}

const claimedLines = ({ store }: Ledger): Buffer[] =>
  [0, 1, 2, 3].flatMap((number) =>
    read(store, `batches/${String(number).padStart(12, '0')}.jsonl`)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(line)),
  );

test('each of them is a batch, and the last heads are found without the others', async () => {
  const { tiles } = await planted();
  const tree = parseCheckpoint(parseNote(read(tiles, 'checkpoint')).text);
  const before = tiles.requests.read;
  const heads = await headsBefore(tiles, tree, tree.size - 1);
  expect(heads).toBeUndefined();
  expect((await headsBefore(tiles, tree, tree.size))?.positions.get('0')?.next).toBe(14);
  expect((await headsBefore(tiles, tree, tree.size - 3))?.time).toBe(timeOf(SECOND + 4));
  expect(tiles.requests.read - before).toBeLessThan(60);

  const sizes: number[] = [];
  for await (const { size } of readBatchesOf(tiles, tree, 0, NO_HEADS)) sizes.push(size);
  expect(sizes.slice(0, 6)).toEqual([8, 15, 22, 29, 30, 31]);
  expect(sizes.slice(-2)).toEqual([29 + COUNT, tree.size]);
}, 30_000);

/** positionOf is a log of so many partitions from a number on. */
const positionOf = (count: number, time = timeOf(SECOND), from = 0): LogPosition => ({
  ...NO_HEADS,
  time,
  positions: new Map(
    Array.from({ length: count }, (_, i) => [String(from + i), { next: 1, index: 0, root: ZERO_HASH, sealed: time }]),
  ),
});

test('heads of very many partitions are several entries that go on, and those of another batch do not', () => {
  const lines = formatHeads(positionOf(901));
  expect(lines).toHaveLength(4);
  for (const [i, line] of lines.slice(1).entries()) expect(mayGoOn(lines[i] as Buffer, line)).toBe(true);
  expect(headsOf(lines).positions.size).toBe(901);
  const [first, second, , last] = lines as [Buffer, Buffer, Buffer, Buffer];
  const later = formatHeads(positionOf(901, timeOf(SECOND + 1)));
  for (const [one, other] of [
    [first, first],
    [second, first],
    [last, first],
    [last, last],
    [first, later[1] as Buffer],
    [first, Buffer.from('{"type":"foreign","name":"x"}')],
    [Buffer.from('{"type":"heads",'), first],
    [first, Buffer.from('{"type":"heads",')],
  ] as const)
    expect(mayGoOn(one, other)).toBe(false);
});
