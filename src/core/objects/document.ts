import { parseAction } from './action.ts';
import type { ActionEntry, ReportEntry } from './entry.ts';
import { documentName } from './names.ts';
import type { DocumentPlace } from './names.ts';
import { parseFiledReport } from './reportFile.ts';
import { sha256 } from '../hash.ts';

/** documentEntry makes the entry of a report or an action. It throws REPORT_MALFORMED or ACTION_MALFORMED for anything else. */
export function documentEntry({ type, number }: DocumentPlace, bytes: Buffer): ReportEntry | ActionEntry {
  const named = { name: documentName(type, number), sha256: sha256(bytes) };
  if (type === 'report') return { type, ...named, status: parseFiledReport(bytes).status };
  const { kind: action, outcome } = parseAction(bytes);
  return { type, ...named, action, outcome };
}
