import { digestFrom } from '../ledger/digest.ts';
import type { Digest, DigestObjects } from '../ledger/digest.ts';
import type { ObjectStore } from '../ports/store.ts';
import type { FolderStore } from './folderStore.ts';
import { WorkerPool, movable } from '../threads/pool.ts';

/** DigestTask is a group of files, or of objects' bytes. */
export type DigestTask = { readonly paths: readonly string[] } | { readonly stored: readonly Uint8Array[] };

/** DigestWorkers hashes stored bytes in threads of their own, as many as it is told. */
export class DigestWorkers {
  readonly #pool: WorkerPool<DigestTask, readonly Digest[]>;

  constructor(size: number) {
    this.#pool = new WorkerPool('digestWorker', size);
  }

  /** ofFolder hashes the files of a mirror, which the threads read themselves. */
  ofFolder =
    (store: FolderStore): DigestObjects =>
    async (names) =>
      this.#pool.run({ paths: names.map((name) => store.pathOf(name)) });

  /** ofStore hashes what a store gives; memory is `concurrency` objects. */
  ofStore = (store: ObjectStore, concurrency: number): DigestObjects =>
    digestFrom(store, concurrency, async (stored) => {
      const [digest] = await this.#pool.run({ stored: [stored] }, movable(stored));
      return digest as Digest;
    });

  /** close ends the threads. Nothing may be under way. */
  close = (): Promise<void> => this.#pool.close();
}
