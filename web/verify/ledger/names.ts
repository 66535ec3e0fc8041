/** Names of a ledger's objects. docs/format.md, section 2. */

const PARTITION = /^(0|[1-9]\d{0,4})$/;
const SEGMENT = /^segments\/(0|[1-9]\d{0,4})\/(\d{12})\.jsonl\.zst$/;
const BATCH = /^batches\/(\d{12})\.jsonl$/;
const CHECKPOINT = /^checkpoints\/(\d{12})$/;
const REPORT = /^reports\/\d{4}\/\d{2}\/\d{2}\/\d{6}Z-[a-z][a-z0-9-]{0,31}\.(json|html)$/;
const ACTION = /^actions\/(\d{12})\.json$/;
const CANARY = /^drill\/\d{4}\/\d{2}\/\d{2}\/(block|append)$/;
const COSIGNATURE = /^cosignatures\/(\d{12})\/([0-9a-f]{8})$/;

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

/** parseCosignatureName gives the checkpoint's number and the key ID in a cosignature's name. */
export function parseCosignatureName(name: string): { number: number; keyId: string } | undefined {
  const [, number, keyId] = COSIGNATURE.exec(name) ?? [];
  return keyId === undefined ? undefined : { number: Number(number), keyId };
}

/** isCanaryName tells what drills try to change: it has no entry, and what is in it counts for nothing. */
export const isCanaryName = (name: string): boolean => CANARY.test(name);

/** isReportName tells the JSON reports from everything else. */
export const isReportName = (name: string): boolean => REPORT.exec(name)?.[1] === 'json';

/** isReport tells reports and their pages from everything else. */
export const isReportOrPage = (name: string): boolean => REPORT.test(name);

/** reportNameAt gives the name of a report of that kind which was finished at a time. */
export const reportNameAt = (finished: string, kind: string): string =>
  `reports/${finished.slice(0, 10).replaceAll('-', '/')}/${finished.slice(11, 19).replaceAll(':', '')}Z-${kind}.json`;
