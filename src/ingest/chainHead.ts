import { AuditsealError } from '../core/errors.ts';
import { parseSegmentName, segmentName } from '../core/objects/names.ts';
import { NO_CHAIN, chains, nextHead, predecessorOf, segmentFault } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { SegmentHeader } from '../core/segment/header.ts';
import { summarizeSegment } from '../core/segment/summary.ts';
import type { SegmentSummary } from '../core/segment/summary.ts';
import { firstFree } from '../ledger/dense.ts';
import { TOO_LARGE_SEGMENT } from '../ledger/objects.ts';
import type { Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

/**
 * findChainHead finds a partition's head by asking which names exist, from `from` on, and reads the last segment and the
 * one before.
 *
 * A head that doesn't chain isn't believed: what has taken its name is skipped and logged as foreign. If a name before it
 * is free, the names were not dense; then the listing decides where the first free name is.
 */
export async function findChainHead(
  deps: { readonly store: ObjectStore; readonly log: Logger; readonly ledger: string },
  partition: string,
  from = 0,
): Promise<ChainHead> {
  const end = await firstFree((index) => deps.store.exists(segmentName(partition, index)), from);
  const head = await believe(deps, partition, end);
  if (head !== undefined) return head;
  const listed = await firstFreeListed(deps.store, partition);
  deps.log.error('names of segments are not dense', { partition, firstFree: listed, found: end });
  const dense = await believe(deps, partition, listed);
  if (dense !== undefined) return dense;
  throw new AuditsealError('STORE_UNAVAILABLE', `segments/${partition}/ changes while it is read`);
}

async function firstFreeListed(store: ObjectStore, partition: string): Promise<number> {
  let free = 0;
  for await (const { name } of store.list(`segments/${partition}/`)) {
    const index = parseSegmentName(name)?.index;
    if (index === undefined || index < free) continue;
    if (index > free) break;
    free++;
  }
  return free;
}

/** believe gives the head before the free index `end`, or undefined if a name before it turns out to be free. */
async function believe(
  { store, log, ledger }: { readonly store: ObjectStore; readonly log: Logger; readonly ledger: string },
  partition: string,
  end: number,
): Promise<ChainHead | undefined> {
  const skipped: number[] = [];
  let candidate = end > 0 ? await readSummary(store, partition, end - 1) : undefined;
  for (let index = end - 1; index >= 0;) {
    if (candidate === undefined) return undefined;
    const fault = segmentFault(candidate, partition, index);
    const before = candidate.ok && fault === undefined ? predecessorOf(candidate.header) : index - 1;
    const previous = before >= 0 ? await readSummary(store, partition, before) : undefined;
    if (before >= 0 && previous === undefined) return undefined;
    if (candidate.ok && fault === undefined && chains(candidate.header, previous)) {
      if (candidate.header.ledger !== ledger) {
        const why = `the container holds the ledger ${JSON.stringify(candidate.header.ledger)}, not ${JSON.stringify(ledger)}`;
        throw new AuditsealError('CONFIG_INVALID', `LEDGER_ORIGIN: ${why}`);
      }
      const lastEnqueued = await findLastEnqueued(store, partition, candidate.header);
      if (lastEnqueued === undefined) return undefined;
      return { ...nextHead(candidate.header, candidate.root), lastEnqueued, index: end, skipped };
    }
    const why = fault ?? 'it does not name the root of the segment before';
    log.error('foreign object in the place of a segment', { object: segmentName(partition, index), why });
    skipped.unshift(index);
    candidate = before === index - 1 ? previous : await readSummary(store, partition, index - 1);
    index--;
  }
  return { ...NO_CHAIN, index: end, skipped };
}

/** findLastEnqueued gives the time of a chain's last event, which segments without events need not name. */
async function findLastEnqueued(
  store: ObjectStore,
  partition: string,
  header: SegmentHeader,
): Promise<string | undefined> {
  while (header.events.enqueuedLast === undefined) {
    const before = predecessorOf(header);
    if (before < 0) return '';
    const previous = await readSummary(store, partition, before);
    if (previous?.ok !== true) return undefined;
    header = previous.header;
  }
  return header.events.enqueuedLast;
}

async function readSummary(store: ObjectStore, partition: string, index: number): Promise<SegmentSummary | undefined> {
  const name = segmentName(partition, index);
  const stored = await store.read(name);
  if (stored === 'too-large') return TOO_LARGE_SEGMENT;
  const summary = stored && summarizeSegment(stored);
  if (summary?.ok === false && summary.versionUnknown) {
    throw new AuditsealError('VERSION_UNKNOWN', `${name}: ${summary.why}; a newer release writes this ledger`);
  }
  return summary;
}
