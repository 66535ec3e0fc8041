import { parseFiledAction } from './acknowledgement.ts';
import type { ActionEntry, ReportEntry } from './entry.ts';
import { documentName } from './names.ts';
import type { DocumentPlace } from './names.ts';
import { openReport } from './reportFile.ts';
import type { Auditors } from './reportFile.ts';
import { sha256 } from '../hash.ts';

/**
 * documentEntry makes the entry of a report or an action. It throws FOREIGN_OBJECT for a report that none of the auditors
 * signed under its name, whoever they are if none are known, and REPORT_MALFORMED or ACTION_MALFORMED for anything else.
 */
export function documentEntry(
  { type, number }: DocumentPlace,
  bytes: Buffer,
  auditors: Auditors | undefined,
): ReportEntry | ActionEntry {
  const name = documentName(type, number);
  if (type === 'report') return { type, name, sha256: sha256(bytes), status: openReport(bytes, name, auditors).status };
  const { kind: action, outcome } = parseFiledAction(bytes);
  return { type, name, sha256: sha256(bytes), action, outcome };
}
