import type { Log } from '../ports/store.ts';
import type { Finding } from '../core/objects/reportFile.ts';

/** logFindings logs a line for each finding: alerts are raised from them. */
export function logFindings(log: Log, findings: readonly Finding[]): void {
  for (const { code, object } of findings) log.error('finding', { code, object });
}
