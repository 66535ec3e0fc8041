import type { Findings } from './findings.ts';

/** DatedKind is what is compared with a clock. */
export type DatedKind = 'segment' | 'event' | 'batch' | 'report' | 'action' | 'cosignature';

/** How far the clocks of two machines may be apart. */
const SKEW_MS = 10 * 60_000;
/** How long after its batch a checkpoint may be cosigned. */
const COSIGNING_MS = 24 * 60 * 60_000;
const MAX_DATE_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** ClockCheck finds what is dated ahead of a clock, and says so once for each kind. docs/format.md, section 10.2. */
export class ClockCheck {
  /** ms since the Unix epoch */
  readonly #now: number;
  readonly #found = new Map<DatedKind, { readonly object: string; readonly detail: string; count: number }>();

  constructor(now: number) {
    this.#now = now;
  }

  /** date compares when an object says that it was made with this device's clock. */
  date(kind: DatedKind, object: string, time: string): void {
    if (Date.parse(time) <= this.#now + SKEW_MS) return;
    this.#add(kind, object, `it is dated ${time}, and by this clock it is ${new Date(this.#now).toISOString()}`);
  }

  /** event compares the latest time of a segment's events, '' if it has none, with when it was sealed. */
  event(object: string, enqueued: string, sealed: string): void {
    if (enqueued === '' || Date.parse(enqueued) <= Date.parse(sealed) + SKEW_MS) return;
    this.#add('event', object, `one of its events was enqueued at ${enqueued}, and it was sealed at ${sealed}`);
  }

  /** cosignature compares a witness's time, in seconds since the Unix epoch, with that of its checkpoint's batch. */
  cosignature(object: string, seconds: number, batch: string): void {
    const late = seconds * 1000 - Date.parse(batch);
    if (late >= -SKEW_MS && late <= COSIGNING_MS) return;
    const time = seconds * 1000 > MAX_DATE_MS ? `${seconds} s after 1970` : new Date(seconds * 1000).toISOString();
    this.#add('cosignature', object, `it is dated ${time}, and the batch of its checkpoint ${batch}`);
  }

  #add(kind: DatedKind, object: string, detail: string): void {
    const found = this.#found.get(kind);
    if (found === undefined) this.#found.set(kind, { object, detail, count: 1 });
    else found.count += 1;
  }

  /** finish says what was found. */
  finish(findings: Findings): void {
    for (const { object, detail, count } of this.#found.values())
      findings.say('clock-ahead', object, count === 1 ? detail : `${detail}; so it is with ${count - 1} more`);
  }
}
