import { faultIn } from '../../core/errors.ts';
import { TLOG, checkpointName } from '../../core/objects/names.ts';
import { rebuildTiles } from '../../integrate/rebuildTiles.ts';
import type { Rebuilt } from '../../integrate/rebuildTiles.ts';
import { verifierKeys } from '../keys.ts';
import { formatCount, print, printable, tell } from '../output.ts';
import { Progress } from '../progress.ts';
import { openTarget, openTileStore } from '../target.ts';
import { parseCommand } from '../usage.ts';

export const rebuildTilesHelp = `auditseal rebuild-tiles TARGET [--tlog DIR|URL] [--key VKEY] [--json]

Makes the log's tiles, entry bundles and newest checkpoint again from TARGET's batches and checkpoints alone, byte for
byte. A file that is missing or differs is written, one that is right is left alone, so a rebuild that was cut off is
simply begun again. What stands among the tiles and is none of this log is named, and not removed.
TARGET is a mirror folder or a container's URL. It is only read.

  --tlog DIR|URL   where the tiles belong, if not in TARGET/tlog or in the container tlog beside TARGET. A container takes
                   the rights to read, list and write
  --key VKEY       a key that must have signed the log's checkpoints; may be repeated. Without one no signature is
                   verified, so the tiles are those of whatever TARGET holds
  --json           print the outcome as JSON

Exit status: 0 the tiles are there and nothing else, 1 TARGET's log is broken (nothing behind that place is written) or
something stands among the tiles that is none of this log, 2 there is no log, or something can't be read or written,
64 wrong usage.

  auditseal rebuild-tiles ./mirror --key logs.example.com/prod+22e6b51e+AeMP…
  auditseal rebuild-tiles https://account.blob.core.windows.net/ledger --tlog https://account.blob.core.windows.net/tlog
`;

const EXIT_BROKEN = 1;
const EXIT_ABSENT = 2;

export async function rebuildTilesCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET'], { tlog: 'string', key: 'strings', json: 'boolean' });
  const verifiers = verifierKeys(options.key);
  const target = positionals[0] as string;
  const store = await openTarget(target);
  const tiles = await openTileStore(target, options.tlog);
  let total = 0;
  if (Progress.isShown) for await (const { size } of store.list('batches/')) total += size;
  const progress = new Progress('rebuild-tiles', total);
  let rebuilt: Rebuilt;
  try {
    rebuilt = await rebuildTiles({
      store,
      tiles,
      verifiers,
      onProgress: ({ files, batchBytes }) => progress.show(files, batchBytes),
    });
  } catch (error) {
    // What the ledger's own objects are to blame for.
    const fault = faultIn(error, 'malformed', 'contradicted');
    progress.clear();
    tell(`auditseal: ${printable(`the log of ${target} is broken: ${fault.message}`)}`);
    tell('auditseal: nothing behind that place was written; auditseal verify TARGET says all that is wrong');
    return EXIT_BROKEN;
  }
  progress.clear();
  const { newest } = rebuilt;
  if (newest === undefined) {
    tell('auditseal: there is no checkpoint in TARGET, so it has no tiles');
    return EXIT_ABSENT;
  }
  if (verifiers.length === 0) tell('auditseal: no signature is verified, because no --key says who may sign');
  if (options.json === true)
    print(printable(JSON.stringify({ ...rebuilt, unchanged: rebuilt.files - rebuilt.written })));
  else printRebuilt(rebuilt, newest);
  return rebuilt.surplus.length === 0 ? 0 : EXIT_BROKEN;
}

function printRebuilt(
  { files, written, surplus, surplusOmitted }: Rebuilt,
  { number, size, root }: NonNullable<Rebuilt['newest']>,
): void {
  print(`${formatCount(written)} files written, ${formatCount(files - written)} were right`);
  print(`  newest: ${checkpointName(number)}, ${formatCount(size)} entries, root ${root}`);
  for (const name of surplus) print(`  not of this log: ${printable(TLOG + name)}`);
  if (surplusOmitted > 0) print(`  and perhaps ${formatCount(surplusOmitted)} more`);
}
