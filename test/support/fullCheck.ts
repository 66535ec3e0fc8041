import { LEDGER, timeOf } from './forge.ts';
import { SECOND } from './loggedLedger.ts';
import { AUDITOR, KEY, signerOf } from './logs.ts';
import { indexStored } from '../../src/core/index/terms.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { fileReport } from '../../src/ledger/reports.ts';
import type { ObjectStore, ReadableTiles } from '../../src/ports/store.ts';
import { verifyLedger } from '../../src/verify/verify.ts';

/**
 * fileFullCheck checks a ledger from its first segments, the index too, finds nothing, and files the report as the auditor does, changed
 * as a liar would.
 */
export async function fileFullCheck(
  store: ObjectStore,
  tiles: ReadableTiles,
  lie: (report: Report) => Report = (report) => report,
): Promise<void> {
  const report = await verifyLedger(
    {
      store,
      tiles,
      now: () => Date.parse(timeOf(SECOND)),
      summarize: async (stored, question) => summarizeSegment(stored, question),
      indexSegment: async (stored, segment) => indexStored(stored, segment),
      concurrency: 3,
    },
    { verifiers: [KEY.verifierKey], ledger: LEDGER, auditors: { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] } },
  );
  expect(report.status).toBe('verified');
  await fileReport({ store, ledger: LEDGER, signer: signerOf(AUDITOR), entered: 0 }, () => ({ report: lie(report) }));
}
