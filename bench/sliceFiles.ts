import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TileInfo, TileStore } from '../src/ports/store.ts';

/** SliceFiles keeps plans and partial results in a folder, which several processes share. */
export class SliceFiles implements TileStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }

  read = (name: string): Promise<Buffer | undefined> =>
    readFile(join(this.#folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });

  async *list(prefix: string): AsyncGenerator<TileInfo> {
    await mkdir(this.#folder, { recursive: true });
    for (const entry of (await readdir(this.#folder, { recursive: true })).sort())
      if (entry.includes('.') && entry.startsWith(prefix)) yield { name: entry, size: 0, written: 0 };
  }

  remove = ({ name }: Pick<TileInfo, 'name'>): Promise<void> => rm(join(this.#folder, name), { force: true });

  /** clear removes what came of slices, and leaves the plan. */
  async clear(): Promise<void> {
    for await (const file of this.list('')) if (!file.name.endsWith('/plan.json')) await this.remove(file);
  }
}
