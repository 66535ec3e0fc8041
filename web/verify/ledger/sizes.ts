import {
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
  parseReportName,
} from './names.ts';
import { MAX_CONTENT_BYTES } from '../zstd/frames.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The limits of docs/format.md, section 11, by the names that they are of. */
const LIMITS: readonly (readonly [(name: string) => unknown, number])[] = [
  [parseActionName, 32 * KIB],
  [parseReportName, 32 * MIB],
  [parseBatchName, 32 * MIB + 16 * KIB],
  [parseCheckpointName, 64 * KIB],
  [parseCosignatureName, 64 * KIB],
];

/** maxBytesOf is how many bytes an object of that name may have. */
export const maxBytesOf = (name: string): number =>
  LIMITS.find(([parse]) => parse(name) !== undefined)?.[1] ?? MAX_CONTENT_BYTES;
