/** FindingCode is one of docs/format.md, section 8.1. */
export type FindingCode =
  | 'chain-broken'
  | 'segment-missing'
  | 'segment-malformed'
  | 'segment-changed'
  | 'sequence-gap'
  | 'sequence-overlap'
  | 'foreign-object'
  | 'entry-mismatch'
  | 'tile-mismatch'
  | 'checkpoint-invalid'
  | 'checkpoint-inconsistent'
  | 'checkpoint-stale'
  | 'cosignature-invalid'
  | 'not-integrated';

/** Finding is one thing that is wrong, with the name of the object. */
export interface Finding {
  readonly code: FindingCode;
  readonly object: string;
  readonly detail: string;
}

/** Unreadable is an object that is there and could not be read. */
export interface Unreadable {
  readonly object: string;
  readonly why: string;
}

const MAX_LISTED = 1000;

/** Findings collects what is wrong: what is said twice counts once, and beyond 1,000 they are only counted. */
export class Findings {
  readonly listed: Finding[] = [];
  omitted = 0;
  readonly unreadable: Unreadable[] = [];
  readonly #seen = new Set<string>();

  say = (code: FindingCode, object: string, detail: string): void => {
    const key = JSON.stringify([code, object, detail]);
    if (this.#seen.has(key)) return;
    if (this.listed.length === MAX_LISTED) {
      this.omitted += 1;
      return;
    }
    this.#seen.add(key);
    this.listed.push({ code, object, detail });
  };

  unread = (object: string, why: string): void => {
    if (!this.unreadable.some((known) => known.object === object)) this.unreadable.push({ object, why });
  };

  get isViolated(): boolean {
    return this.listed.length > 0;
  }
}
