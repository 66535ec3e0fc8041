import type { EvidenceQuery } from '../../src/prove/api.ts';
import type { ProveDeps } from '../../src/prove/entryProof.ts';
import { EvidenceThread } from '../../src/threads/evidenceThread.ts';
import { KeptLog } from './keptLog.ts';
import { KEY, integrateOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';

/** Logged is a ledger with its log, all in memory. */
export interface Logged extends ProveDeps {
  readonly store: MemoryStore;
  readonly tiles: MemoryTiles;
}

/** logged takes objects into a log. */
export async function logged(objects: Map<string, Buffer>): Promise<Logged> {
  const [store, tiles] = [new MemoryStore(objects), new MemoryTiles()];
  await integrateOf(store, tiles, { limits: { objects: 10, storedBytes: 1e9 } }).run(new KeptLog());
  return { store, tiles, verifiers: [KEY.verifierKey] };
}

const threads = new Set<EvidenceThread>();
afterEach(async () => {
  for (const thread of threads) await thread.close();
  threads.clear();
});

/** threadFor gives a thread that ends with the test. */
export function threadFor(deps: ProveDeps, waitMs?: number): EvidenceThread {
  const thread = new EvidenceThread(deps, waitMs);
  threads.add(thread);
  return thread;
}

/** query asks for a record of partition 0. */
export const query = (record: number): EvidenceQuery => ({ partition: '0', record: String(record) });
