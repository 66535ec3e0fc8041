import { AuditsealError } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { isReportName } from '../core/objects/names.ts';
import type { ObjectStore } from '../ports/store.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';

const PAGE = /\.html$/;

/** isPageName tells whether a name is that of a report's page. */
export const isPageName = (name: string): boolean => PAGE.test(name) && isReportName(reportOf(name));

const reportOf = (page: string): string => page.replace(PAGE, '.json');

/** What is known of a page: it is the one that its report states, its report states none, or what is wrong. */
export type PageFit = 'fits' | 'unstated' | { readonly fault: string };

/** checkPage compares a page with the SHA-256 that its report states. What can't be read is an AuditsealError. */
export async function checkPage(store: Pick<ObjectStore, 'read'>, name: string): Promise<PageFit> {
  const [json, page] = await Promise.all([readSmall(store, reportOf(name)), readSmall(store, name)]);
  if (json === undefined) return { fault: 'it has the name of a page, and there is no report of that name' };
  const stated = json === 'large' ? undefined : statedBy(json);
  if (stated === undefined) return 'unstated';
  const isStated = page !== 'large' && page !== undefined && formatHash(sha256(page)) === stated;
  return isStated ? 'fits' : { fault: `it is not the page that ${reportOf(name)} states the SHA-256 of` };
}

/** A report that is not whole is found where it is read as one. One of a kind that has no page states none that could fit. */
function statedBy(json: Buffer): string | undefined {
  try {
    const report = parseFiledReport(json);
    return report.kind === 'integrity' ? report.page : '';
  } catch (error) {
    if (error instanceof AuditsealError) return undefined;
    throw error;
  }
}

async function readSmall(store: Pick<ObjectStore, 'read'>, name: string): Promise<Buffer | 'large' | undefined> {
  try {
    return await store.read(name);
  } catch (error) {
    if (error instanceof AuditsealError && error.code === 'OBJECT_TOO_LARGE') return 'large';
    throw error;
  }
}
