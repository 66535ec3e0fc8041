import { timeOf } from './forge.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SummarizeSegment } from '../../src/core/segment/summary.ts';
import type { ObjectStore } from '../../src/ports/store.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

/** check verifies a ledger in this thread, at a fixed time. */
export const check = (
  store: ObjectStore,
  options: VerifyOptions = {},
  second = 3_000_000,
  summarize: SummarizeSegment = async (stored, question) => summarizeSegment(stored, question),
): Promise<Report> =>
  verifyLedger(
    {
      store,
      now: () => Date.parse(timeOf(second)),
      summarize,
      concurrency: 3,
    },
    options,
  );

/** saidOf gives what a report found, as "code object". */
export const saidOf = ({ findings }: Report): string[] => findings.map(({ code, object }) => `${code} ${object}`);
