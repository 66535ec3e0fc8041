import { trustOf } from './entryProof.ts';
import type { ProveDeps } from './entryProof.ts';
import { isAnswer } from './foundEntry.ts';
import type { EntryQuestion, FoundEntry } from './foundEntry.ts';
import { attempt } from '../core/errors.ts';
import { parseEntry, placeOf } from '../core/objects/entry.ts';
import { NO_POSITION } from '../core/objects/heads.ts';
import { fromTheFirst, readBatches } from '../ledger/batches.ts';

/**
 * findByReading reads the log from its first batch on, and judges each as the log does: an entry counts if it is the next one of its
 * partition, and before where its batch's heads lead. This is for who can't be sure otherwise, since it reads all batches.
 */
export async function findByReading(
  { store, verifiers }: ProveDeps,
  partition: string,
  question: EntryQuestion,
): Promise<FoundEntry | undefined> {
  const start = fromTheFirst();
  let size = 0;
  let next = 0;
  for await (const batch of readBatches(store, trustOf({ verifiers }), start)) {
    if (!('entries' in batch)) continue;
    const { number, entries, heads } = batch;
    start.tree.takeFiles();
    const end = (heads.positions.get(partition) ?? NO_POSITION).next;
    for (const [offset, line] of entries.entries()) {
      const entry = attempt(() => parseEntry(line), 'malformed');
      const place = entry && placeOf(entry);
      if (place?.partition !== partition || place.index !== next || next >= end) continue;
      next += 1;
      if (entry?.type === 'segment' && isAnswer(question, entry))
        return { entry, line: Buffer.from(line), batch: number, leaf: size + offset };
    }
    size += entries.length;
  }
  return undefined;
}
