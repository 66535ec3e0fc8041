import { summarizeSegment } from '../../src/pipeline/segmentSummary.ts';
import type { Report } from '../../src/pipeline/report.ts';
import { verifyLedger } from '../../src/pipeline/verify.ts';
import type { VerifyOptions } from '../../src/pipeline/verifyOptions.ts';
import type { ObjectStore } from '../../src/ports.ts';
import { timeOf } from './forge.ts';

/** check verifies a ledger in this thread, at a fixed time. */
export const check = (store: ObjectStore, options: VerifyOptions = {}, second = 3_000_000): Promise<Report> =>
  verifyLedger(
    {
      store,
      now: () => Date.parse(timeOf(second)),
      summarize: async (stored) => summarizeSegment(stored),
      concurrency: 3,
    },
    options,
  );

/** saidOf gives what a report found, as "code object". */
export const saidOf = ({ findings }: Report): string[] => findings.map(({ code, object }) => `${code} ${object}`);
