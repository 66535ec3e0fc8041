import type { PostureReport, Report } from './report.ts';
import type { StatusReport } from './statusReport.ts';

/** FiledReport is a report of any kind that is filed in a ledger. */
export type FiledReport = Report | PostureReport | StatusReport;

/** timeOfReport is when a report was made. */
export const timeOfReport = (report: FiledReport): string =>
  report.kind === 'integrity' ? report.finished : report.time;
