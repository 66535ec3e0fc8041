import { LEDGER } from './forge.ts';
import { KEY, keyOf, signerOf } from './logs.ts';
import { signReport } from './sign.ts';
import type { FiledReport } from '../../src/core/objects/filedReport.ts';
import type { Auditors } from '../../src/core/objects/reportFile.ts';
import { enteredReports } from '../../src/integrate/enteredReports.ts';
import type { ReadLogDeps } from '../../src/integrate/state.ts';
import type { Filing } from '../../src/ledger/reports.ts';

/** The key that a ledger's auditor signs reports with. */
const auditorKey = (ledger: string): ReturnType<typeof keyOf> => keyOf(100, `${ledger}/auditor`);

/** auditorsOf says that reports count which a ledger's auditor signed. */
export const auditorsOf = (ledger: string): Auditors => ({ ledger, verifiers: [auditorKey(ledger).verifierKey] });

/** AUDITORS says so of the tests' ledger. */
export const AUDITORS = auditorsOf(LEDGER);

/** filed gives a report as it is filed under a name: signed by hand, by the auditor or with the key of another seed. */
export const filed = (report: FiledReport, name: string, seed?: number): Buffer =>
  signReport(Buffer.from(`{"report":${JSON.stringify(report)}`), name, LEDGER, seed);

/** filingIn files in a store, behind as many reports that have entries. */
export const filingIn = (store: Filing['store'], entered = 0, ledger = LEDGER): Filing => ({
  store,
  ledger,
  signer: signerOf(auditorKey(ledger)),
  entered,
});

/** filingBehind files behind the reports that a log has entries of. */
export async function filingBehind(
  { store, tiles }: Pick<ReadLogDeps, 'store' | 'tiles'>,
  { verifierKey } = KEY,
): Promise<Filing> {
  const origin = verifierKey.keyName;
  return filingIn(
    store,
    await enteredReports({ store, tiles, origin, verifiers: [verifierKey], now: Date.now }),
    origin,
  );
}
