import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KeptLog } from './keptLog.ts';
import type { Ledger } from './loggedLedger.ts';
import { integrateOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';

/** writeLogMirror writes a mirror of segments, taken into the log two at a time, with its tiles. */
export async function writeLogMirror(mirror: string, segments: Iterable<readonly [string, Buffer]>): Promise<void> {
  const store = new MemoryStore(segments);
  const tiles = new MemoryTiles();
  await integrateOf(store, tiles, { limits: { objects: 2, storedBytes: 1e9 } }).run(new KeptLog());
  await writeMirror(mirror, { store, tiles });
}

/** writeMirror writes a mirror of a ledger, with its tiles. */
export async function writeMirror(mirror: string, { store, tiles }: Ledger): Promise<void> {
  const tlog = [...tiles.objects].map(([name, bytes]) => [`tlog/${name}`, bytes] as const);
  for (const [name, bytes] of [...store.objects, ...tlog]) {
    await mkdir(dirname(join(mirror, name)), { recursive: true });
    await writeFile(join(mirror, name), bytes);
  }
}
