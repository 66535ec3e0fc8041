import { availableParallelism } from 'node:os';
import { faultIn } from '../../core/errors.ts';
import { TLOG, checkpointName } from '../../core/objects/names.ts';
import { treeOf } from '../../core/objects/statedTree.ts';
import { rebuildIndex } from '../../integrate/rebuildIndex.ts';
import type { RebuildIndexDeps, RebuiltIndex } from '../../integrate/rebuildIndex.ts';
import { rebuildTiles } from '../../integrate/rebuildTiles.ts';
import type { Rebuilt } from '../../integrate/rebuildTiles.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { verifierKeys } from '../keys.ts';
import { jsonOption } from '../options.ts';
import { counted, formatCount, print, printItem, printJson, warn } from '../output.ts';
import { SegmentWorkers } from '../../threads/workers.ts';
import { Progress } from '../progress.ts';
import { openTarget, openTileStore } from '../target.ts';

export const command = defineCommand(
  {
    name: 'rebuild-tiles',
    arguments: ['TARGET'],
    description: [
      "Makes the log's tiles, entry bundles and newest checkpoint again, byte for byte, from the batches and checkpoints in " +
        'TARGET alone; then, from the segments, the index that the log states. A file that is missing or differs is ' +
        'written, one that is right is left alone, so a rebuild that was cut off is simply begun again. Files among the tiles that do not belong to this log are named, and not removed.',
      "TARGET is a mirror folder or a container's URL. It is only read.",
    ],
    options: {
      tlog: {
        type: 'target',
        placeholder: 'DIR|URL',
        meaning:
          'where to write the tiles, if not to TARGET/tlog or to the container tlog beside TARGET. For a container, the ' +
          'rights to read, list and write are needed',
      },
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          "a key that must have signed the log's checkpoints. Without one, no signature is verified, and the tiles are " +
          'those of whatever log TARGET holds',
      },
      json: jsonOption('the outcome'),
    },
    exits: {
      fine: 'the tiles are there, and nothing else',
      wrong:
        'the log in TARGET is broken, and nothing behind the broken place was written; or there are files among the ' +
        'tiles that do not belong to this log',
      unknown: "there is no log, or something can't be read or written",
    },
    examples: [
      'auditseal rebuild-tiles ./mirror --key logs.example.com/prod+22e6b51e+AeMP…',
      'auditseal rebuild-tiles https://account.blob.core.windows.net/ledger --tlog https://account.blob.core.windows.net/tlog',
    ],
  },
  async ({ given: [target], options }) => {
    const verifiers = verifierKeys(options.key);
    const store = await openTarget(target);
    const tiles = await openTileStore(target, options.tlog);
    const progress = await Progress.over('rebuild-tiles', store, 'batches/');
    let rebuilt: Rebuilt;
    try {
      rebuilt = await rebuildTiles({
        store,
        tiles,
        verifiers,
        onProgress: ({ files, batchBytes }) => progress.show(files, batchBytes),
      });
    } catch (error) {
      progress.clear();
      // What the ledger's own objects are to blame for.
      const { message } = faultIn(error, 'malformed', 'contradicted');
      warn(`the log is broken: ${message}`);
      warn('nothing behind that place was written; auditseal verify TARGET says everything that is wrong');
      return EXIT.wrong;
    }
    progress.clear();
    if (rebuilt.newest === undefined) {
      warn('there is no checkpoint in TARGET, and so no log whose tiles could be made');
      return EXIT.unknown;
    }
    if (verifiers.length === 0) warn('no signature is verified, because no --key says whose signature counts');
    const index = await indexOf({ store, tiles }, rebuilt.newest);
    if (options.json) printJson({ ...rebuilt, unchanged: rebuilt.files - rebuilt.written, index: index ?? null });
    else {
      printRebuilt(rebuilt, rebuilt.newest);
      printIndex(index);
    }
    if (typeof index === 'string') return EXIT.unknown;
    return rebuilt.surplus.length === 0 && index?.isAsStated !== false ? EXIT.fine : EXIT.wrong;
  },
);

/** indexOf makes the index again, or says why it can't. */
async function indexOf(
  stores: Pick<RebuildIndexDeps, 'store' | 'tiles'>,
  newest: NonNullable<Rebuilt['newest']>,
): Promise<RebuiltIndex | string | undefined> {
  const threads = availableParallelism();
  const workers = new SegmentWorkers(threads);
  const deps = { ...stores, indexSegment: workers.index, buildUnit: workers.build, concurrency: threads + 1 };
  try {
    return await rebuildIndex(deps, treeOf(newest));
  } catch (error) {
    return faultIn(error, 'malformed', 'unavailable').message;
  } finally {
    await workers.close();
  }
}

function printIndex(index: RebuiltIndex | string | undefined): void {
  if (index === undefined) return;
  if (typeof index === 'string') return printItem(`  the index was not made: ${index}`);
  const { entries, manifest, isAsStated, written } = index;
  printItem(`  index of ${formatCount(entries)} entries: ${counted(written, 'file')} written, manifest ${manifest}`);
  if (!isAsStated) printItem('  which is NOT the one that the log states: that one was wrong');
}

function printRebuilt(
  { files, written, surplus, surplusOmitted }: Rebuilt,
  { number, size, root }: NonNullable<Rebuilt['newest']>,
): void {
  print(`${formatCount(written)} files written, ${formatCount(files - written)} were right`);
  printItem(`  newest: ${checkpointName(number)}, ${formatCount(size)} entries, root ${root}`);
  for (const name of surplus) printItem(`  not of this log: ${TLOG + name}`);
  if (surplusOmitted > 0) print(`  and perhaps ${formatCount(surplusOmitted)} more`);
}
