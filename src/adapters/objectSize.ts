import { AuditsealError } from '../core/errors.ts';
import { MAX_SEGMENT_BYTES } from '../core/segment/zstd.ts';

/** MAX_OBJECT_BYTES bounds what is read into memory. A segment is never larger stored than its lines may be. */
export const MAX_OBJECT_BYTES = MAX_SEGMENT_BYTES;

/** objectTooLarge is the fault of an object above MAX_OBJECT_BYTES. */
export const objectTooLarge = (size: number): AuditsealError =>
  new AuditsealError(
    'OBJECT_TOO_LARGE',
    `it has ${size} bytes; no object of a ledger has more than ${MAX_OBJECT_BYTES}`,
  );
