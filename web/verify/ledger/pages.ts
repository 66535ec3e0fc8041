import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { parsePageName, reportName } from './names.ts';
import { parseReport } from './reports.ts';

/** checkPages compares the pages of reports with what the reports state, and counts those of which none is stated. */
export async function checkPages(folder: Folder, findings: Findings): Promise<number> {
  let unstated = 0;
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
    // A report that is not whole is found where it is read as one. One of kind posture has no page.
    const read = parseReport(json);
    const stated = read?.kind === 'posture' ? 'none' : read?.page;
    if (stated === undefined) unstated += 1;
    else if (sha256(page) !== stated) {
      findings.say('foreign-object', name, `it is not the page that ${report} states the SHA-256 of`);
    }
  }
  return unstated;
}
