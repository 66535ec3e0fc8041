/** Names of the objects in a ledger's container. docs/format.md, section 2. */
import { formatHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { parseBundlePath, parseTilePath } from '../merkle/tile.ts';
import { isPartition } from '../text.ts';

const INDEX_DIGITS = 12;
const SEGMENT = /^segments\/([0-9]{1,5})\/([0-9]{12})\.jsonl\.zst$/;
const DOCUMENT = /^(report|action)s\/([0-9]{12})\.json$/;
const PAGE = /^reports\/([0-9]{12})\.html$/;
const BATCH = /^batches\/([0-9]{12})\.jsonl$/;
const CHECKPOINT = /^checkpoints\/([0-9]{12})$/;
const DRILL = /^drill\/\d{4}\/\d{2}\/\d{2}\/(block|append)$/;
const COSIGNATURE = /^cosignatures\/([0-9]{12})\/([0-9a-f]{8})-([0-9a-f]{16})$/;

const FOLDERS: readonly string[] = [
  'segments/',
  'batches/',
  'checkpoints/',
  'cosignatures/',
  'reports/',
  'actions/',
  'tlog/',
];

/**
 * LOG_FOLDERS is the folders of the log, and of actions. An object comes after what it is of: a cosignature after its checkpoint, that after
 * its batch, and an entry after its action. So whoever lists them in this order, meanwhile, has nothing without what it is of.
 */
export const LOG_FOLDERS: readonly string[] = ['cosignatures/', 'checkpoints/', 'batches/', 'actions/'];

/** folderOf gives the folder of a name, '' for one that the format doesn't know: of those anybody can make up as many as he likes. */
export function folderOf(name: string): string {
  const folder = name.slice(0, name.indexOf('/') + 1);
  return FOLDERS.includes(folder) ? folder : '';
}

/** MAX_NAME_BYTES bounds the name of a blob, which has at most 1,024 UTF-16 code units: each has at most three bytes. */
export const MAX_NAME_BYTES = 3072;

/** isObjectName tells whether a text can be the name of an object, whatever it is. */
export const isObjectName = (text: string): boolean =>
  text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= MAX_NAME_BYTES;

/** MAX_INDEX is the largest index that the names have room for. */
export const MAX_INDEX = 10 ** INDEX_DIGITS - 1;

export interface SegmentPlace {
  readonly partition: string;
  readonly index: number;
}

/** CosignaturePlace is the checkpoint that is cosigned, the ID of the key, as 8 hex digits, and the line's own hash. */
export interface CosignaturePlace {
  readonly number: number;
  readonly keyId: string;
  /** the first 16 hex digits of the SHA-256 of the object */
  readonly hash: string;
}

const dense = (index: number): string => String(index).padStart(INDEX_DIGITS, '0');

/**
 * segmentName depends on nothing but the place, so two writers that disagree collide on a name instead of forking the
 * chain.
 */
export const segmentName = (partition: string, index: number): string =>
  `segments/${partition}/${dense(index)}.jsonl.zst`;

/** parseSegmentName is the inverse of segmentName, and gives undefined for every other text. */
export function parseSegmentName(name: string): SegmentPlace | undefined {
  const [, partition, index] = SEGMENT.exec(name) ?? [];
  return partition !== undefined && isPartition(partition) ? { partition, index: Number(index) } : undefined;
}

/** batchName names the batch of that number: who creates it has fixed the order of its entries. */
export const batchName = (number: number): string => `batches/${dense(number)}.jsonl`;

/** parseBatchName is the inverse of batchName, and gives undefined for every other text. */
export const parseBatchName = (name: string): number | undefined => numberIn(BATCH.exec(name));

/** checkpointName names the checkpoint over all batches up to that number. */
export const checkpointName = (number: number): string => `checkpoints/${dense(number)}`;

/** parseCheckpointName is the inverse of checkpointName, and gives undefined for every other text. */
export const parseCheckpointName = (name: string): number | undefined => numberIn(CHECKPOINT.exec(name));

const numberIn = (match: RegExpExecArray | null): number | undefined => (match === null ? undefined : Number(match[1]));

/** cosignaturePrefix begins the names of what the key of that ID (8 hex digits) signed about a checkpoint. */
export const cosignaturePrefix = (number: number, keyId = ''): string => `cosignatures/${dense(number)}/${keyId}`;

/** cosignatureName names a cosignature by its own bytes too, so that nobody can take its name before it is made. */
export const cosignatureName = (number: number, keyId: string, line: Uint8Array): string =>
  `${cosignaturePrefix(number, keyId)}-${formatHash(sha256(line)).slice(0, 16)}`;

/** parseCosignatureName is the inverse of cosignatureName, and gives undefined for every other text. */
export function parseCosignatureName(name: string): CosignaturePlace | undefined {
  const [, number, keyId, hash] = COSIGNATURE.exec(name) ?? [];
  return keyId === undefined || hash === undefined ? undefined : { number: Number(number), keyId, hash };
}

/** DOCUMENT_TYPES are the types of what people and auditors file: each has numbers of its own, and entries in the log. */
export const DOCUMENT_TYPES = ['report', 'action'] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** DocumentPlace is where a report or an action stands. */
export interface DocumentPlace {
  readonly type: DocumentType;
  readonly number: number;
}

/**
 * documentName names the report or the action of that number. They come from any machine, so numbers and not clocks order
 * them.
 */
export const documentName = (type: DocumentType, number: number): string => `${type}s/${dense(number)}.json`;

/** parseDocumentName is the inverse of documentName, and gives undefined for every other text. */
export function parseDocumentName(name: string): DocumentPlace | undefined {
  const [, type, number] = DOCUMENT.exec(name) ?? [];
  return type === undefined ? undefined : { type: type as DocumentType, number: Number(number) };
}

/** actionName names the action of that number. */
export const actionName = (number: number): string => documentName('action', number);

/** parseActionName is the inverse of actionName, and gives undefined for every other text. */
export const parseActionName = (name: string): number | undefined => numberOf('action', name);

/** reportName names the report of that number, of whatever kind. */
export const reportName = (number: number): string => documentName('report', number);

/** parseReportName is the inverse of reportName, and gives undefined for every other text. */
export const parseReportName = (name: string): number | undefined => numberOf('report', name);

function numberOf(type: DocumentType, name: string): number | undefined {
  const place = parseDocumentName(name);
  return place?.type === type ? place.number : undefined;
}

/** pageName names the page of the report of that number. */
export const pageName = (number: number): string => `reports/${dense(number)}.html`;

/** parsePageName is the inverse of pageName, and gives undefined for every other text. */
export const parsePageName = (name: string): number | undefined => numberIn(PAGE.exec(name));

/** drillName names the canary of that kind of blob on the day of `time` (ms since the Unix epoch), in UTC. */
export const drillName = (time: number, kind: 'block' | 'append'): string =>
  `drill/${new Date(time).toISOString().slice(0, 10).replaceAll('-', '/')}/${kind}`;

/** isKnownName tells whether the format knows an object of this name. Every other object is foreign. */
export const isKnownName = (name: string): boolean =>
  parseSegmentName(name) !== undefined ||
  [DOCUMENT, PAGE, BATCH, CHECKPOINT, COSIGNATURE, DRILL].some((pattern) => pattern.test(name));

/** NEWEST_CHECKPOINT is the name of the newest checkpoint among the tiles. */
export const NEWEST_CHECKPOINT = 'checkpoint';

/** TLOG is what the names of tiles begin with where they stand beside a ledger's: in a mirror, and in findings. */
export const TLOG = 'tlog/';

/** INDEX_FOLDERS is what the names of the index's files begin with, among the tiles. */
export const INDEX_FOLDERS = { units: 'index/units/', manifests: 'index/manifests/' } as const;
const UNIT = /^index\/units\/([0-9a-f]{64})$/;
const MANIFEST = /^index\/manifests\/([0-9a-f]{64})$/;

/** unitName names a unit of the index by the root of its tree. */
export const unitName = (root: Hash): string => INDEX_FOLDERS.units + formatHash(root);

/** manifestName names a manifest of the index by its SHA-256. */
export const manifestName = (hash: Hash): string => INDEX_FOLDERS.manifests + formatHash(hash);

/** isManifestName tells whether a manifest of the index can have this name. */
export const isManifestName = (name: string): boolean => MANIFEST.test(name);

/** isIndexName tells whether a file of the index can have this name. */
export const isIndexName = (name: string): boolean => UNIT.test(name) || MANIFEST.test(name);

/** isTileName tells whether c2sp.org/tlog-tiles knows an object of this name, or the index does. */
export const isTileName = (name: string): boolean =>
  name === NEWEST_CHECKPOINT ||
  parseTilePath(name) !== undefined ||
  parseBundlePath(name) !== undefined ||
  isIndexName(name);
