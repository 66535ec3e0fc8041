import type { ArmObject, ArmRest } from './arm.ts';
import { AuditsealError } from '../core/errors.ts';
import { isJsonObject } from '../core/jsonObject.ts';

const PATH = '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01';

/** As many rows as one answer has at most. */
const PAGE = 1000;

/** An estate that changes while its pages are read is read anew, so often at most. */
const MOST_TRIES = 3;

interface Rows {
  readonly rows: readonly ArmObject[];
  readonly total: number;
}

/**
 * graphRows asks Azure Resource Graph for at most so many rows about a subscription. The query must project `id` and sort by
 * it, or pages can't follow each other. What Resource Graph cut off is a fault, and never a short list; and where the number of
 * rows changes from page to page, one may be on none of them, so all are read anew.
 * learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
 */
export async function graphRows(
  rest: ArmRest,
  what: string,
  query: string,
  subscription: string,
  most: number,
): Promise<Rows> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const read = await readPages(rest, what, query, subscription, most);
    if (read !== 'changed') return read;
  }
  throw new AuditsealError('STORE_UNAVAILABLE', `can't ${what}: they change faster than they can be listed`);
}

async function readPages(
  rest: ArmRest,
  what: string,
  query: string,
  subscription: string,
  most: number,
): Promise<Rows | 'changed'> {
  // Pages of an estate that changes may repeat a row, and a repeated one must not stand in for one that is missing.
  const rows = new Map<string, ArmObject>();
  let [skipToken, total]: [unknown, number | undefined] = [undefined, undefined];
  do {
    const $top = Math.max(1, Math.min(PAGE, most - rows.size));
    const options = { $top, resultFormat: 'objectArray', ...(skipToken !== undefined && { $skipToken: skipToken }) };
    const answer = await rest.post(what, PATH, { query, subscriptions: [subscription], options });
    const { data, totalRecords, resultTruncated } = answer;
    if (!Array.isArray(data) || !data.every(isJsonObject) || typeof totalRecords !== 'number')
      throw new AuditsealError('STORE_UNAVAILABLE', `can't ${what}: the answer holds no rows`);
    if (total !== undefined && totalRecords !== total) return 'changed';
    total = totalRecords;
    const before = rows.size;
    for (const row of data.slice(0, most - rows.size)) rows.set(String(row['id']).toLowerCase(), row);
    skipToken = rows.size === before ? undefined : answer['$skipToken'];
    if (skipToken === undefined && rows.size < most && (resultTruncated === 'true' || rows.size < total))
      throw new AuditsealError(
        'STORE_UNAVAILABLE',
        `can't ${what}: Resource Graph gave ${rows.size} of ${total} rows and no way to the others`,
      );
  } while (skipToken !== undefined && rows.size < most);
  return { rows: [...rows.values()], total };
}
