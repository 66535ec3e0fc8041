import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { parsePageName, reportName } from './names.ts';
import type { Reports } from './reports.ts';

/** checkPages compares the pages of reports with the SHA-256 that the reports state. */
export async function checkPages(folder: Folder, findings: Findings, reports: Reports): Promise<void> {
  for (const name of folder.under('reports/')) {
    const number = parsePageName(name);
    if (number === undefined) continue;
    const report = reportName(number);
    if (!folder.has(report)) {
      findings.say('foreign-object', name, 'it has the name of a page, and there is no report of that name');
      continue;
    }
    const json = await folder.readSmall(report);
    const page = await folder.readSmall(name);
    if (json === undefined || page === undefined) continue;
    const read = await reports.open(report, json);
    if (typeof read === 'string') {
      findings.say('foreign-object', name, `it has the name of a page of ${report}: ${read}`);
      continue;
    }
    if (sha256(page) !== read.page)
      findings.say('foreign-object', name, `it is not the page that ${report} states the SHA-256 of`);
  }
}
