import { findChainHead } from './chainHead.ts';
import { createSegment } from './createSegment.ts';
import { planRuns } from './runs.ts';
import { AuditsealError } from '../core/errors.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { sealedAt } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { Gap } from '../core/segment/header.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import { sealSegment } from '../core/segment/writer.ts';
import type { SealedSegment } from '../core/segment/writer.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { Sessions } from '../ledger/session.ts';
import type { Clock, Delivery, Logger } from '../ports/host.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface IngestDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  /** the ledger's name; every segment carries it */
  readonly ledger: string;
  /** sign segments */
  readonly sessions: Sessions;
  /** whose segments count */
  readonly certificates: Certificates;
  /** bodies that share a segment have at most this many bytes together */
  readonly maxSegmentBytes: number;
  /** pause waits before another try; it gets the number of tries so far */
  readonly pause: (tries: number) => Promise<void>;
}

/** What one delivery added to the ledger. */
export interface IngestResult {
  segments: number;
  events: number;
  records: number;
  duplicates: number;
  rawBytes: number;
  storedBytes: number;
}

/** How many times a delivery that meets other writers plans again before the host has to deliver it anew. */
const MAX_TRIES = 8;

/** Ingest seals deliveries. It keeps the heads of the chains it wrote last; they are no state, only a saved look-up. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #heads = new Map<string, ChainHead>();

  constructor(deps: IngestDeps) {
    this.#deps = deps;
  }

  /**
   * seal resolves when every event of the delivery is in the ledger, once and in order, and throws otherwise. Only then
   * may the hub's position move. It is safe to repeat, and to run for one partition in two places at once.
   */
  async seal(delivery: Delivery, log: Logger): Promise<IngestResult> {
    const { partition } = delivery;
    let { events } = delivery;
    const result: IngestResult = { segments: 0, events: 0, records: 0, duplicates: 0, rawBytes: 0, storedBytes: 0 };
    const chain = { ...this.#deps, log };
    try {
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const head = this.#heads.get(partition) ?? (await findChainHead(chain, partition));
        const end = await this.#append(partition, head, events, result, log);
        if (end.isDone) {
          log.info('sealed', { partition, nextIndex: end.head.index, ...result });
          return result;
        }
        // Another writer has the name, or it was our own write whose response was lost: plan again from what is there.
        log.warn('name of the next segment is taken', { partition, index: end.head.index, tries });
        this.#heads.set(partition, await findChainHead(chain, partition, end.head.index));
        events = events.slice(end.sealed);
        if (tries > 1) await this.#deps.pause(tries);
      }
      const why = `other writers took every name that was tried in partition ${partition}`;
      throw new AuditsealError('CHAIN_CONTENDED', why);
    } catch (error) {
      // Whether the last write went through isn't known.
      this.#heads.delete(partition);
      throw error;
    }
  }

  /**
   * append writes the segments of what is new, one after the other, up to the first name that is taken. `sealed` is how
   * many of the events, from the first on, need no further thought.
   */
  async #append(
    partition: string,
    start: ChainHead,
    events: readonly SealableEvent[],
    result: IngestResult,
    log: Logger,
  ): Promise<{ isDone: boolean; head: ChainHead; sealed: number }> {
    const { runs, duplicates } = planRuns(start, events);
    if (runs.length === 0) announceFuture(log, partition, start, events, this.#deps.now());
    let head = start;
    let isFirst = true;
    let sealed = 0;
    for (const { incarnation, gaps, events: run } of runs) {
      announce(log, partition, head, incarnation, gaps);
      for (let from = 0; from < run.length;) {
        const time = sealedAt(head, this.#deps.now());
        // Without a certificate nothing is sealed: it throws, and the hub delivers again.
        const session = await this.#deps.sessions.at(time);
        const segment = sealSegment(
          {
            ledger: this.#deps.ledger,
            partition,
            index: head.index,
            kind: 'ingest',
            incarnation,
            sealed: time,
            previous: head.previous,
            prev: head.root,
            firstRecord: head.record,
            duplicates: isFirst ? duplicates : 0,
            gaps: from === 0 ? gaps : [],
          },
          run.slice(from) as [SealableEvent, ...SealableEvent[]],
          this.#deps.maxSegmentBytes,
        );
        // Durable point. Once this says 'created' the segment is final. If we die before the host moves its position, the
        // hub delivers these events again and they drop out as duplicates.
        const created = await createSegment(this.#deps.store, session, head, segment);
        if (created.head === undefined) return { isDone: false, head, sealed };
        if (isFirst) result.duplicates += duplicates;
        isFirst = false;
        sealed = events.indexOf(run[from + segment.taken - 1] as SealableEvent) + 1;
        count(result, segment, created.size, run.slice(from, from + segment.taken));
        ({ head } = created);
        this.#heads.set(partition, head);
        from += segment.taken;
      }
    }
    if (isFirst) result.duplicates += duplicates;
    this.#heads.set(partition, head);
    return { isDone: true, head, sealed: events.length };
  }
}

/** announce logs loudly what must not happen unseen. */
function announce(log: Logger, partition: string, head: ChainHead, incarnation: number, gaps: readonly Gap[]): void {
  if (incarnation !== head.incarnation) {
    log.error('event hub was re-created', { partition, incarnation, lastEvent: head.lastEvent });
  }
  for (const { first, last } of gaps) log.error('events are missing', { partition, first, last });
}

/**
 * announceFuture logs a delivery that was dropped as sealed before, where the newest segment is from the future: that clock is
 * ahead, or a stolen session says that events were sealed that the hub has only now. Up to its time nobody here can tell.
 */
function announceFuture(
  log: Logger,
  partition: string,
  { sealed }: ChainHead,
  events: readonly SealableEvent[],
  now: number,
): void {
  const [first, last] = [events[0]?.sequenceNumber, events.at(-1)?.sequenceNumber];
  if (first === undefined || last === undefined || sealed === '' || Date.parse(sealed) <= now + CLOCK_SKEW_MS) return;
  const fields = { partition, first, last, sealed, now: new Date(now).toISOString() };
  log.error('events are taken for sealed by a segment from the future', fields);
}

function count(
  result: IngestResult,
  segment: SealedSegment,
  storedBytes: number,
  events: readonly SealableEvent[],
): void {
  result.segments += 1;
  result.events += events.length;
  result.records += segment.header.records.count;
  result.storedBytes += storedBytes;
  for (const { body } of events) result.rawBytes += body.length;
}
