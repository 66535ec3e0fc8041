import { existsSync } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderStore, TLOG_FOLDER } from './folderStore.ts';
import { makeFolders } from './makeFolders.ts';
import { replaceFile } from './replaceFile.ts';
import { AuditsealError } from '../core/errors.ts';
import { litterOf } from '../core/objects/litter.ts';
import { TLOG, isTileName } from '../core/objects/names.ts';
import type { SearchableTiles, TileInfo, TileStore, TooLarge } from '../ports/store.ts';

/** FolderTileStore is the tiles of a mirror: the folder `tlog` in it, or another one. */
export class FolderTileStore implements TileStore, SearchableTiles {
  readonly #mirror: string;
  /** how the path of a tile below the mirror begins */
  readonly #within: string;
  readonly #root: string;
  readonly #folder: FolderStore;

  constructor(mirror: string, folder: string = TLOG_FOLDER) {
    this.#mirror = mirror;
    this.#within = folder === '.' ? '' : `${folder}/`;
    this.#root = join(mirror, folder);
    this.#folder = new FolderStore(this.#root, (name) => litterOf(`${TLOG}${name}`) !== undefined);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    if (!isTileName(name)) throw new AuditsealError('TARGET_INVALID', `${name} is not the name of a tile`);
    await makeFolders(this.#mirror, `${this.#within}${name}`);
    await replaceFile(join(this.#root, name), bytes, name);
  }

  async remove({ name, written }: Pick<TileInfo, 'name' | 'written'>): Promise<void> {
    const path = this.#folder.pathOf(name);
    try {
      if ((await stat(path)).mtimeMs === written) await unlink(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'fault';
      if (code === 'ENOENT') return;
      throw new AuditsealError('STORE_UNAVAILABLE', `${name} can't be removed (${code})`, { cause: error });
    }
  }

  read(name: string): Promise<Buffer | TooLarge | undefined> {
    return this.#folder.read(name);
  }

  readPart(name: string, offset: number, length: number): Promise<Buffer | TooLarge | undefined> {
    return this.#folder.readPart(name, offset, length);
  }

  async *list(prefix: string): AsyncIterable<TileInfo> {
    // A mirror may be without tiles.
    if (existsSync(this.#root)) yield* this.#folder.list(prefix);
  }
}
