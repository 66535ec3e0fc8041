import type { CheckedAnswer } from './checkAnswer.ts';
import { AuditsealError, faultIn } from '../errors.ts';
import { formatHash, sha256 } from '../hash.ts';
import type { Answer } from '../objects/answer.ts';
import { parseEntry } from '../objects/entry.ts';
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
    return openVoucher(answer.report, checked, auditors);
  } catch (error) {
    return { why: `its report does not count: ${faultIn(error, 'malformed', 'contradicted').message}` };
  }
}

function openVoucher(
  { name, file, line }: NonNullable<Answer['report']>,
  { opened: { checkpoint }, statement, manifest }: CheckedAnswer,
  auditors: Auditors,
): Vouched {
  // That it is in the log is proved already.
  const entry = parseEntry(Buffer.from(line));
  const bytes = Buffer.from(file);
  if (entry.type !== 'report' || entry.name !== name || entry.sha256 !== sha256(bytes))
    throw lacks('the entry is not the one of this report');
  if (auditors.ledger !== checkpoint.origin) throw lacks('the auditor’s key is of another ledger');
  const report = openReport(bytes, name, auditors);
  if (report.kind !== 'integrity' || report.ledger !== checkpoint.origin)
    throw lacks('it is not of a check of this ledger');
  if (report.status !== 'verified') throw lacks(`that check ended ${report.status}`);
  const index = report.log?.index;
  if (index?.manifest !== formatHash(statement.manifest)) throw lacks('that check was of another index');
  if (index.rederived !== index.units || index.units !== manifest.units.length)
    throw lacks(`that check made ${index.rederived} of ${index.units} units again`);
  return { name, finished: report.finished };
}
