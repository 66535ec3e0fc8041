import { callersPath } from './files.ts';
import { isZone, parseMoment } from './moment.ts';
import { usageError } from './usage.ts';
import type { OptionTable } from './usage.ts';
import { FolderCache } from '../adapters/folderCache.ts';
import { isPartition } from '../core/text.ts';
import type { Query } from '../find/query.ts';
import type { ByteCache } from '../ports/cache.ts';

/** SPAN_OPTIONS are the options of commands that search: of which time, and where. */
export const SPAN_OPTIONS = {
  from: { type: 'text', placeholder: 'TIME', meaning: 'from then on: 2026-11-25T14:00Z, or a date' },
  to: { type: 'text', placeholder: 'TIME', meaning: 'until then; what is of that very time is left out' },
  tz: {
    type: 'text',
    placeholder: 'ZONE',
    meaning: 'time zone of times without an offset, and of what is shown (default: UTC)',
  },
  partition: { type: 'texts', placeholder: 'ID', meaning: 'in this partition only' },
  key: {
    type: 'texts',
    placeholder: 'VKEY',
    meaning: 'a verifier key of the log: without one, anybody may have made the ledger',
  },
} as const satisfies OptionTable;

/** INDEX_OPTIONS say whether a search goes by the index, and where that is. */
export const INDEX_OPTIONS = {
  'no-index': { type: 'flag', meaning: 'read every segment of that time, whatever the index says' },
  tlog: {
    type: 'target',
    placeholder: 'DIR|URL',
    meaning: "where the log's tiles and its index are, if not in TARGET/tlog or in the container tlog beside TARGET",
  },
} as const satisfies OptionTable;

/** oneOf reads an option that takes one of these words. It throws USAGE for any other. */
export function oneOf<const T extends string>(option: string, text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw usageError(`${option} must be ${all.join(' or ')}`);
  return found;
}

/** CACHE_OPTION is the option that says where what is read is kept. */
export const CACHE_OPTION = {
  cache: {
    type: 'file',
    placeholder: 'DIR',
    meaning:
      'keep segments and pages of the index that are read in this folder, and read none of them twice. They are logs: remove the folder ' +
      'when the case is closed',
  },
} as const satisfies OptionTable;

/** CacheOfReads is a cache to search with, and what there is to say of it at the end. */
export interface CacheOfReads {
  readonly deps: { readonly cache?: ByteCache };
  readonly lines: () => string[];
}

/** cacheIn opens the folder of the option; without one nothing is kept. */
export function cacheIn({ cache: folder }: { readonly cache: string | undefined }): CacheOfReads {
  if (folder === undefined) return { deps: {}, lines: () => [] };
  const cache = new FolderCache(callersPath(folder));
  const lines = (): string[] =>
    cache.fault === undefined ? [] : [`${folder} could not keep what was read (${cache.fault})`];
  return { deps: { cache }, lines };
}

/** SpanValues is what was given for them. */
export interface SpanValues {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly tz: string | undefined;
  readonly partition: readonly string[];
}

/** Span is an interval, in which partitions, and the zone of the times. */
export interface Span extends Pick<Query, 'from' | 'to' | 'partitions'> {
  readonly zone: string;
}

/** spanIn reads the options of a span. It throws USAGE for what isn't one. */
export function spanIn(options: SpanValues): Span {
  const zone = options.tz ?? 'UTC';
  if (!isZone(zone)) throw usageError('--tz must be a name of the time zone database, such as Europe/Berlin');
  const from = options.from === undefined ? undefined : parseMoment('--from', options.from, zone, 'from');
  const to = options.to === undefined ? undefined : parseMoment('--to', options.to, zone, 'to');
  if (from !== undefined && to !== undefined && from >= to)
    throw usageError('--from must be before --to, which is not of the interval itself: for one day, give the next one');
  if (!options.partition.every(isPartition)) throw usageError('--partition must be a partition id, such as 0');
  return {
    zone,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(options.partition.length > 0 && { partitions: new Set(options.partition) }),
  };
}
