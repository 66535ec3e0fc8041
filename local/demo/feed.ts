import { readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import type { EventDataBatch } from '@azure/event-hubs';

/** Body is one event body and the file that it comes from. */
export interface Body {
  readonly file: string;
  readonly bytes: Buffer;
}

/** readBodies reads every file below a folder, in order of name; each is one event body. README.md of the examples is none. */
export async function readBodies(folder: string, isExamples: boolean): Promise<Body[]> {
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() !== true) throw new Error(`--input: ${folder} is not a folder`);
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !(isExamples && entry.name === 'README.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new Error(`--input: ${folder} holds no file`);
  return Promise.all(files.map(async (file) => ({ file, bytes: await readFile(file) })));
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
