import { parseAction } from '../core/objects/action.ts';
import { formatEntry } from '../core/objects/entry.ts';
import type { LogEntry } from '../core/objects/entry.ts';
import { AuditsealError } from '../core/errors.ts';
import type { AuditsealErrorCode } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { ObjectStore } from '../ports/store.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';
import { foreignLine } from '../core/objects/judge.ts';

/** DocumentLine is the entry of a report or an action, or of what has its name and is none. */
export interface DocumentLine {
  readonly line: Buffer;
  readonly isForeign: boolean;
}

/** reportLine makes the entry of a report, or of what has its name, or gives undefined if that is gone. */
export const reportLine = (store: ObjectStore, name: string, size: number): Promise<DocumentLine | undefined> =>
  documentLine(store, name, size, 'REPORT_MALFORMED', (bytes) => {
    const { status } = parseFiledReport(bytes);
    return { type: 'report', name, sha256: sha256(bytes), status };
  });

/** actionLine makes the entry of an action, or of what has its name, or gives undefined if that is gone. */
export const actionLine = (store: ObjectStore, name: string, size: number): Promise<DocumentLine | undefined> =>
  documentLine(store, name, size, 'ACTION_MALFORMED', (bytes) => {
    const { kind: action, outcome } = parseAction(bytes);
    return { type: 'action', name, sha256: sha256(bytes), action, outcome };
  });

async function documentLine(
  store: ObjectStore,
  name: string,
  size: number,
  malformed: AuditsealErrorCode,
  entryOf: (bytes: Buffer) => LogEntry,
): Promise<DocumentLine | undefined> {
  let bytes: Buffer | undefined;
  try {
    bytes = await store.read(name);
    return bytes && { line: formatEntry(entryOf(bytes)), isForeign: false };
  } catch (error) {
    if (!(error instanceof AuditsealError) || ![malformed, 'OBJECT_TOO_LARGE'].includes(error.code)) throw error;
    return { line: foreignLine(name, bytes?.length ?? size, bytes && sha256(bytes)), isForeign: true };
  }
}
