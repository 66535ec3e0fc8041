import type { Dirent, Stats } from 'node:fs';
import { readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { EventDataBatch } from '@azure/event-hubs';

/** Body is one event body and the file that it comes from. */
export interface Body {
  readonly file: string;
  readonly bytes: Buffer;
}

/** No event hub takes a larger event, with all that is around its body. */
const MOST_BYTES = 1024 * 1024;

/**
 * readBodies reads every file below a folder, in order of name; each is one event body. README.md of the examples is none.
 * What is neither a file nor a folder, nor a link to a file, is left out, and `leaveOut` is told what it is.
 */
export async function readBodies(
  folder: string,
  isExamples: boolean,
  leaveOut: (path: string, kind: string) => void = () => {},
): Promise<Body[]> {
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() !== true) throw new Error(`--input: ${folder} is not a folder`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(unreadable(folder));
  const bodies: Body[] = [];
  const tooLarge: string[] = [];
  // One after the other: there may be more files than a process may have open.
  for (const entry of entries.toSorted((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1))) {
    if (entry.isDirectory() || (isExamples && entry.name === 'README.md')) continue;
    const file = pathOf(entry);
    const found = entry.isSymbolicLink() ? await stat(file).catch(() => undefined) : entry;
    if (found?.isFile() !== true) leaveOut(file, kindOf(entry, found));
    else {
      const bytes = await readBody(file).catch(unreadable(file));
      if (typeof bytes === 'number') tooLarge.push(`${file} has ${bytes} bytes`);
      else bodies.push({ file, bytes });
    }
  }
  if (tooLarge.length > 0) {
    const more = tooLarge.length > 1 ? `, and ${tooLarge.length - 1} more files are too large` : '';
    throw new Error(
      `--input: ${tooLarge[0]}${more}; an event hub takes events below 1 MB: take such files out, or cut them up`,
    );
  }
  if (bodies.length === 0) throw new Error(`--input: ${folder} holds no file`);
  return bodies;
}

const pathOf = ({ parentPath, name }: Dirent): string => join(parentPath, name);

const unreadable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    // readdir names the folder below that it failed at.
    throw new Error(`--input: ${error.path ?? path} can't be read: ${error.code ?? error.message}`, { cause: error });
  };

/** readBody reads a file, or gives the size of one that is too large. */
async function readBody(file: string): Promise<Buffer | number> {
  const { size } = await stat(file);
  return size > MOST_BYTES ? size : readFile(file);
}

function kindOf(entry: Dirent, target: Stats | Dirent | undefined): string {
  if (target === undefined) return 'a link to nothing';
  if (target.isDirectory()) return 'a link to a folder';
  if (target.isFIFO()) return 'a named pipe';
  if (target.isSocket()) return 'a socket';
  return entry.isSymbolicLink() ? 'a link to no file' : 'no file';
}

/** Feed is what was sent: how much, and the last sequence number of each partition that got something. */
export interface Feed {
  readonly events: number;
  readonly bytes: number;
  readonly last: ReadonlyMap<string, number>;
}

/**
 * sendBodies sends each body `repeat` times, as it is, over all partitions in turn, with as many in a batch as fit. It
 * is what a diagnostic setting does, through the same protocol. `abortSignal` ends it early, with an error.
 */
export async function sendBodies(
  connectionString: string,
  hubName: string,
  bodies: readonly Body[],
  repeat: number,
  onProgress: (events: number, bytes: number) => void,
  abortSignal?: AbortSignal,
): Promise<Feed> {
  const options = abortSignal === undefined ? {} : { abortSignal };
  const producer = new EventHubProducerClient(connectionString, hubName);
  try {
    const partitions = await producer.getPartitionIds(options);
    const batches = new Map<string, EventDataBatch>();
    const last = new Map<string, number>();
    let events = 0;
    let bytes = 0;
    const send = async (partition: string): Promise<void> => {
      const batch = batches.get(partition);
      if (batch === undefined || batch.count === 0) return;
      batches.delete(partition);
      await producer.sendBatch(batch, options);
      last.set(partition, 0);
      onProgress(events, bytes);
    };
    for (let turn = 0; turn < repeat; turn++) {
      for (const { file, bytes: body } of bodies) {
        const partition = partitions[events % partitions.length] as string;
        const add = async (): Promise<boolean> => {
          const batch = batches.get(partition) ?? (await producer.createBatch({ ...options, partitionId: partition }));
          batches.set(partition, batch);
          return batch.tryAdd({ body });
        };
        if (!(await add())) {
          await send(partition);
          if (!(await add())) throw new Error(`${file} has ${body.length} bytes; an event hub takes events below 1 MB`);
        }
        events += 1;
        bytes += body.length;
      }
    }
    for (const partition of partitions) await send(partition);
    for (const partition of last.keys()) {
      last.set(partition, (await producer.getPartitionProperties(partition, options)).lastEnqueuedSequenceNumber);
    }
    return { events, bytes, last };
  } finally {
    await producer.close();
  }
}

/** addRawBytes keeps count of the bytes that were ever sent to the hub of a data folder, and gives the new total. */
export async function addRawBytes(dataDir: string | undefined, bytes: number): Promise<number> {
  if (dataDir === undefined) return bytes;
  const path = join(dataDir, 'fed.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"rawBytes":0}';
    throw error;
  });
  const rawBytes = (JSON.parse(text) as { rawBytes: number }).rawBytes + bytes;
  await writeFile(`${path}.partial`, JSON.stringify({ rawBytes }));
  await rename(`${path}.partial`, path);
  return rawBytes;
}
