import type { Values } from '../core/fields/shownValues.ts';
import type { Seal } from '../core/segment/recordLine.ts';

/** Hit is a record that was found. */
export interface Hit {
  readonly partition: string;
  readonly record: number;
  readonly segment: string;
  /** number of its line in the segment; the header is line 0 */
  readonly leaf: number;
  /** number of its segment's entry in the log; undefined for what the log doesn't have yet */
  readonly entry: number | undefined;
  readonly enqueued: string;
  /** how its line holds it, as its seal says */
  readonly form: Seal['form'];
  readonly values: Values;
  /** it was found as text: it isn't JSON, or no rule takes anything of it */
  readonly isText: boolean;
  /** its line, without the LF */
  readonly line: Buffer;
}
