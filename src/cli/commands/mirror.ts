import { mkdir, realpath, statfs } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { FolderTileStore } from '../../adapters/folderTileStore.ts';
import { MirrorStore } from '../../adapters/mirrorStore.ts';
import { faultIn } from '../../core/errors.ts';
import { NEWEST_CHECKPOINT, TLOG } from '../../core/objects/names.ts';
import { trustIn } from '../../core/signed/certificate.ts';
import { MOST_REQUESTS } from '../../ledger/concurrency.ts';
import { differsAt, mirrorLedger } from '../../ledger/mirror.ts';
import type { MirrorOptions, MirrorResult } from '../../ledger/mirror.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { mirrorGrownTiles } from '../../ledger/mirrorGrownTiles.ts';
import { mirrorTiles, whyRefused } from '../../ledger/mirrorTiles.ts';
import type { MirroredTiles } from '../../ledger/mirrorTiles.ts';
import { readTile } from '../../ledger/tiles.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { callersPath, reasonOf } from '../files.ts';
import { BY_THE_HUB, intervalIn, intervalOptions } from '../intervalOptions.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { TARGET_MEANING, jsonOption } from '../options.ts';
import { formatBytes, formatCount, print, printItem, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { SliceFolder, refuseIntoSlice } from '../slicing.ts';
import { refuseSlice, shellWord } from '../sliceFolder.ts';
import { openTarget, openTiles, targetWithoutSas } from '../target.ts';
import { isUrl, unusable, usageError } from '../usage.ts';
import { refuseWrongFolder } from '../wrongFolder.ts';

/** How many objects are read at one time, of whatever size. */
const CONCURRENCY = 8;

export const command = defineCommand(
  {
    name: 'mirror',
    arguments: ['TARGET', 'DIR'],
    description: [
      "Copies those of a ledger's objects that the folder DIR lacks. A copy that was cut off continues where it stopped. " +
        'A file that is there already counts if its bytes are those of the object; of another one that is said, and it is left as it is, ' +
        'unless it holds zeros alone, as after a crash: then it is copied again. Nothing else of the ledger in DIR is replaced, and where it is the mirror of another ledger nothing is copied. Objects whose names the format of a ledger does not know go to DIR/foreign.',
      'With --from and --to it copies a slice: the log whole, and of the segments those alone that the log puts into that interval. ' +
        'DIR then says in the file slice.json what it is, and auditseal verify DIR with the same interval checks it. A slice can be ' +
        'continued, and widened.',
      BY_THE_HUB,
      TARGET_MEANING,
    ],
    options: {
      ...intervalOptions('copy only the segments'),
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          "with --from and --to: a verifier key of the log. Without one, whoever made TARGET's log says which segments are of the interval",
      },
      tlog: {
        type: 'target',
        placeholder: 'DIR|URL',
        meaning:
          "copy the log's tiles and its newest checkpoint from there to DIR/tlog, where they are replaced as they grow, unless " +
          'that checkpoint does not continue the one in DIR/tlog',
      },
      'trust-sizes': {
        type: 'flag',
        meaning: 'do not read what is in DIR already: what has the right size counts as there',
      },
      json: jsonOption('the outcome'),
    },
    exits: { fine: 'everything is in DIR', unknown: 'something could not be copied' },
    examples: [
      'auditseal mirror https://account.blob.core.windows.net/ledger ./mirror',
      'auditseal mirror ./mirror ./slice --from 2026-11-01 --to 2026-11-22 --key VKEY',
    ],
  },
  async ({ given: [target, dir], options }) => {
    const interval = intervalIn(options);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    if (interval === undefined && verifiers.length > 0)
      throw usageError('--key says whose log names the segments of an interval: give --from and --to too');
    const store = await openTarget(target);
    const folder = callersPath(dir);
    for (const source of [target, options.tlog])
      if (source !== undefined && !isUrl(source) && isWithin(await realPath(source), await realPath(dir)))
        throw unusable(`${dir} is ${source} or within it: a copy there would be copied, too`);
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw unusable(`${dir} can't be made a folder: ${reasonOf(error)}`, error);
    }
    await refuseWrongFolder(folder, dir);
    const mirror = new MirrorStore(folder);
    if (interval === undefined) {
      await refuseSlice(
        target,
        store,
        [],
        (options) =>
          `To copy it as that: auditseal mirror ${shellWord(targetWithoutSas(target))} ${shellWord(dir)} ${options}`,
      );
      await refuseIntoSlice(dir);
    }
    const slice = interval && (await SliceFolder.open(dir, { store, mirror, interval, trust: trustIn(verifiers) }));
    const copy = {
      trustsSizes: options['trust-sizes'],
      free: () => freeBytes(folder),
      concurrency: CONCURRENCY,
      requests: MOST_REQUESTS,
    };
    const differing = await differsAt(store, mirror);
    const result: MirrorResult = { copied: 0, copiedBytes: 0, present: 0, failed: [] };
    try {
      if (differing === undefined) await slice?.begin();
      // Before the ledger, which then has whatever the checkpoint among the tiles covers.
      const ofTiles = { ...copy, isOfSlice: slice !== undefined };
      const from = options.tlog === undefined ? undefined : await openTiles(target, options.tlog);
      const to = new FolderTileStore(folder);
      if (from !== undefined && differing === undefined) addTiles(result, await mirrorTiles(store, from, to, ofTiles));
      else if (from !== undefined)
        addRefused(result, await whyRefused(from, to, await readTile(from, NEWEST_CHECKPOINT)));
      const isRefused = result.failed.length > 0;
      if (differing === undefined) addLedger(result, await (slice?.copy(copy) ?? copyLedger(store, mirror, copy)));
      else result.failed.push({ object: differing, why: OTHER_LEDGER });
      if (from !== undefined && differing === undefined && !isRefused)
        addGrown(result, await mirrorGrownTiles(mirror, from, to, ofTiles));
    } catch (error) {
      const { code, message } = faultIn(error);
      if (code !== 'STORE_FULL') throw error;
      result.failed.push({ object: dir, why: message });
    }
    if (options.json) printJson({ ...result, ...(slice?.made && { slice: slice.made }) });
    else printResult(result);
    if (!options.json) for (const line of slice?.lines ?? []) printItem(line);
    return result.failed.length === 0 ? EXIT.fine : EXIT.unknown;
  },
);

function addTiles(result: MirrorResult, tiles: MirroredTiles): void {
  if ('refused' in tiles) return addRefused(result, tiles.refused);
  result.copied += tiles.written;
  result.copiedBytes += tiles.bytes;
  result.present += tiles.present;
}

/** addGrown counts what came of tiles that grew meanwhile: what was there already was counted before. */
function addGrown(result: MirrorResult, tiles: MirroredTiles | undefined): void {
  if (tiles !== undefined) addTiles(result, 'refused' in tiles ? tiles : { ...tiles, present: 0 });
}

function addRefused(result: MirrorResult, why: string | undefined): void {
  if (why !== undefined) result.failed.push({ object: `${TLOG}${NEWEST_CHECKPOINT}`, why });
}

function addLedger(result: MirrorResult, { copied, copiedBytes, present, failed }: MirrorResult): void {
  result.copied += copied;
  result.copiedBytes += copiedBytes;
  result.present += present;
  result.failed.push(...failed);
}

async function copyLedger(
  store: ObjectStore,
  mirror: MirrorStore,
  copy: Omit<MirrorOptions, 'onProgress'>,
): Promise<MirrorResult> {
  const progress = await Progress.over('mirror', store, '');
  try {
    return await mirrorLedger(store, mirror, {
      ...copy,
      onProgress: ({ copied, copiedBytes }) => progress.show(copied, copiedBytes),
    });
  } finally {
    progress.clear();
  }
}

/** freeBytes gives how much room this user has on the disk of a folder. */
async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** realPath follows the links in a path, of which the end may not be there yet. */
async function realPath(path: string): Promise<string> {
  const whole = callersPath(path);
  const rest: string[] = [];
  for (let at = whole; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return join(real, ...rest);
    if (dirname(at) === at) return whole;
    rest.unshift(basename(at));
  }
}

const OTHER_LEDGER =
  'DIR has another one, so it is the mirror of another ledger, or one of both was changed: nothing was copied';

/** isWithin tells whether a path is a folder, or leads below it. */
const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

function printResult({ copied, copiedBytes, present, failed }: MirrorResult): void {
  print(`${formatCount(copied)} objects copied (${formatBytes(copiedBytes)}), ${formatCount(present)} were there`);
  for (const { object, why } of failed) printItem(`  not copied: ${object}: ${why}`);
}
