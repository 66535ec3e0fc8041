import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { callersPath, codeOf, reasonOf } from './files.ts';
import { unusable } from './usage.ts';

/** Sink takes results one by one, however many, and waits for a slow reader. */
export interface Sink {
  /** write gives false where the reader has seen enough, as head has: what is written then goes nowhere. */
  write(piece: string | Uint8Array): Promise<boolean>;
  /** close ends the results; nobody has all of them before. What a file has is then on its disk, and is given; of standard output nothing is. */
  close(): Promise<Written | undefined>;
}

/** Written is what went into a sink: how many bytes, and their SHA-256 in hex. */
export interface Written {
  readonly size: number;
  readonly sha256: string;
}

/** Digest counts and hashes what is written. */
class Digest {
  readonly #hash = createHash('sha256');
  #size = 0;

  add(piece: string | Uint8Array): Uint8Array {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.#hash.update(bytes);
    this.#size += bytes.length;
    return bytes;
  }

  end(): Written {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }
}

/** openSink opens a file that isn't there yet, or standard output. What is written is harmless already: it may come to a terminal later. */
export async function openSink(path: string | undefined): Promise<Sink> {
  if (path === undefined) {
    const { stdout } = process;
    // A pipe of the standard output stays open for its writer when its reader has gone.
    let isGone = false;
    const leave = (): void => void (isGone = true);
    stdout.once('error', leave);
    return {
      write: async (piece) => !isGone && (await writeTo(stdout, piece)) && !isGone,
      close: async () => {
        stdout.off('error', leave);
        return Promise.resolve(undefined);
      },
    };
  }
  const digest = new Digest();
  const stream = createWriteStream(callersPath(path), { flags: 'wx', flush: true });
  let isOpen = false;
  // Without a listener it would end the program. What went wrong, the stream knows before it says so: it closes its file first.
  stream.on('error', () => {});
  const check = (): void => {
    const fault = stream.errored;
    if (fault === null) return;
    const isThere = !isOpen && codeOf(fault) === 'EEXIST';
    const why = isThere ? 'is there already, and is never overwritten' : `can't be written: ${reasonOf(fault)}`;
    throw unusable(`--out: ${path} ${why}`, fault);
  };
  await Promise.race([once(stream, 'open'), once(stream, 'close')]).catch(() => undefined);
  check();
  isOpen = true;
  return {
    write: async (piece) => {
      await writeTo(stream, digest.add(piece));
      check();
      return true;
    },
    close: async () => {
      stream.end();
      if (!stream.closed) await once(stream, 'close').catch(() => undefined);
      check();
      return digest.end();
    },
  };
}

/** writeTo waits for a slow reader, and tells whether there still is one. Why there is none, the stream's own listener is told. */
async function writeTo(stream: Writable, piece: string | Uint8Array): Promise<boolean> {
  if (stream.destroyed) return false;
  if (stream.write(piece)) return true;
  const listening = new AbortController();
  const { signal } = listening;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined);
  listening.abort();
  return !stream.destroyed;
}
