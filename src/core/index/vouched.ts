import type { CheckedAnswer } from './checkAnswer.ts';
import { AuditsealError, faultIn } from '../errors.ts';
import { formatHash, parseHash } from '../hash.ts';
import { verifyConsistency } from '../merkle/proof.ts';
import type { Answer, ProvedReport } from '../objects/answer.ts';
import { openReport } from '../objects/reportFile.ts';
import type { Auditors } from '../objects/reportFile.ts';

/** Vouched is the signed report by which an auditor has made an answer's index again, or in words why nobody has whom the user named. */
export type Vouched = { readonly name: string; readonly finished: string } | { readonly why: string };

const lacks = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/** vouchedFor tells whether an auditor's report says that the index of an answer is what the segments give. docs/format.md, section 9.8. */
export function vouchedFor(answer: Answer, checked: CheckedAnswer, auditors: Auditors | undefined): Vouched {
  if (answer.report === undefined) return { why: 'it has no report of a check that made the index again' };
  if (auditors === undefined) return { why: 'no key of the auditor was given' };
  try {
    return openVoucher(answer.report, answer, checked, auditors);
  } catch (error) {
    return { why: `its report does not count: ${faultIn(error, 'malformed', 'contradicted').message}` };
  }
}

function openVoucher(
  { name, file, consistency }: ProvedReport,
  { heads }: Answer,
  { opened: { checkpoint }, statement, manifest }: CheckedAnswer,
  auditors: Auditors,
): Vouched {
  // That its entry is in the log, and is of these bytes, is proved already.
  if (auditors.ledger !== checkpoint.origin) throw lacks('the auditor’s key is of another ledger');
  const report = openReport(Buffer.from(file), name, auditors);
  if (report.kind !== 'integrity' || report.ledger !== checkpoint.origin)
    throw lacks('it is not of a check of this ledger');
  if (report.status !== 'verified') throw lacks(`that check ended ${report.status}`);
  const { index, head } = report.log ?? {};
  if (index?.manifest !== formatHash(statement.manifest)) throw lacks('that check was of another index');
  if (index.rederived !== index.units || index.units !== manifest.units.length)
    throw lacks(`that check made ${index.rederived} of ${index.units} units again`);
  const rootHash = parseHash(head?.root);
  if (!head || rootHash === undefined || head.size <= heads.index)
    throw lacks('that check was of a log that did not state this index yet');
  // Else the same index may be stated by a log that forked, of which that check knew nothing.
  if (!verifyConsistency({ size: head.size, rootHash }, checkpoint, consistency))
    throw lacks('the log is not proved to go on from the one that was checked');
  return { name, finished: report.finished };
}
