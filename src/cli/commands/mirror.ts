import { mkdir } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { FolderTileStore } from '../../adapters/folderTileStore.ts';
import { MirrorStore } from '../../adapters/mirrorStore.ts';
import { NEWEST_CHECKPOINT, TLOG } from '../../core/objects/names.ts';
import { differsAt, mirrorLedger } from '../../ledger/mirror.ts';
import type { MirrorResult } from '../../ledger/mirror.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { mirrorTiles } from '../../ledger/mirrorTiles.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { callersPath, reasonOf } from '../files.ts';
import { TARGET_MEANING, jsonOption } from '../options.ts';
import { formatBytes, formatCount, print, printItem, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { hasTiles, openTarget, openTiles } from '../target.ts';
import { isUrl, unusable } from '../usage.ts';
import { refuseWrongFolder } from '../wrongFolder.ts';

const CONCURRENCY = 8;

export const command = defineCommand(
  {
    name: 'mirror',
    arguments: ['TARGET', 'DIR'],
    description: [
      "Copies those of a ledger's objects that the folder DIR lacks. A copy that was cut off continues where it stopped. " +
        'Nothing in DIR is replaced, and where it is the mirror of another ledger nothing is copied. Objects whose names the format of a ledger does not know go to DIR/foreign.',
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
    if (!isUrl(target) && isWithin(callersPath(target), folder))
      throw unusable(`${dir} is ${target} or within it: a copy there would be copied, too`);
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw unusable(`${dir} can't be made a folder: ${reasonOf(error)}`, error);
    }
    await refuseWrongFolder(folder, dir);
    const mirror = new MirrorStore(folder);
    const differing = await differsAt(store, mirror);
    // Before the ledger, which then has whatever the checkpoint among the tiles covers.
    const tiles =
      options.tlog === undefined || (differing !== undefined && !(await hasTiles(folder)))
        ? { written: 0 }
        : await mirrorTiles(store, await openTiles(target, options.tlog), new FolderTileStore(folder));
    const result = differing === undefined ? await copyLedger(store, mirror) : otherLedger(differing);
    if ('written' in tiles) result.copied += tiles.written;
    else result.failed.push({ object: `${TLOG}${NEWEST_CHECKPOINT}`, why: tiles.refused });
    if (options.json) printJson(result);
    else printResult(result);
    return result.failed.length === 0 ? EXIT.fine : EXIT.unknown;
  },
);

async function copyLedger(store: ObjectStore, mirror: MirrorStore): Promise<MirrorResult> {
  const progress = await Progress.over('mirror', store, '');
  try {
    return await mirrorLedger(store, mirror, {
      concurrency: CONCURRENCY,
      onProgress: ({ copied, copiedBytes }) => progress.show(copied, copiedBytes),
    });
  } finally {
    progress.clear();
  }
}

const otherLedger = (object: string): MirrorResult => ({
  copied: 0,
  copiedBytes: 0,
  present: 0,
  failed: [
    {
      object,
      why: 'DIR has another one, so it is the mirror of another ledger, or one of both was changed: nothing was copied',
    },
  ],
});

/** isWithin tells whether a path is a folder, or leads below it. */
const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

function printResult({ copied, copiedBytes, present, failed }: MirrorResult): void {
  print(`${formatCount(copied)} objects copied (${formatBytes(copiedBytes)}), ${formatCount(present)} were there`);
  for (const { object, why } of failed) printItem(`  not copied: ${object}: ${why}`);
}
