import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { callersPath, codeOf, reasonOf } from './files.ts';
import { unusable } from './usage.ts';

/** Sink takes results one by one, however many, and waits for a slow reader. */
export interface Sink {
  /** write gives false where the reader has seen enough, as head has: what is written then goes nowhere. */
  write(text: string): Promise<boolean>;
  /** close ends the results; nobody has all of them before. */
  close(): Promise<void>;
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
      write: async (text) => !isGone && (await writeTo(stdout, text)) && !isGone,
      close: async () => {
        stdout.off('error', leave);
        return Promise.resolve();
      },
    };
  }
  const stream = createWriteStream(callersPath(path), { flags: 'wx' });
  let fault: unknown;
  stream.on('error', (error) => (fault ??= error));
  const check = (): void => {
    if (fault === undefined) return;
    const isThere = codeOf(fault) === 'EEXIST';
    const why = isThere ? 'is there already, and is never overwritten' : `can't be written: ${reasonOf(fault)}`;
    throw unusable(`--out: ${path} ${why}`, fault);
  };
  await Promise.race([once(stream, 'open'), once(stream, 'close')]).catch(() => undefined);
  check();
  return {
    write: async (text) => {
      await writeTo(stream, text);
      check();
      return true;
    },
    close: async () => {
      if (!stream.destroyed) {
        stream.end();
        await once(stream, 'close').catch(() => undefined);
      }
      check();
    },
  };
}

/** writeTo waits for a slow reader, and tells whether there still is one. Why there is none, the stream's own listener is told. */
async function writeTo(stream: Writable, text: string): Promise<boolean> {
  if (stream.destroyed) return false;
  if (stream.write(text)) return true;
  const listening = new AbortController();
  const { signal } = listening;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined);
  listening.abort();
  return !stream.destroyed;
}
