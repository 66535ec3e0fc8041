import { MAX_ACTION_BYTES } from './action.ts';
import { MAX_BATCH_BYTES } from './batch.ts';
import {
  NEWEST_CHECKPOINT,
  isManifestName,
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
  parseReportName,
} from './names.ts';
import { MAX_REPORT_BYTES } from './reportFile.ts';
import { MAX_MANIFEST_BYTES } from '../index/manifest.ts';
import { MAX_BUNDLE_BYTES, MAX_TILE_BYTES, parseBundlePath, parseTilePath } from '../merkle/tile.ts';
import { MAX_NOTE_BYTES } from '../note/note.ts';
import { MAX_SEGMENT_BYTES } from '../segment/zstd.ts';
import { MAX_LAST_LINE_BYTES } from '../signed/batchSignature.ts';

/** MAX_OBJECT_BYTES bounds every object. A segment is never larger stored than its lines may be. */
export const MAX_OBJECT_BYTES = MAX_SEGMENT_BYTES;

const isCheckpoint = (name: string): boolean => name === NEWEST_CHECKPOINT || parseCheckpointName(name) !== undefined;

/** What is larger than this can't be what such a name says. docs/format.md, section 11. */
const LIMITS: readonly (readonly [(name: string) => unknown, number])[] = [
  [parseBatchName, MAX_BATCH_BYTES + MAX_LAST_LINE_BYTES],
  [(name) => isCheckpoint(name) || undefined, MAX_NOTE_BYTES],
  [parseCosignatureName, MAX_NOTE_BYTES],
  [parseActionName, MAX_ACTION_BYTES],
  [parseReportName, MAX_REPORT_BYTES],
  [parseTilePath, MAX_TILE_BYTES],
  [parseBundlePath, MAX_BUNDLE_BYTES],
  [(name) => isManifestName(name) || undefined, MAX_MANIFEST_BYTES],
];

/** maxBytesOf is how many bytes an object or a tile of that name may have. */
export const maxBytesOf = (name: string): number =>
  LIMITS.find(([parse]) => parse(name) !== undefined)?.[1] ?? MAX_OBJECT_BYTES;
