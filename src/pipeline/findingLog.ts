import type { Log } from '../ports.ts';
import type { Finding } from './report.ts';

/** logFindings logs a line for each finding: alerts are raised from them. */
export function logFindings(log: Log, findings: readonly Finding[]): void {
  for (const { code, object } of findings) log.error('finding', { code, object });
}
