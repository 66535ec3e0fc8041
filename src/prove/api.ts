import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ProveDeps } from './entryProof.ts';
import { proveRecord } from './prove.ts';
import { faultIn } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { formatEvidence } from '../core/objects/evidence.ts';
import { NEWEST_CHECKPOINT, isTileName } from '../core/objects/names.ts';
import { isPartition, parseDecimal } from '../core/text.ts';
import { readTile } from '../ledger/tiles.ts';
import type { TileStore } from '../ports/store.ts';

/** LogRequest is what a client asks of the log with GET or HEAD. */
export interface LogRequest {
  /** what follows the log's prefix, without a slash in front */
  readonly path: string;
  readonly ifNoneMatch?: string;
  readonly acceptEncoding?: string;
}

/** LogResponse is the answer; a body to HEAD is left out by the server. */
export interface LogResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Tiles and entry bundles never change; the checkpoint does within seconds. c2sp.org/tlog-tiles. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const SECONDS = 'public, max-age=2';
const NOT_KEPT = 'no-store';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const JSON_TEXT = 'application/json';

const BUNDLES = 'tile/entries/';
const zip = promisify(gzip);

/** One coding of Accept-Encoding, with its weight. */
const ACCEPTED = /^[ \t]*([a-z0-9-]+|\*)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/;

/** Whatever a record holds, a browser must not run it as a page. */
const COMMON = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" };

/**
 * answerLog serves the checkpoint, the tiles and the entry bundles of a log as c2sp.org/tlog-tiles asks.
 *
 * Only a path that is the canonical name of one of those is ever read, so nothing leads out of the log.
 */
export async function answerLog(tiles: Pick<TileStore, 'read'>, request: LogRequest): Promise<LogResponse> {
  const { path, ifNoneMatch, acceptEncoding } = request;
  if (!isTileName(path)) {
    const isAlmost = path === 'tile' || path.startsWith('tile/');
    return refusal(
      isAlmost ? 400 : 404,
      isAlmost ? 'expected the path of a tile, such as tile/0/000' : 'there is nothing at this path',
    );
  }
  return unlessAway(async () => {
    const bytes = await readTile(tiles, path);
    // Not for a cache: the tile may be there with the next checkpoint.
    if (bytes === undefined) return refusal(404, 'the log has no such file, or not yet');
    if (path.startsWith(BUNDLES)) return bundle(bytes, acceptEncoding, ifNoneMatch);
    const isCheckpoint = path === NEWEST_CHECKPOINT;
    return content(bytes, isCheckpoint ? TEXT : BYTES, isCheckpoint ? SECONDS : IMMUTABLE, ifNoneMatch);
  });
}

/**
 * bundle serves entries, compressed if the client accepts gzip. The compressed form is another representation with a tag of
 * its own, and a cache in between must keep the two apart. Hash tiles are not compressed: they don't get smaller.
 */
async function bundle(
  bytes: Buffer,
  acceptEncoding: string | undefined,
  ifNoneMatch: string | undefined,
): Promise<LogResponse> {
  const isZipped = takesGzip(acceptEncoding ?? '');
  const etag = `"${formatHash(sha256(bytes))}${isZipped ? '-gzip' : ''}"`;
  const headers = { ...COMMON, etag, 'cache-control': IMMUTABLE, vary: 'accept-encoding' };
  if (isKnown(ifNoneMatch, etag)) return { status: 304, headers };
  const typed = { ...headers, 'content-type': BYTES };
  if (!isZipped) return { status: 200, headers: typed, body: bytes };
  return { status: 200, headers: { ...typed, 'content-encoding': 'gzip' }, body: await zip(bytes) };
}

/** takesGzip tells whether a client would rather have gzip than the bytes as they are. RFC 9110 section 12.5.3. */
function takesGzip(acceptEncoding: string): boolean {
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [, coding, weight = '1'] = ACCEPTED.exec(part) ?? [];
    if (coding !== undefined) weights.set(coding, Number(weight));
  }
  const gzipped = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return gzipped > 0 && gzipped >= (weights.get('identity') ?? 0);
}

/** EvidenceQuery is the values of the query's parameters, null where one is missing. */
export interface EvidenceQuery {
  readonly partition: string | null;
  readonly record: string | null;
  readonly ifNoneMatch?: string;
}

/** answerEvidence serves evidence of one record. It contains the record, so not everybody may ask for it. */
export async function answerEvidence(deps: ProveDeps, query: EvidenceQuery): Promise<LogResponse> {
  const { partition, record: recordText, ifNoneMatch } = query;
  const record = parseDecimal(recordText ?? '');
  if (partition === null || !isPartition(partition)) return refusal(400, 'partition must be a partition id, such as 0');
  if (record === undefined) return refusal(400, 'record must be a whole number');
  return unlessAway(async () => {
    const proved = await proveRecord(deps, { partition, record });
    if (!proved.ok) return refusal(proved.reason === 'absent' ? 404 : 409, proved.why);
    const name = `record-${partition}-${record}.evidence.json`;
    const answer = content(formatEvidence(proved.evidence), JSON_TEXT, 'private, no-cache', ifNoneMatch);
    return { ...answer, headers: { ...answer.headers, 'content-disposition': `attachment; filename="${name}"` } };
  });
}

function content(bytes: Buffer, type: string, caching: string, ifNoneMatch: string | undefined): LogResponse {
  const etag = `"${formatHash(sha256(bytes))}"`;
  const headers = { ...COMMON, etag, 'cache-control': caching };
  if (isKnown(ifNoneMatch, etag)) return { status: 304, headers };
  return { status: 200, headers: { ...headers, 'content-type': type }, body: bytes };
}

/** isKnown tells whether a client that sent If-None-Match has these bytes. RFC 9110 section 13.1.2. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

const refusal = (status: number, why: string): LogResponse => ({
  status,
  headers: { ...COMMON, 'content-type': TEXT, 'cache-control': NOT_KEPT },
  body: Buffer.from(`${why}\n`),
});

const later = (why: string): LogResponse => {
  const answer = refusal(503, `${why}; try again later`);
  return { ...answer, headers: { ...answer.headers, 'retry-after': '5' } };
};

/** BUSY is the answer to who would have to wait too long for evidence. */
export const BUSY = later('evidence is being made for others');

/** unlessAway answers 503 while something can't be read, by a fault of the store or its tier: that says nothing about the log. */
async function unlessAway(answer: () => Promise<LogResponse>): Promise<LogResponse> {
  try {
    return await answer();
  } catch (error) {
    faultIn(error, 'unavailable');
    return later("the store can't give what is needed now");
  }
}
