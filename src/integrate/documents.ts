import { attempt } from '../core/errors.ts';
import { documentEntry } from '../core/objects/document.ts';
import { formatEntry } from '../core/objects/entry.ts';
import { documentName } from '../core/objects/names.ts';
import type { DocumentPlace } from '../core/objects/names.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { ObjectStore } from '../ports/store.ts';

/** DocumentLine is the entry of a report or an action, or of what has an action's name and is none. */
export interface DocumentLine {
  /** left out for a report that no auditor signed: it has no entry */
  readonly line?: Buffer;
  readonly isForeign: boolean;
}

export interface DocumentDeps {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly origin: string;
  /** keys that the ledger's auditor signs reports with, or did */
  readonly auditors: readonly VerifierKey[];
}

/** documentLine makes the entry of what has the name of a report or an action, or gives undefined if that is gone. */
export async function documentLine(
  { store, origin, auditors }: DocumentDeps,
  place: DocumentPlace,
): Promise<DocumentLine | undefined> {
  const name = documentName(place.type, place.number);
  const bytes = await store.read(name);
  if (bytes === undefined) return undefined;
  const trusted = { ledger: origin, verifiers: auditors };
  const entry =
    typeof bytes === 'object' ? attempt(() => documentEntry(place, bytes, trusted), 'malformed') : undefined;
  if (entry !== undefined) return { line: formatEntry(entry), isForeign: false };
  if (place.type === 'report') return { isForeign: true };
  return { line: formatEntry({ type: 'foreign', name }), isForeign: true };
}
