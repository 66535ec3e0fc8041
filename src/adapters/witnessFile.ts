import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withoutSecret } from '../config/secrets.ts';
import { syncFolder } from './syncFolder.ts';
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

const naming = (path: string): string => `the state file ${withoutSecret(path)}`;

const damaged = (path: string, why: string, cause?: unknown): AuditsealError =>
  new AuditsealError(
    'TARGET_INVALID',
    `${naming(path)} ${why}; put back its newest copy, or retire the key: a witness that has forgotten what it ` +
      'cosigned can be made to cosign a fork',
    { cause },
  );

/**
 * WitnessFile keeps the state of a witness in one file, which is replaced whole. Next to it, `<file>.next` is the write
 * under way; only one can be, and so it keeps other processes out.
 */
export class WitnessFile implements WitnessState {
  readonly #path: string;
  readonly #verifierKey: VerifierKey;
  #notes: ReadonlyMap<string, Buffer>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, verifierKey: VerifierKey, notes: ReadonlyMap<string, Buffer>) {
    this.#path = path;
    this.#verifierKey = verifierKey;
    this.#notes = notes;
  }

  /**
   * open reads the file of the witness with that key, and makes a missing one, which `isNew` tells. It throws TARGET_INVALID
   * for a file that isn't as it was written.
   */
  static async open(path: string, verifierKey: VerifierKey): Promise<{ state: WitnessFile; isNew: boolean }> {
    try {
      // What a witness left behind that was killed; it had not answered yet.
      await unlink(`${path}.next`).catch(ignoreMissing);
      const bytes = await readFile(path).catch(ignoreMissing);
      const notes = bytes === undefined ? new Map<string, Buffer>() : parseKept(path, bytes, verifierKey);
      const state = new WitnessFile(path, verifierKey, notes);
      if (bytes === undefined) await state.#write(notes, false);
      return { state, isNew: bytes === undefined };
    } catch (error) {
      if (error instanceof AuditsealError) throw error;
      throw new AuditsealError('TARGET_INVALID', `${naming(path)} can't be used (${codeOf(error)})`, {
        cause: error,
      });
    }
  }

  async read(origin: string): Promise<Buffer | undefined> {
    return this.#notes.get(origin);
  }

  replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'> {
    const turn = this.#last.then(() => this.#replace(origin, before, next));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'> {
    if (!isSame(this.#notes.get(origin), before)) return 'changed';
    try {
      return await this.#write(new Map(this.#notes).set(origin, next), true);
    } catch (error) {
      if (error instanceof AuditsealError) throw error;
      throw new AuditsealError('STORE_UNAVAILABLE', `${naming(this.#path)} can't be written (${codeOf(error)})`, {
        cause: error,
      });
    }
  }

  /** write replaces the file by these notes, unless another process did since this one read it. */
  async #write(notes: ReadonlyMap<string, Buffer>, isThere: boolean): Promise<'replaced' | 'changed'> {
    const partial = `${this.#path}.next`;
    const file = await open(partial, 'wx');
    let isRenamed = false;
    try {
      const found = await readFile(this.#path).catch(ignoreMissing);
      if (found === undefined && isThere) throw damaged(this.#path, 'was removed while the witness ran');
      if (found !== undefined && !found.equals(formatKept(this.#notes))) {
        this.#notes = parseKept(this.#path, found, this.#verifierKey);
        return 'changed';
      }
      await file.writeFile(formatKept(notes));
      await file.sync();
      await file.close();
      await rename(partial, this.#path);
      isRenamed = true;
    } finally {
      await file.close().catch(() => {});
      if (!isRenamed) await unlink(partial).catch(ignoreMissing);
    }
    await syncFolder(dirname(this.#path));
    // Durable point. If the witness dies before, it never answered; the file may hold the old notes or the new ones.
    this.#notes = notes;
    return 'replaced';
  }
}

function formatKept(notes: ReadonlyMap<string, Buffer>): Buffer {
  const checkpoints = [...notes.values()].map((note) => note.toString('utf8'));
  const line = JSON.stringify({ format: FORMAT, checkpoints } satisfies Kept);
  return Buffer.from(`${line}\n${formatHash(sha256(Buffer.from(line)))}\n`);
}

/** parseKept is the inverse of formatKept. Besides, the witness itself must have cosigned each of the notes. */
function parseKept(path: string, bytes: Buffer, verifierKey: VerifierKey): Map<string, Buffer> {
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

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'fault';

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
