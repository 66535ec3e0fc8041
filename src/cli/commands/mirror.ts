import { mkdir } from 'node:fs/promises';
import { FolderStore } from '../../adapters/folderStore.ts';
import { FolderTileStore } from '../../adapters/folderTileStore.ts';
import { AuditsealError } from '../../core/errors.ts';
import { mirrorLedger, mirrorTiles } from '../../ledger/mirror.ts';
import { callersPath } from '../files.ts';
import { formatBytes, formatCount, print, printable } from '../output.ts';
import { Progress } from '../progress.ts';
import { openTarget, openTiles } from '../target.ts';
import { parseCommand } from '../usage.ts';

export const mirrorHelp = `auditseal mirror TARGET DIR [--tlog DIR|URL] [--json]

Copies what DIR lacks of a ledger's objects. A copy that was cut off goes on where it stopped. Nothing in DIR is replaced.

  --tlog DIR|URL   copy the log's tiles and its newest checkpoint from there to DIR/tlog; those are replaced as they grow

Exit status: 0 everything is there, 2 something could not be copied, 64 wrong usage.

  auditseal mirror https://account.blob.core.windows.net/ledger ./mirror
`;

const CONCURRENCY = 8;

export async function mirrorCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET', 'DIR'], { json: 'boolean', tlog: 'string' });
  const [target, dir] = positionals as [string, string];
  const store = await openTarget(target);
  const folder = callersPath(dir);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new AuditsealError('TARGET_INVALID', `${dir} can't be made a folder`, { cause: error });
  }
  // Before the ledger, which then has whatever the checkpoint among the tiles covers.
  const tiles =
    options.tlog === undefined
      ? 0
      : await mirrorTiles(await openTiles(target, options.tlog), new FolderTileStore(folder));
  let total = 0;
  if (Progress.isShown) for await (const { size } of store.list('')) total += size;
  const progress = new Progress('mirror', total);
  const result = await mirrorLedger(store, new FolderStore(folder), {
    concurrency: CONCURRENCY,
    onProgress: ({ copied, copiedBytes }) => progress.show(copied, copiedBytes),
  });
  progress.clear();
  result.copied += tiles;
  if (options.json === true) print(printable(JSON.stringify(result)));
  else {
    print(
      `${formatCount(result.copied)} objects copied (${formatBytes(result.copiedBytes)}), ${formatCount(result.present)} were there`,
    );
    for (const { object, why } of result.failed) print(`  not copied: ${printable(object)}: ${printable(why)}`);
  }
  return result.failed.length === 0 ? 0 : 2;
}
