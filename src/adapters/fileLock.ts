import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';

/** What SQLite says when another holds the lock. https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/** Two that ask at once are in each other's way for a moment, and then one of them has the lock. */
const MEETING_MS = 200;

/**
 * FileLock is a lock of the operating system on a file that holds nothing else. It ends with its process, however that ends,
 * so none is ever stale; the file stays, because whoever removed it would let two processes lock two files of one name.
 *
 * Node has no call for such a lock, but its SQLite takes one on Linux, macOS and Windows, and keeps it as long as a
 * transaction is open. Nothing is written.
 */
export class FileLock {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #identity: string;

  private constructor(path: string, database: DatabaseSync, identity: string) {
    this.#path = path;
    this.#database = database;
    this.#identity = identity;
  }

  /**
   * acquire locks a file, which it makes if it is missing, and gives undefined if another holds it. It throws what SQLite and
   * the operating system throw.
   */
  static async acquire(path: string): Promise<FileLock | undefined> {
    const database = new DatabaseSync(path);
    try {
      database.exec(`PRAGMA busy_timeout = ${MEETING_MS}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
      return new FileLock(path, database, await identityOf(path));
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw error;
    }
  }

  /** isInPlace tells whether the locked file still has its name, so that it keeps others out. */
  async isInPlace(): Promise<boolean> {
    // Asked by name: POSIX gives up all locks of a process on a file as soon as it closes any of its handles.
    const identity = await identityOf(this.#path).catch((error: NodeJS.ErrnoException) => error.code);
    return identity === this.#identity;
  }

  release(): void {
    this.#database.close();
  }
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}
