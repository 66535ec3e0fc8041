/** Posted is what came of posting rows. What isn't taken may have arrived all the same, where the answer was lost. */
export type Posted =
  | { readonly is: 'taken' }
  /** ask again later, not before that many milliseconds */
  | { readonly is: 'throttled'; readonly afterMs: number; readonly why: string }
  /** it doesn't answer, or failed: try again */
  | { readonly is: 'unavailable'; readonly why: string }
  /** these rows, or so many at once, are not taken as they are */
  | { readonly is: 'rejected'; readonly why: string }
  /** no rows of this app are taken: a role, the rule or the stream is missing */
  | { readonly is: 'refused'; readonly why: string };

/** Row is a row of the table, its values by the names of the columns. */
export type Row = Readonly<Record<string, string | number>>;

/** RowSink takes rows for a table elsewhere. It never rejects, and ends in a time that is bounded. */
export interface RowSink {
  /** post hands on rows, in one request: at least one, and as JSON together no more than MAX_POST_BYTES. */
  post(rows: readonly Row[]): Promise<Posted>;
}

/** MAX_POST_BYTES is the size of the JSON of one request that every sink takes. */
export const MAX_POST_BYTES = 950_000;

/** ForwardTarget is the data collection rule that rows are posted to. */
export interface ForwardTarget {
  /** its address */
  readonly endpoint: string;
  /** its immutable id */
  readonly rule: string;
}

/** PositionBlob is the bytes of a stored position, and the version of them that a replacement names. */
export interface PositionBlob {
  readonly bytes: Buffer;
  readonly version: string;
}

/**
 * PositionStore keeps one small object that may be replaced, for one ledger. Faults are STORE_UNAVAILABLE and STORE_REFUSED. Nothing in
 * it is believed without a signature.
 */
export interface PositionStore {
  /** read gives what is stored, or undefined before the first; 'too-large' for what can be no position. */
  read(): Promise<PositionBlob | 'too-large' | undefined>;
  /**
   * replace stores bytes if what is stored is still of that version, or if nothing is, for undefined. It gives the new version, or
   * undefined where something else is stored: somebody else was first, or an answer to this very call was lost and it was repeated.
   */
  replace(version: string | undefined, bytes: Uint8Array): Promise<string | undefined>;
}
