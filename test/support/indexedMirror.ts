import { timeOf } from './forge.ts';
import { ingestOf, sealAll } from './hub.ts';
import { indexedLog } from './indexScene.ts';
import { KeptLog } from './keptLog.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';

/** sealIntoMirror seals bodies in a folder, one an event and a second, from the event of that number on, and integrates and indexes them. */
export async function sealIntoMirror(
  folder: string,
  bodies: readonly (object | string | Buffer)[],
  first = 0,
  partition = '0',
): Promise<void> {
  const store = new MirrorStore(folder);
  const events = bodies.map((body, n) => ({
    sequenceNumber: first + n,
    enqueued: timeOf(first + n),
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  }));
  await sealAll(ingestOf(store), events, partition);
  const log = indexedLog(store, new FolderTileStore(folder));
  // The second run states the index of what the first one signed.
  for (let i = 0; i < 2; i++) await log.run(new KeptLog());
}
