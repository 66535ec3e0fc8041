import { loadLog } from './loadLog.ts';
import type { ReadLogDeps } from './state.ts';
import { faultIn } from '../core/errors.ts';
import type { Logger } from '../ports/host.ts';

/** Who asks this checks the log too, and says all that is wrong with it. */
const QUIET: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * enteredReports gives the number behind the last report that has an entry in the log. Of a log that contradicts itself, or that
 * can't be read to its end now, nobody knows, and it gives 0: then no report is one to go on from, and the check still runs.
 */
export async function enteredReports(deps: ReadLogDeps): Promise<number> {
  try {
    const { heads } = await loadLog(deps, QUIET);
    return heads.documents.report;
  } catch (error) {
    faultIn(error, 'malformed', 'contradicted', 'unavailable');
    return 0;
  }
}
