import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDITOR, signerKeyOf } from './logKey.ts';

/** SavedState is what a data folder keeps of a stack: the keys that belong to what is in it, and the hub's size. */
export interface SavedState {
  readonly accountKey: string;
  readonly hubKey: string;
  /** the log's key, as text */
  readonly signerKey: string;
  /** the key of the ledger's auditor, as text */
  readonly auditorKey: string;
  readonly partitions: number;
}

export const freshKeys = (): Omit<SavedState, 'partitions'> => ({
  accountKey: randomBytes(64).toString('base64'),
  hubKey: randomBytes(32).toString('base64'),
  signerKey: signerKeyOf(randomBytes(32)),
  auditorKey: signerKeyOf(randomBytes(32), AUDITOR),
});

/** openState takes the data folder for this process, and makes or reads the keys that belong to what is in it. */
export async function openState(
  dataDir: string | undefined,
  partitions: number,
  keys: Omit<SavedState, 'partitions'>,
): Promise<SavedState & { release: () => Promise<void> }> {
  const fresh: SavedState = { ...keys, partitions };
  if (dataDir === undefined) return { ...fresh, release: async () => {} };
  await mkdir(dataDir, { recursive: true });
  const lock = join(dataDir, 'lock');
  await takeLock(lock, dataDir);
  const release = (): Promise<void> => rm(lock, { force: true });
  try {
    const path = join(dataDir, 'stack.json');
    const save = async (state: SavedState): Promise<void> => {
      await writeFile(`${path}.partial`, JSON.stringify(state), { mode: 0o600 });
      await rename(`${path}.partial`, path);
    };
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) {
      // A folder of an early release lacks keys that came later.
      const saved = { ...keys, ...(JSON.parse(text) as Partial<SavedState> & Pick<SavedState, 'partitions'>) };
      if (saved.partitions !== partitions) {
        throw new Error(
          `${dataDir} holds a hub of ${saved.partitions} partitions: start it with --partitions ${saved.partitions}`,
        );
      }
      await save(saved);
      return { ...saved, release };
    }
    await save(fresh);
    return { ...fresh, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function takeLock(lock: string, dataDir: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && isRunning(owner)) throw new Error(`${dataDir} is in use by process ${owner}`);
    await rm(lock, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
