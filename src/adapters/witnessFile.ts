import { randomUUID } from 'node:crypto';
import { constants, lstat, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileLock } from './fileLock.ts';
import { syncFolder } from './syncFolder.ts';
import { withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { parseCheckpoint } from '../core/note/checkpoint.ts';
import { openNote } from '../core/note/note.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { WitnessState } from '../ports/signing.ts';

/** What the file holds: its first line is this as JSON, its second SHA-256 of the first in hex. */
interface Kept {
  readonly format: typeof FORMAT;
  readonly checkpoints: readonly string[];
}

const FORMAT = 'auditseal-witness/v1';
const OTHER_FORMAT = /^\{"format":"(auditseal-witness\/v(?!1")\d{1,6})"/;

/** Room for 256 notes of the largest size, or for some ten thousand of the usual one. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

const WHAT_TO_DO =
  'put back its newest copy, or retire the key: a witness that has forgotten what it cosigned can be made to cosign a fork';

const unusable = (path: string, why: string, cause?: unknown): AuditsealError =>
  new AuditsealError('TARGET_INVALID', `the state file ${withoutSecret(path)} ${why}`, { cause });

const damaged = (path: string, why: string, cause?: unknown): AuditsealError =>
  unusable(path, `${why}; ${WHAT_TO_DO}`, cause);

/**
 * WitnessFile keeps the state of a witness in one file, which is replaced whole. `<file>.lock` beside it is locked as long as
 * it is open, so only one process decides by it and writes it.
 */
export class WitnessFile implements WitnessState {
  readonly #path: string;
  readonly #lock: FileLock;
  /** the file's bytes as this process read or wrote them last; undefined before the first */
  #stored: Buffer | undefined;
  /** what is durable; never ahead of the disk */
  #notes: ReadonlyMap<string, Buffer>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, lock: FileLock, stored: Buffer | undefined, notes: ReadonlyMap<string, Buffer>) {
    this.#path = path;
    this.#lock = lock;
    this.#stored = stored;
    this.#notes = notes;
  }

  /**
   * open locks and reads the file of the witness with that key, and makes a missing one, which `isNew` tells. It throws
   * TARGET_INVALID for a file that another process has open or that isn't as it was written, and VERSION_UNKNOWN for one of
   * another format.
   */
  static async open(path: string, verifierKey: VerifierKey): Promise<{ state: WitnessFile; isNew: boolean }> {
    try {
      const place = await placeOf(path);
      const lock = await FileLock.acquire(`${place}.lock`);
      if (lock === undefined) {
        throw unusable(
          path,
          'is in use by another process, and only one witness may cosign by it: stop that process first, on this machine or ' +
            'on whichever shares the folder; the lock ends with it, and no file has to be removed',
        );
      }
      try {
        return await WitnessFile.#openLocked(place, lock, verifierKey);
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      if (error instanceof AuditsealError) throw error;
      throw unusable(path, `can't be used (${reasonOf(error)})`, error);
    }
  }

  static async #openLocked(
    path: string,
    lock: FileLock,
    verifierKey: VerifierKey,
  ): Promise<{ state: WitnessFile; isNew: boolean }> {
    await removeLeftOver(path);
    const stored = await readState(path);
    const notes = stored === undefined ? new Map<string, Buffer>() : parseKept(path, stored, verifierKey);
    const state = new WitnessFile(path, lock, stored, notes);
    const isNew = stored === undefined;
    if (isNew) await state.#write(notes);
    return { state, isNew };
  }

  read(origin: string): Promise<Buffer | undefined> {
    return this.#inTurn(async () => {
      await this.#checkUndisturbed();
      return this.#notes.get(origin);
    });
  }

  replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'> {
    return this.#inTurn(async () => {
      if (!isSame(this.#notes.get(origin), before)) return 'changed';
      await this.#write(new Map(this.#notes).set(origin, next));
      return 'replaced';
    });
  }

  /** close waits for what is under way, and lets another process open the file. */
  async close(): Promise<void> {
    await this.#last;
    this.#lock.release();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action).catch((error: unknown) => {
      if (error instanceof AuditsealError) throw error;
      throw this.#unavailable(`can't be read or written (${reasonOf(error)})`, error);
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #write(notes: ReadonlyMap<string, Buffer>): Promise<void> {
    const bytes = formatKept(notes);
    if (bytes.length > MAX_STATE_BYTES) throw this.#unavailable(`would have more than ${MAX_STATE_BYTES} bytes`);
    const partial = `${this.#path}.${randomUUID()}.next`;
    const file = await open(partial, 'wx');
    try {
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      // As late as can be: the disk may have been slow.
      await this.#checkUndisturbed();
      await rename(partial, this.#path);
    } catch (error) {
      await unlink(partial).catch(ignoreMissing);
      throw error;
    }
    this.#stored = bytes;
    await syncFolder(dirname(this.#path));
    // Durable point. If the witness dies before, it never answered; the file may hold the old notes or the new ones.
    this.#notes = notes;
  }

  /** checkUndisturbed reads the file again. Whatever changed it didn't hold the lock, and must not be believed nor overwritten. */
  async #checkUndisturbed(): Promise<void> {
    if (!(await this.#lock.isInPlace()))
      throw this.#unavailable(
        'lost its lock: its .lock file was removed while the witness ran; stop it and start one again',
      );
    const found = await readState(this.#path);
    if (isSame(found, this.#stored)) return;
    const what = found === undefined ? 'removed' : 'changed';
    throw this.#unavailable(
      `was ${what} while the witness ran, by a program that doesn't hold its lock; ${WHAT_TO_DO}`,
    );
  }

  #unavailable(why: string, cause?: unknown): AuditsealError {
    return new AuditsealError('STORE_UNAVAILABLE', `the state file ${this.#path} ${why}`, { cause });
  }
}

/** placeOf gives the one path of a file, whatever links lead there, so that all who use it meet at one lock. */
async function placeOf(path: string): Promise<string> {
  const place = await realpath(path).catch(ignoreMissing);
  if (place === undefined) {
    if ((await lstat(path).catch(ignoreMissing)) !== undefined)
      throw unusable(path, 'is a link to a file that is not there: name that file');
    return join(await realpath(dirname(path)), basename(path));
  }
  const info = await stat(place);
  if (!info.isFile()) throw unusable(path, `is ${info.isDirectory() ? 'a folder' : 'no file'}: expected a file`);
  return place;
}

/** removeLeftOver removes what a witness left behind that was killed; it had not answered yet. */
async function removeLeftOver(path: string): Promise<void> {
  const folder = dirname(path);
  const start = `${basename(path)}.`;
  for (const name of await readdir(folder)) {
    if (name.startsWith(start) && PARTIAL.test(name.slice(start.length))) await unlink(join(folder, name));
  }
}

const PARTIAL = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.next$/;

/** readState gives the file's bytes, of a larger one than any state as many as show that, or undefined if it is missing. */
async function readState(path: string): Promise<Buffer | undefined> {
  // A pipe in the place of the file must not keep the witness waiting for a writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(ignoreMissing);
  if (file === undefined) return undefined;
  const chunks: Buffer[] = [];
  // The stream closes the file.
  for await (const chunk of file.createReadStream({ end: MAX_STATE_BYTES })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function formatKept(notes: ReadonlyMap<string, Buffer>): Buffer {
  const checkpoints = [...notes.values()].map((note) => note.toString('utf8'));
  const line = JSON.stringify({ format: FORMAT, checkpoints } satisfies Kept);
  return Buffer.from(`${line}\n${formatHash(sha256(Buffer.from(line)))}\n`);
}

/** parseKept is the inverse of formatKept. Besides, the witness itself must have cosigned each of the notes. */
function parseKept(path: string, bytes: Buffer, verifierKey: VerifierKey): Map<string, Buffer> {
  if (bytes.length > MAX_STATE_BYTES) throw damaged(path, `is no state: it has more than ${MAX_STATE_BYTES} bytes`);
  const [, other] = OTHER_FORMAT.exec(bytes.toString('utf8', 0, 64)) ?? [];
  if (other !== undefined) {
    throw new AuditsealError(
      'VERSION_UNKNOWN',
      `the state file ${path} has another format: expected ${FORMAT}, got ${other}; use the release that wrote it`,
    );
  }
  const notes = new Map<string, Buffer>();
  try {
    const { checkpoints } = JSON.parse(bytes.toString('utf8', 0, Math.max(bytes.indexOf('\n'), 0))) as Kept;
    for (const text of checkpoints) {
      const note = Buffer.from(text);
      notes.set(parseCheckpoint(openNote(note, [verifierKey]).text).origin, note);
    }
  } catch (error) {
    const isAnothers = error instanceof AuditsealError && error.code === 'SIGNATURE_INVALID';
    throw damaged(
      path,
      isAnothers ? `holds a checkpoint that ${verifierKey.keyName} did not cosign` : 'is damaged',
      error,
    );
  }
  if (!formatKept(notes).equals(bytes)) throw damaged(path, 'is damaged');
  return notes;
}

const isSame = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other);

/** reasonOf gives the code of a fault of the operating system; SQLite has one code for all, and says the rest in words. */
function reasonOf(error: unknown): string {
  const { code = 'fault', message } = error as NodeJS.ErrnoException;
  return code === 'ERR_SQLITE_ERROR' ? `its lock: ${message}` : code;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
