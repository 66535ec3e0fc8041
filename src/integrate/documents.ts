import { attempt } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { documentEntry } from '../core/objects/document.ts';
import { formatEntry } from '../core/objects/entry.ts';
import { foreignLine } from '../core/objects/judge.ts';
import { documentName } from '../core/objects/names.ts';
import type { DocumentPlace } from '../core/objects/names.ts';
import type { ObjectStore } from '../ports/store.ts';

/** DocumentLine is the entry of a report or an action, or of what has its name and is none. */
export interface DocumentLine {
  readonly line: Buffer;
  readonly isForeign: boolean;
}

/** documentLine makes the entry of what has the name of a report or an action, or gives undefined if that is gone. */
export async function documentLine(
  store: Pick<ObjectStore, 'read'>,
  place: DocumentPlace,
  size: number,
): Promise<DocumentLine | undefined> {
  const name = documentName(place.type, place.number);
  const bytes = await store.read(name);
  if (bytes === undefined) return undefined;
  if (bytes === 'too-large') return { line: foreignLine(name, size, undefined), isForeign: true };
  const entry = attempt(() => documentEntry(place, bytes), 'malformed');
  if (entry !== undefined) return { line: formatEntry(entry), isForeign: false };
  return { line: foreignLine(name, bytes.length, sha256(bytes)), isForeign: true };
}
