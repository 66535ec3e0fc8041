import type { TakenValue } from './match.ts';
import type { Values } from '../core/fields/shownValues.ts';
import { formatHash, leafHash } from '../core/hash.ts';
import { originalRecord } from '../core/segment/recordLine.ts';
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
  /** all that the rules take of it, where the search was asked to keep that */
  readonly taken?: readonly TakenValue[];
  /** it was found as text: it isn't JSON, or no rule takes anything of it */
  readonly isText: boolean;
  /** its line, without the LF */
  readonly line: Buffer;
}

/** recordHashOf gives the record hash, RFC 6962's leaf hash of its line, as 64 hex digits. docs/format.md, section 6. */
export const recordHashOf = ({ line }: Hit): string => formatHash(leafHash(line));

/** Raw is a record's own bytes, and how its line holds them: `line` where the line is not of the form that its seal says, and is given whole. */
export interface Raw {
  readonly form: NonNullable<Seal['form']> | 'object' | 'line';
  readonly bytes: Buffer;
}

/** rawOf gives a record as it was received. */
export function rawOf({ line, form }: Hit): Raw {
  const bytes = originalRecord(line);
  return bytes === undefined ? { form: 'line', bytes: line } : { form: form ?? 'object', bytes };
}
