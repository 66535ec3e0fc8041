import { join } from 'node:path';
import { EXIT } from './exits.ts';
import { createFile, createFolder, readUserFile } from './files.ts';
import { formatCount, printItem, warn } from './output.ts';
import { usageError } from './usage.ts';
import { faultIn } from '../core/errors.ts';
import { isJsonObject, parseJsonObject } from '../core/jsonObject.ts';
import { formatEvidence } from '../core/objects/evidence.ts';
import { isPartition } from '../core/text.ts';
import type { ProveDeps } from '../prove/entryProof.ts';
import { proveRecord } from '../prove/prove.ts';

/** OutsideOf says in words that a segment is outside of the slice that is asked; undefined where it isn't, or that is no slice. */
export type OutsideOf = (segment: string | undefined) => Promise<string | undefined>;

/** ListedRecord is a record that is to be proved. */
interface ListedRecord {
  readonly partition: string;
  readonly record: number;
}

/** Each record is a file of its own, and each line may hold the record. */
const MAX_RECORDS = 100_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const LF = 0x0a;

/** How find begins a line of JSON Lines. What stands behind it may nest too deep to be parsed: whoever logs decides that. */
const ROW = /^\{"partition":([0-9]{1,5}),"record":([0-9]{1,16})(?:,.*)?\}$/s;
const PLACE = /^([0-9]{1,5})(?:[ \t]+|\/)([0-9]{1,16})$/;

/**
 * readRecords reads which records are to be proved: a partition and a number on each line, or lines of JSON as find prints them. A record
 * that is listed twice is one. It throws USAGE for a line that is neither.
 */
export async function readRecords(path: string): Promise<readonly ListedRecord[]> {
  const file = await readUserFile('--records', path, MAX_FILE_BYTES);
  if (file.length > MAX_FILE_BYTES) throw usageError(`--records: ${path} has more than ${MAX_FILE_BYTES} bytes`);
  const records = new Map<string, ListedRecord>();
  for (let start = 0, number = 1; start < file.length; number++) {
    const found = file.indexOf(LF, start);
    const end = found < 0 ? file.length : found;
    const line = file.toString('utf8', start, end).trim();
    start = end + 1;
    if (line === '') continue;
    const record = recordIn(line);
    if (record === undefined)
      throw usageError(
        `--records: line ${number} of ${path} names no record: expected a partition and a number, such as "0 1017", or a line of auditseal find --format jsonl or ocsf`,
      );
    records.set(`${record.partition}/${record.record}`, record);
    if (records.size > MAX_RECORDS) throw usageError(`--records: ${path} names more than ${MAX_RECORDS} records`);
  }
  if (records.size === 0) throw usageError(`--records: ${path} names no record`);
  return [...records.values()];
}

function recordIn(line: string): ListedRecord | undefined {
  const [, partition = '', digits = ''] = PLACE.exec(line.startsWith('{') ? placeIn(line) : line) ?? [];
  const record = Number(digits);
  return isPartition(partition) && Number.isSafeInteger(record) ? { partition, record } : undefined;
}

/** placeIn gives the partition and the number that a line of JSON Lines says, or one of OCSF; an empty text where it says none. */
function placeIn(line: string): string {
  const [, first, second] = ROW.exec(line) ?? [];
  if (first !== undefined) return `${first}/${second}`;
  const row = parseJsonObject(line);
  const unmapped = row?.['unmapped'];
  const ofOcsf = isJsonObject(unmapped) ? unmapped['auditseal'] : undefined;
  const { partition, record } = (isJsonObject(ofOcsf) ? ofOcsf : row) ?? {};
  return typeof partition === 'number' && typeof record === 'number' ? `${partition}/${record}` : '';
}

/** proveSeveral writes a file of evidence for each record into a folder that it makes, goes on behind what can't be proved, and gives the worst exit status. */
export async function proveSeveral(
  deps: ProveDeps & { readonly outsideOf: OutsideOf },
  records: readonly ListedRecord[],
  folder: string,
): Promise<number> {
  await createFolder('--out', folder);
  if (deps.verifiers.length === 0) warn('no signature is verified, because no --key says whose signature counts');
  let proved = 0;
  let exit: number = EXIT.fine;
  const failed = (place: string, why: string, worst: number): void => {
    printItem(`${place}: NOT PROVED: ${why}`);
    if (exit !== EXIT.wrong) exit = worst;
  };
  for (const record of records) {
    const place = `${record.partition}/${record.record}`;
    const name = join(folder, `${record.partition}-${record.record}.json`);
    try {
      const result = await proveRecord(deps, record);
      if (!result.ok) {
        const outside = await deps.outsideOf(result.segment);
        const isWrong = result.reason === 'changed' && outside === undefined;
        failed(place, outside ?? result.why, isWrong ? EXIT.wrong : EXIT.unknown);
        continue;
      }
      await createFile(name, formatEvidence(result.evidence));
      proved += 1;
      printItem(`${place}: ${name}`);
    } catch (error) {
      failed(place, faultIn(error, 'malformed', 'contradicted', 'unavailable').message, EXIT.unknown);
    }
  }
  printItem(`${formatCount(proved)} of ${formatCount(records.length)} records proved: ${folder}`);
  return exit;
}
