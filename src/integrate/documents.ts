import { attempt } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { parseAction } from '../core/objects/action.ts';
import { formatEntry } from '../core/objects/entry.ts';
import type { LogEntry } from '../core/objects/entry.ts';
import { foreignLine } from '../core/objects/judge.ts';
import { parseFiledReport } from '../core/objects/reportFile.ts';
import type { ObjectStore } from '../ports/store.ts';

/** DocumentLine is the entry of a report or an action, or of what has its name and is none. */
export interface DocumentLine {
  readonly line: Buffer;
  readonly isForeign: boolean;
}

/** reportLine makes the entry of a report, or of what has its name, or gives undefined if that is gone. */
export const reportLine = (store: ObjectStore, name: string, size: number): Promise<DocumentLine | undefined> =>
  documentLine(store, name, size, (bytes) => {
    const { status } = parseFiledReport(bytes);
    return { type: 'report', name, sha256: sha256(bytes), status };
  });

/** actionLine makes the entry of an action, or of what has its name, or gives undefined if that is gone. */
export const actionLine = (store: ObjectStore, name: string, size: number): Promise<DocumentLine | undefined> =>
  documentLine(store, name, size, (bytes) => {
    const { kind: action, outcome } = parseAction(bytes);
    return { type: 'action', name, sha256: sha256(bytes), action, outcome };
  });

async function documentLine(
  store: ObjectStore,
  name: string,
  size: number,
  entryOf: (bytes: Buffer) => LogEntry,
): Promise<DocumentLine | undefined> {
  const bytes = await store.read(name);
  if (bytes === undefined) return undefined;
  if (bytes === 'too-large') return { line: foreignLine(name, size, undefined), isForeign: true };
  const entry = attempt(() => entryOf(bytes), 'malformed');
  if (entry !== undefined) return { line: formatEntry(entry), isForeign: false };
  return { line: foreignLine(name, bytes.length, sha256(bytes)), isForeign: true };
}
