import { utf8 } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { parseLogEntry } from '../ledger/entries.ts';
import type { LogEntry, StatedIndex } from '../ledger/entries.ts';
import { parseReportName } from '../ledger/names.ts';
import { parseReport } from '../ledger/reports.ts';
import { isContinued, sha256 } from '../merkle.ts';
import type { Checkpoint } from '../note.ts';
import { signerOf, splitSigned } from '../signed/documentSignature.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { CarriedReport } from './answer.ts';

/** Vouched is who vouches that the index leaves nothing out: an auditor, or only whoever signs the log. */
export type Vouched =
  | { readonly by: 'auditor'; readonly report: string; readonly finished: string; readonly key: VerifierKey }
  /** why no auditor does; `isMissed`: whoever checks gave a key of an auditor, and so wants his word */
  | { readonly by: 'signer'; readonly why: string; readonly isMissed: boolean };

/** ClaimedIndex is an index as the log states it: with how many units, and by which entry of heads. */
export interface ClaimedIndex {
  readonly index: StatedIndex;
  readonly units: number;
  readonly heads: number;
}

const MAX_REPORT_BYTES = 32 * 1024 * 1024;

/** auditorsWord tells who vouches for an index by the report that an answer carries, whose entry was proved to be in the log. */
export async function auditorsWord(
  report: CarriedReport | undefined,
  checkpoint: Checkpoint,
  claimed: ClaimedIndex,
  keys: readonly VerifierKey[],
): Promise<Vouched> {
  const signer = (why: string): Vouched => ({ by: 'signer', why, isMissed: keys.length > 0 });
  if (report === undefined) return signer('the answer carries no report of an auditor');
  const { origin: ledger } = checkpoint;
  const auditors = keys.filter(({ keyName }) => keyName === `${ledger}/auditor`);
  if (auditors.length === 0)
    return signer(`no key of an auditor of ${ledger} was given, so its report doesn\u2019t count`);
  const { name } = report;
  const file = utf8(report.file);
  if (parseReportName(name) === undefined || file.length > MAX_REPORT_BYTES)
    return signer('what it carries is no report');
  const end = splitSigned(file);
  const key = end && (await signerOf(end, 'report', name, auditors));
  if (end === undefined || key === undefined) return signer(`no given key of an auditor signed its report as ${name}`);
  const said = parseReport(end.signed);
  if (said?.kind !== 'integrity') return signer('its report is none of kind integrity');
  if (said.ledger !== ledger) return signer('its report is of another ledger');
  if (said.status !== 'verified') return signer(`the status of its report is ${said.status}`);
  const { index, log: head } = said;
  const { index: stated, units, heads } = claimed;
  const isSame =
    index?.manifest === stated.manifest && index.entries === stated.entries && index.rules === stated.rules;
  if (!isSame) return signer('its report is not of this index');
  if (index.units !== units || index.rederived !== units)
    return signer(
      `by its report, ${index.rederived} of ${index.units} units of the index were made again, and the index has ${units}`,
    );
  if (head === undefined) return signer('its report names no signed state of the log that it checked');
  if (head.size <= heads)
    return signer(
      `its report is of the log\u2019s first ${head.size} entries, and the log stated this index only later, in entry ${heads}`,
    );
  if (!(await isContinued({ size: head.size, rootHash: head.root }, checkpoint, report.consistency)))
    return signer(
      'it isn\u2019t proved that this log goes on from the one that its report is of, so that may be another history',
    );
  return { by: 'auditor', report: name, finished: said.finished, key };
}

/** compareReport throws PROOF_INVALID unless a report is the one that its entry in the log is of: else it was changed since. */
export async function compareReport({ name, file, index, line }: CarriedReport): Promise<void> {
  const digest = await sha256(utf8(file));
  const entry = await entryIn(line);
  if (entry?.type === 'report' && entry.name === name && entry.sha256 === digest) return;
  throw new Fault(
    'PROOF_INVALID',
    `the report that the answer carries is not the one that entry ${index} of the log is of`,
  );
}

async function entryIn(line: string): Promise<LogEntry | undefined> {
  try {
    return await parseLogEntry(utf8(line));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
