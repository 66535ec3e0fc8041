import type { Context } from './context.ts';
import type { VerifyOptions } from './options.ts';
import type { Report } from '../core/objects/report.ts';

/**
 * checkRecheck finds that segments were not re-hashed for longer than was promised: no recheck of all came to its end, whatever keeps
 * it from that.
 */
export function checkRecheck({ findings, now }: Context, { rehashWithinMs }: VerifyOptions, { checked }: Report): void {
  const first = checked.rehashed?.first ?? checked.lastFull;
  if (rehashWithinMs === undefined || !(now() - Date.parse(first) > rehashWithinMs)) return;
  const detail = `the last recheck that came to its end began to read segments at ${first}`;
  findings.warn('recheck-overdue', 'segments/', detail);
}
