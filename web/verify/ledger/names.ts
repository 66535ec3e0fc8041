/** Names of a ledger's objects. docs/format.md, section 2. */

const PARTITION = /^(0|[1-9]\d{0,4})$/;
const SEGMENT = /^segments\/(0|[1-9]\d{0,4})\/(\d{12})\.jsonl\.zst$/;
const BATCH = /^batches\/(\d{12})\.jsonl$/;
const CHECKPOINT = /^checkpoints\/(\d{12})$/;
const REPORT = /^reports\/(\d{12})\.json$/;
const PAGE = /^reports\/(\d{12})\.html$/;
const ACTION = /^actions\/(\d{12})\.json$/;
/** What drills try to change has no entry, and what is in it counts for nothing. */
const CANARY = /^drill\/\d{4}\/\d{2}\/\d{2}\/(block|append)$/;
const COSIGNATURE = /^cosignatures\/(\d{12})\/([0-9a-f]{8})-([0-9a-f]{16})$/;

const dense = (number: number): string => String(number).padStart(12, '0');
const numberIn = (found: RegExpExecArray | null): number | undefined => (found === null ? undefined : Number(found[1]));

export const isPartition = (text: string): boolean => PARTITION.test(text);

export const segmentName = (partition: string, index: number): string =>
  `segments/${partition}/${dense(index)}.jsonl.zst`;

/** SegmentPlace is where a segment stands. */
export interface SegmentPlace {
  readonly partition: string;
  readonly index: number;
}

/** parseSegmentName is the inverse of segmentName, and gives undefined for every other name. */
export function parseSegmentName(name: string): SegmentPlace | undefined {
  const [, partition, index] = SEGMENT.exec(name) ?? [];
  return partition === undefined ? undefined : { partition, index: Number(index) };
}

export const batchName = (number: number): string => `batches/${dense(number)}.jsonl`;
/** parseBatchName is the inverse of batchName, and gives undefined for every other name. */
export const parseBatchName = (name: string): number | undefined => numberIn(BATCH.exec(name));

export const checkpointName = (number: number): string => `checkpoints/${dense(number)}`;
/** parseCheckpointName is the inverse of checkpointName, and gives undefined for every other name. */
export const parseCheckpointName = (name: string): number | undefined => numberIn(CHECKPOINT.exec(name));

export const actionName = (number: number): string => `actions/${dense(number)}.json`;
/** parseActionName is the inverse of actionName, and gives undefined for every other name. */
export const parseActionName = (name: string): number | undefined => numberIn(ACTION.exec(name));

/** CosignaturePlace is what the name of a cosignature says: the checkpoint, the ID of the key, and how its own SHA-256 begins. */
export interface CosignaturePlace {
  readonly number: number;
  readonly keyId: string;
  readonly hash: string;
}

/** parseCosignatureName gives undefined for every other name. */
export function parseCosignatureName(name: string): CosignaturePlace | undefined {
  const [, number, keyId, hash] = COSIGNATURE.exec(name) ?? [];
  return keyId === undefined || hash === undefined ? undefined : { number: Number(number), keyId, hash };
}

export const reportName = (number: number): string => `reports/${dense(number)}.json`;
/** parseReportName is the inverse of reportName, and gives undefined for every other name. */
export const parseReportName = (name: string): number | undefined => numberIn(REPORT.exec(name));
/** parsePageName gives the number of the report that a page is of, and undefined for every other name. */
export const parsePageName = (name: string): number | undefined => numberIn(PAGE.exec(name));

/** Filed is a report or an action by its place: both have numbers of their own, and an entry each. */
export interface Filed {
  readonly kind: 'report' | 'action';
  readonly number: number;
}

/** parseFiledName gives the place of a report or an action, and undefined for every other name. */
export function parseFiledName(name: string): Filed | undefined {
  const report = parseReportName(name);
  if (report !== undefined) return { kind: 'report', number: report };
  const action = parseActionName(name);
  return action === undefined ? undefined : { kind: 'action', number: action };
}

/** isKnownName tells whether the format knows an object of this name. */
export const isKnownName = (name: string): boolean =>
  [SEGMENT, BATCH, CHECKPOINT, REPORT, PAGE, ACTION, CANARY, COSIGNATURE].some((pattern) => pattern.test(name));
