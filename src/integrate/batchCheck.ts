import { documentLine } from './documents.ts';
import type { SourceDeps } from './source.ts';
import { AuditsealError } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { isSameEntry, nameIn, parseEntry, placeOf } from '../core/objects/entry.ts';
import type { LogEntry } from '../core/objects/entry.ts';
import { NO_POSITION, formatHeads, headsOf, isHeadsLine } from '../core/objects/heads.ts';
import type { DocumentCounts, LogPosition, Position } from '../core/objects/heads.ts';
import { judgeObject } from '../core/objects/judge.ts';
import { batchName, parseDocumentName } from '../core/objects/names.ts';
import type { Batch } from '../ledger/batches.ts';
import { Semaphore } from '../ledger/concurrency.ts';
import { readObject } from '../ledger/objects.ts';

/**
 * checkBatch re-computes a batch that somebody else made from the objects it speaks of, and gives its heads. Whoever may
 * create objects could have made it, so it is not signed unless it says what we would say. Entries of types that this
 * version doesn't know pass. It throws BATCH_MALFORMED for anything else.
 */
export async function checkBatch(
  deps: SourceDeps,
  { number, entries }: Batch,
  before: LogPosition,
): Promise<LogPosition> {
  const refuse = (why: string): AuditsealError =>
    new AuditsealError('BATCH_MALFORMED', `${batchName(number)} can't be signed: ${why}`);
  const lines = entries.filter((line) => !isHeadsLine(line));
  const parsed = lines.map((line) => ({ line, entry: parseEntry(line), place: placeOf(parseEntry(line)) }));
  const semaphore = new Semaphore(deps.concurrency);
  const objects = parsed.map(
    async ({ place }) => place && semaphore.run(() => readObject(deps, place.partition, place.index)),
  );
  try {
    const positions = new Map<string, Position>(before.positions);
    let documents: DocumentCounts = before.documents;
    for (const [i, { line, entry, place }] of parsed.entries()) {
      const document = parseDocumentName(nameIn(entry) ?? '');
      if (place !== undefined) {
        const { partition, index } = place;
        const position = positions.get(partition) ?? NO_POSITION;
        const object = await objects[i];
        if (object === undefined || index !== position.next) throw refuse(`entry ${i} is not of the next object`);
        const judgement = judgeObject(object, position, deps.origin);
        if (!isSameEntry(line, entry, judgement.line)) throw refuse(`entry ${i} is not what its object says`);
        positions.set(partition, judgement.position);
      } else if (document !== undefined) {
        const { type, number } = document;
        const expected = await documentLine(deps.store, document, sizeOf(entry));
        if (expected?.line.equals(line) !== true || number !== documents[type])
          throw refuse(`entry ${i} is not what its ${type} says`);
        documents = { ...documents, [type]: number + 1 };
      } else if (entry.type !== 'opaque') throw refuse(`entry ${i} is of nothing that has an entry`);
    }
    const { time } = headsOf(entries);
    // Signed, it would keep the log from ever looking stale. A host whose clock is ahead has only to be waited for.
    if (Date.parse(time) > deps.now() + CLOCK_SKEW_MS) throw refuse(`it is dated ${time}, which is to come`);
    const heads = { time, documents, positions };
    const expected = [...lines, ...formatHeads(heads)];
    if (expected.length !== entries.length || expected.some((line, i) => !line.equals(entries[i] as Buffer)))
      throw refuse('its heads are not where its entries lead');
    return heads;
  } finally {
    await Promise.allSettled(objects);
  }
}

/** sizeOf gives the size that an entry states. Of an object too large to be read nothing else is known. */
const sizeOf = (entry: LogEntry): number => ('size' in entry ? entry.size : 0);
