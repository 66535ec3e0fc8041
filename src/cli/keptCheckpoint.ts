import { randomBytes } from 'node:crypto';
import { lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callersPath, codeOf, readUserFileIfThere, reasonOf } from './files.ts';
import { unusable } from './usage.ts';
import { syncFolder } from '../adapters/syncFolder.ts';
import { AuditsealError } from '../core/errors.ts';
import { MAX_NOTE_BYTES } from '../core/note/note.ts';

const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 50;

/**
 * KeptCheckpoint is the file in which a user keeps a checkpoint of a log from one check to the next. What it holds is replaced
 * only by what was checked against it.
 */
export class KeptCheckpoint {
  readonly name: string;
  /** what it held when it was opened; undefined if there was no such file */
  readonly note: Buffer | undefined;
  readonly #option: string;
  readonly #path: string;

  private constructor(option: string, name: string, path: string, note: Buffer | undefined) {
    this.#option = option;
    this.name = name;
    this.#path = path;
    this.note = note;
  }

  /** open reads the file that the user named with that option. It throws TARGET_INVALID for what can't be replaced later. */
  static async open(option: string, name: string): Promise<KeptCheckpoint> {
    const named = callersPath(name);
    let path = named;
    try {
      // What a link leads to is replaced, and the link stays.
      path = await realpath(named);
      if (!(await stat(path)).isFile())
        throw unusable(`${option}: ${name} is not a file; a checkpoint is kept in a file`);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw faultOf(option, name, error);
      if ((await lstat(named).catch(() => undefined)) !== undefined)
        throw unusable(`${option}: ${name} is a link to nowhere; name the file itself`);
    }
    return new KeptCheckpoint(option, name, path, await readUserFileIfThere(option, path, MAX_NOTE_BYTES));
  }

  /**
   * replace keeps a checkpoint that continues the one that the file held when it was opened. It gives 'changed', and leaves the
   * file alone, if it holds something else by now: nobody has compared that with this checkpoint.
   */
  async replace(note: Buffer): Promise<'kept' | 'changed'> {
    try {
      return await this.#replace(note);
    } catch (error) {
      throw faultOf(this.#option, this.name, error);
    }
  }

  async #replace(note: Buffer): Promise<'kept' | 'changed'> {
    const partial = `${this.#path}.${randomBytes(8).toString('hex')}.partial`;
    await writeDurably(partial, note);
    try {
      return await this.#locked(async () => {
        const found = await readUserFileIfThere(this.#option, this.#path, MAX_NOTE_BYTES);
        if (found?.equals(note) === true) return 'kept';
        if (!isSame(found, this.note)) return 'changed';
        // Durable point: the file holds the old checkpoint or the new one, whole.
        await rename(partial, this.#path);
        await syncFolder(dirname(this.#path));
        return 'kept';
      });
    } finally {
      await unlink(partial).catch(ignoreMissing);
    }
  }

  /** locked keeps other checks out between the look at the file and its replacement. */
  async #locked<T>(action: () => Promise<T>): Promise<T> {
    const lock = `${this.#path}.lock`;
    for (let tries = 1; !(await isCreated(lock)); tries++) {
      if (tries === LOCK_TRIES)
        throw unusable(
          `${this.#option}: ${lock} is there, so another check is about to replace ${this.name}; if none runs, one was ` +
            'killed: remove that file. The checkpoint was left as it was',
        );
      await delay(LOCK_PAUSE_MS);
    }
    try {
      return await action();
    } finally {
      await unlink(lock).catch(ignoreMissing);
    }
  }
}

async function isCreated(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

const isSame = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other);

const faultOf = (option: string, name: string, error: unknown): Error =>
  error instanceof AuditsealError ? error : unusable(`${option}: ${name} can't be used: ${reasonOf(error)}`, error);

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}
