import type { Findings } from './findings.ts';

/** DatedKind is what is compared with a clock. */
export type DatedKind = 'segment' | 'event' | 'batch' | 'report' | 'action' | 'cosignature';

/** How far the clocks of two machines may be apart. */
const SKEW_MS = 10 * 60_000;
/** How long after its batch a checkpoint may be cosigned. */
const COSIGNING_MS = 24 * 60 * 60_000;
const MAX_DATE_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Of a kind, objects beyond this many are only counted. */
const MAX_OF_A_KIND = 1000;

interface Dated {
  readonly object: string;
  readonly detail: string;
}

/**
 * ClockCheck finds what is dated ahead of a clock, and says so once for each kind, and of what is acknowledged by itself.
 * docs/format.md, section 10.2.
 */
export class ClockCheck {
  /** ms since the Unix epoch */
  readonly #now: number;
  readonly #found = new Map<DatedKind, { readonly listed: Dated[]; count: number }>();

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
    const found = this.#found.get(kind) ?? { listed: [], count: 0 };
    this.#found.set(kind, found);
    found.count += 1;
    if (found.listed.length < MAX_OF_A_KIND) found.listed.push({ object, detail });
  }

  /** finish says what was found; `acknowledged` is the objects of which operators know it. */
  finish(findings: Findings, acknowledged: ReadonlySet<string>): void {
    for (const { listed, count } of this.#found.values()) {
      const known = listed.filter(({ object }) => acknowledged.has(object));
      for (const { object, detail } of known) findings.say('clock-ahead', object, detail);
      const first = listed.find(({ object }) => !acknowledged.has(object));
      if (first === undefined) continue;
      const more = count - known.length - 1;
      const others = more === 0 ? '' : `; so it is with ${more} more`;
      findings.say('clock-ahead', first.object, first.detail + others);
    }
  }
}
