import type { Findings } from './findings.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { Clock } from '../ports/host.ts';

/** DatedKind is what is compared with a clock: by object, or by what in one. */
export type DatedKind = 'segment' | 'event' | 'batch' | 'report' | 'action' | 'cosignature';

/** A witness that can't be reached cosigns later. */
const COSIGNING_MS = 24 * 60 * 60_000;

/** The last time that Date prints with four digits of the year. */
const MAX_DATE_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Objects of a kind beyond this many are only counted: nobody can acknowledge them one by one. */
const MAX_OF_A_KIND = 1000;

interface Ahead {
  readonly listed: { readonly object: string; readonly detail: string }[];
  count: number;
}

/** ClockCheck finds what is dated ahead of a clock. It says so once for each kind, and of what is acknowledged by itself. */
export class ClockCheck {
  readonly #now: Clock;
  readonly #found = new Map<DatedKind, Ahead>();

  constructor(now: Clock) {
    this.#now = now;
  }

  /** date compares when an object says that it was made with this checker's clock. */
  date(kind: DatedKind, object: string, time: string): void {
    const now = this.#now();
    if (Date.parse(time) <= now + CLOCK_SKEW_MS) return;
    this.#add(kind, object, `it is dated ${time}, and by this checker's clock it is ${new Date(now).toISOString()}`);
  }

  /** event compares the latest time of a segment's events with when it was sealed. */
  event(object: string, enqueued: string, sealed: string): void {
    if (enqueued === '' || Date.parse(enqueued) <= Date.parse(sealed) + CLOCK_SKEW_MS) return;
    this.#add('event', object, `one of its events was enqueued at ${enqueued}, and it was sealed at ${sealed}`);
  }

  /** cosignature compares a cosignature's time, in seconds since the Unix epoch, with that of its checkpoint's batch. */
  cosignature(object: string, seconds: number, batch: string): void {
    const late = seconds * 1000 - Date.parse(batch);
    if (late >= -CLOCK_SKEW_MS && late <= COSIGNING_MS) return;
    // A witness may state any number.
    const time = seconds * 1000 <= MAX_DATE_MS ? new Date(seconds * 1000).toISOString() : `${seconds} s after 1970`;
    this.#add('cosignature', object, `it is dated ${time}, and the batch of its checkpoint ${batch}`);
  }

  #add(kind: DatedKind, object: string, detail: string): void {
    const found = this.#found.get(kind) ?? { listed: [], count: 0 };
    this.#found.set(kind, found);
    found.count += 1;
    if (found.listed.length < MAX_OF_A_KIND) found.listed.push({ object, detail });
  }

  /** finish says what was found; `acknowledged` is the objects of which operators know it. */
  finish(findings: Findings, acknowledged: ReadonlySet<string>): void {
    for (const { listed, count } of this.#found.values()) {
      const known = listed.filter(({ object }) => acknowledged.has(object));
      for (const { object, detail } of known) findings.warn('clock-ahead', object, detail);
      const first = listed.find(({ object }) => !acknowledged.has(object));
      if (first === undefined) continue;
      const more = count - known.length - 1;
      const others = more === 0 ? '' : `; the same is so of ${more} more`;
      findings.warn('clock-ahead', first.object, first.detail + others);
    }
  }
}
