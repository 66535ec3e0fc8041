import { rebuildTiles } from '../../../src/integrate/rebuildTiles.ts';
import { formatReport, parseReport } from '../../../src/core/objects/reportFile.ts';
import { saidOf } from '../../support/checking.ts';
import { LEDGER, forgeChain, nameOf, timeOf } from '../../support/forge.ts';
import { KeptLog } from '../../support/keptLog.ts';
import { integrateOf, keyOf, logDeps } from '../../support/logs.ts';
import { MemoryStore } from '../../support/memoryStore.ts';
import { MemoryTiles } from '../../support/memoryTiles.ts';
import { referenceRoot } from '../../support/referenceLedger.ts';
import {
  SECOND,
  SIZES,
  WRONG_ROOT,
  batch,
  checkLedger,
  checkpoint,
  edit,
  ledgerOf,
  live,
  noteOf,
  read,
  textOf,
} from '../../support/loggedLedger.ts';
import type { Ledger } from '../../support/loggedLedger.ts';
import { resign } from '../../support/resign.ts';

type Attack = (ledger: Ledger) => void | Promise<void>;
describe('every finding about the log, from its cause alone', () => {
  test.each<[string, Attack, string[]]>([
    [
      'a signature is changed',
      ({ store }) =>
        edit(store, checkpoint(1), (text) =>
          text.replace(/(.)=\n$/, (_all, last: string) => `${last === 'A' ? 'E' : 'A'}=\n`),
        ),
      [`checkpoint-invalid ${checkpoint(1)}`],
    ],
    [
      'a checkpoint is signed by another key',
      (ledger) => void ledger.store.objects.set(checkpoint(1), noteOf(textOf(ledger, 1), keyOf(2))),
      [`checkpoint-invalid ${checkpoint(1)}`],
    ],
    [
      'a checkpoint is of another log',
      ({ store }) => void store.objects.set(checkpoint(1), noteOf(`other\n15\n${WRONG_ROOT}\n`, keyOf(2, 'other'))),
      [`checkpoint-invalid ${checkpoint(1)}`],
    ],
    [
      'a checkpoint is no note',
      ({ store }) => void store.objects.set(checkpoint(2), Buffer.from('junk')),
      [`checkpoint-invalid ${checkpoint(2)}`],
    ],
    [
      'the key signed a root that is not the tree of the batches',
      ({ store }) => void store.objects.set(checkpoint(1), noteOf(`${LEDGER}\n15\n${WRONG_ROOT}\n`)),
      [`checkpoint-inconsistent ${checkpoint(1)}`],
    ],
    [
      'the key signed a tree that shrank',
      (ledger) => void ledger.store.objects.set(checkpoint(2), noteOf(textOf(ledger, 0))),
      [`checkpoint-inconsistent ${checkpoint(2)}`],
    ],
    [
      'a checkpoint is gone',
      ({ store }) => void store.objects.delete(checkpoint(1)),
      [`checkpoint-inconsistent ${checkpoint(1)}`],
    ],
    ['a batch is gone', ({ store }) => void store.objects.delete(batch(1)), [`checkpoint-inconsistent ${batch(1)}`]],
    [
      'the newest batch is gone',
      ({ store }) => void store.objects.delete(batch(3)),
      [
        `checkpoint-inconsistent ${checkpoint(3)}`,
        'checkpoint-inconsistent tlog/checkpoint',
        // so what follows from it
        ...[nameOf(9), nameOf(9, '1')].map((name) => `not-integrated ${name}`),
      ],
    ],
    [
      'a batch is no batch',
      ({ store }) => edit(store, batch(1), (text) => text.trimEnd()),
      [`foreign-object ${batch(1)}`, `checkpoint-inconsistent ${checkpoint(1)}`],
    ],
    [
      'an entry states another hash of its object',
      ({ store }) =>
        edit(store, batch(1), (text) =>
          text.replace(/"sha256":"./, (all) => `${all.slice(0, -1)}${all.endsWith('0') ? '1' : '0'}`),
        ),
      [`checkpoint-inconsistent ${checkpoint(1)}`, `foreign-object ${batch(1)}`],
    ],
    [
      'two entries of a batch changed places',
      ({ store }) =>
        edit(store, batch(2), (text) =>
          text
            .split('\n')
            .toSpliced(0, 3, ...text.split('\n').slice(0, 3).toReversed())
            .join('\n'),
        ),
      [`checkpoint-inconsistent ${checkpoint(2)}`, `foreign-object ${batch(2)}`],
    ],
    [
      'a segment is replaced by one that is whole in itself and chains',
      ({ store }) => {
        const specs = Array.from({ length: 12 }, (_, i) => (i === 11 ? { second: 77 } : {}));
        store.objects.set(nameOf(11), forgeChain(specs).get(nameOf(11)) as Buffer);
      },
      [`segment-changed ${nameOf(11)}`],
    ],
    [
      'the last segments are gone',
      ({ store }) => void [10, 11].map((index) => store.objects.delete(nameOf(index))),
      [`segment-missing ${nameOf(10)}`],
    ],
    [
      'a segment in the middle is gone',
      ({ store }) => void store.objects.delete(nameOf(5, '1')),
      [`segment-missing ${nameOf(5, '1')}`],
    ],
    [
      'all segments of a partition are gone',
      ({ store }) => {
        for (const name of store.objects.keys()) if (name.startsWith('segments/1/')) store.objects.delete(name);
      },
      [`segment-missing ${nameOf(0, '1')}`],
    ],
    [
      'a tile lies',
      ({ tiles }) => edit(tiles, 'tile/0/000.p/29', (text) => `x${text.slice(1)}`),
      ['tile-mismatch tlog/tile/0/000.p/29'],
    ],
    [
      'a bundle lies',
      ({ tiles }) => edit(tiles, 'tile/entries/000.p/29', (text) => text.replace('segment', 'foreign')),
      ['tile-mismatch tlog/tile/entries/000.p/29'],
    ],
    [
      'a tile is gone',
      ({ tiles }) => void tiles.objects.delete('tile/0/000.p/29'),
      ['tile-mismatch tlog/tile/0/000.p/29'],
    ],
    [
      'no checkpoint is published',
      ({ tiles }) => void tiles.objects.delete('checkpoint'),
      ['checkpoint-stale tlog/checkpoint'],
    ],
    [
      'an old checkpoint is published',
      ({ store, tiles }) => void tiles.objects.set('checkpoint', read(store, checkpoint(1))),
      ['checkpoint-stale tlog/checkpoint'],
    ],
    [
      'a fork is published',
      ({ tiles }) => void tiles.objects.set('checkpoint', noteOf(`${LEDGER}\n29\n${WRONG_ROOT}\n`)),
      ['checkpoint-inconsistent tlog/checkpoint'],
    ],
    [
      'junk is published',
      ({ tiles }) => void tiles.objects.set('checkpoint', Buffer.from('x')),
      ['checkpoint-invalid tlog/checkpoint'],
    ],
    [
      'a segment was sealed long before the newest batch and is not in it',
      ({ store }) => {
        const chain = [
          ...forgeChain(Array.from({ length: 13 }, (_, i) => (i === 12 ? { header: { sealed: timeOf(1) } } : {}))),
        ];
        store.objects.set(...(chain[12] as [string, Buffer]));
      },
      [`chain-broken ${nameOf(12)}`, `not-integrated ${nameOf(12)}`],
    ],
  ])('%s', async (_what, attack, expected) => {
    const ledger = await ledgerOf();
    expect([...ledger.tiles.objects.keys()].filter((name) => name.startsWith('tile/0/'))).toHaveLength(SIZES.length);
    await attack(ledger);
    const report = await checkLedger(ledger);
    expect([...new Set(saidOf(report))].sort()).toEqual(expected.sort());
    expect(report.status).toBe('violated');
    expect(parseReport(formatReport(report))).toEqual(report);
  });

  test('an entry that is signed and not true', async () => {
    for (const change of [
      (text: string): string => text.replace(/"count":\d+/, '"count":7'),
      (text: string): string => text.replace(/"index":\d+,"inc/, '"index":99,"inc'),
      (text: string): string => text.replace('"type":"heads","time":"20', '"type":"heads","time":"19'),
      (text: string): string => text.replace(/"next":\d+/, '"next":50'),
    ]) {
      const { store, tiles } = await ledgerOf(1);
      // As somebody who has the key: batch, checkpoint and tiles agree.
      const entries = resign(store, batch(0), change);
      store.objects.set(
        checkpoint(0),
        noteOf(`${LEDGER}\n${entries.length}\n${Buffer.from(referenceRoot(entries), 'hex').toString('base64')}\n`),
      );
      tiles.objects.clear();
      await rebuildTiles(logDeps(store, tiles));
      const said = saidOf(await checkLedger({ store, tiles }));
      if (change('x"type":"heads","time":"20').includes('19')) expect(said).toEqual([]);
      else expect(said.filter((what) => what.startsWith('entry-mismatch')).length).toBeGreaterThan(0);
    }
  });

  test('a foreign object is in the log as such; replaced, it is found', async () => {
    const [store, tiles] = [new MemoryStore(forgeChain(3)), new MemoryTiles()];
    store.objects.set(nameOf(3), Buffer.from('junk'));
    await integrateOf(store, tiles).run(new KeptLog());
    expect(saidOf(await checkLedger({ store, tiles }))).toEqual([`foreign-object ${nameOf(3)}`]);
    // Whatever stands there, as long as it is foreign.
    store.objects.set(nameOf(3), Buffer.from('other'));
    expect(saidOf(await checkLedger({ store, tiles }))).toEqual([`foreign-object ${nameOf(3)}`]);
    store.objects.set(nameOf(3), forgeChain(4).get(nameOf(3)) as Buffer);
    expect(saidOf(await checkLedger({ store, tiles }))).toEqual([`entry-mismatch ${batch(0)}`]);
  });

  test('a ledger in use whose log stands still, or that has none', async () => {
    const ledger = await ledgerOf();
    expect(saidOf(await checkLedger(ledger, live, SECOND + 4 + 1201))).toEqual([`checkpoint-stale ${checkpoint(3)}`]);
    const none = { store: new MemoryStore(forgeChain(2)), tiles: new MemoryTiles() };
    expect(saidOf(await checkLedger(none, live))).toEqual([`not-integrated ${nameOf(0)}`]);
    // Who trusts a key expects a log.
    expect(saidOf(await checkLedger(none))).toEqual([`not-integrated ${nameOf(0)}`]);
    expect(saidOf(await checkLedger(none, { verifiers: [] }))).toEqual([]);
  });
});
