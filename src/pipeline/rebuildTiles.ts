import { openCheckpoint } from '../core/checkpoint.ts';
import { checkpointName } from '../core/names.ts';
import { readBatches } from './batches.ts';
import { storedCosignatures, withCosignatures } from './cosignatureObjects.ts';
import { firstFree } from './denseNames.ts';
import { fork } from './logState.ts';
import type { LogDeps } from './logState.ts';
import { LogTree } from './logTree.ts';
import { CHECKPOINT } from './publish.ts';

/**
 * rebuildTiles makes the tiles, the entry bundles and the newest checkpoint with its cosignatures again from the ledger
 * alone: the files that integration wrote, byte for byte. It checks each checkpoint on the way, and throws FORK_DETECTED before it writes
 * anything that no checkpoint was signed over. What is there and right is left alone.
 */
export async function rebuildTiles(deps: LogDeps): Promise<{ checkpoints: number; files: number; written: number }> {
  const { store, tiles, origin, verifiers } = deps;
  const end = await firstFree((number) => store.exists(checkpointName(number)));
  const tree = new LogTree();
  const result = { checkpoints: 0, files: 0, written: 0 };
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    result.files += 1;
    if ((await tiles.read(name))?.equals(bytes) === true) return;
    await tiles.write(name, bytes);
    result.written += 1;
  };
  let note: Buffer | undefined;
  for await (const { number, entries } of readBatches(store, end)) {
    tree.append(entries);
    note = await store.read(checkpointName(number));
    if (note === undefined) throw fork(`${checkpointName(number)} was there, and is gone`);
    const { size, rootHash } = openCheckpoint(note, origin, verifiers).checkpoint;
    if (size !== tree.head.size || rootHash !== tree.head.rootHash)
      throw fork(`${checkpointName(number)} is of another tree than the batches up to it`);
    for (const { name, bytes } of tree.takeFiles()) await write(name, bytes);
    result.checkpoints += 1;
  }
  if (note !== undefined) await write(CHECKPOINT, withCosignatures(note, await storedCosignatures(store, end - 1)));
  return result;
}
