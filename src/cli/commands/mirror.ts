import { mkdir } from 'node:fs/promises';
import { FolderTileStore } from '../../adapters/folderTileStore.ts';
import { MirrorStore } from '../../adapters/mirrorStore.ts';
import { NEWEST_CHECKPOINT, TLOG } from '../../core/objects/names.ts';
import { mirrorLedger } from '../../ledger/mirror.ts';
import type { MirrorResult } from '../../ledger/mirror.ts';
import { mirrorTiles } from '../../ledger/mirrorTiles.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { callersPath, reasonOf } from '../files.ts';
import { TARGET_MEANING, jsonOption } from '../options.ts';
import { formatBytes, formatCount, print, printItem, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { openTarget, openTiles } from '../target.ts';
import { unusable } from '../usage.ts';

const CONCURRENCY = 8;

export const command = defineCommand(
  {
    name: 'mirror',
    arguments: ['TARGET', 'DIR'],
    description: [
      "Copies those of a ledger's objects that the folder DIR lacks. A copy that was cut off continues where it stopped. " +
        'Nothing in DIR is replaced. Objects whose names the format of a ledger does not know go to DIR/foreign.',
      TARGET_MEANING,
    ],
    options: {
      tlog: {
        type: 'target',
        placeholder: 'DIR|URL',
        meaning:
          "copy the log's tiles and its newest checkpoint from there to DIR/tlog, where they are replaced as they grow, unless " +
          'that checkpoint does not continue the one in DIR/tlog',
      },
      json: jsonOption('the outcome'),
    },
    exits: { fine: 'everything is in DIR', unknown: 'something could not be copied' },
    examples: ['auditseal mirror https://account.blob.core.windows.net/ledger ./mirror'],
  },
  async ({ given: [target, dir], options }) => {
    const store = await openTarget(target);
    const folder = callersPath(dir);
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw unusable(`${dir} can't be made a folder: ${reasonOf(error)}`, error);
    }
    // Before the ledger, which then has whatever the checkpoint among the tiles covers.
    const tiles =
      options.tlog === undefined
        ? { written: 0 }
        : await mirrorTiles(store, await openTiles(target, options.tlog), new FolderTileStore(folder));
    const progress = await Progress.over('mirror', store, '');
    let result: MirrorResult;
    try {
      result = await mirrorLedger(store, new MirrorStore(folder), {
        concurrency: CONCURRENCY,
        onProgress: ({ copied, copiedBytes }) => progress.show(copied, copiedBytes),
      });
    } finally {
      progress.clear();
    }
    if ('written' in tiles) result.copied += tiles.written;
    else result.failed.push({ object: `${TLOG}${NEWEST_CHECKPOINT}`, why: tiles.refused });
    if (options.json) printJson(result);
    else printResult(result);
    return result.failed.length === 0 ? EXIT.fine : EXIT.unknown;
  },
);

function printResult({ copied, copiedBytes, present, failed }: MirrorResult): void {
  print(`${formatCount(copied)} objects copied (${formatBytes(copiedBytes)}), ${formatCount(present)} were there`);
  for (const { object, why } of failed) printItem(`  not copied: ${object}: ${why}`);
}
