import { parseAction } from '../core/action.ts';
import { formatEntry } from '../core/entry.ts';
import { AuditsealError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { ObjectStore } from '../ports.ts';
import { foreignLine } from './segmentEntry.ts';

/** actionLine makes the entry of an action, or of what has its name, or gives undefined if that is gone. */
export async function actionLine(
  store: ObjectStore,
  name: string,
  size: number,
): Promise<{ line: Buffer; isForeign: boolean } | undefined> {
  let bytes: Buffer | undefined;
  try {
    bytes = await store.read(name);
    if (bytes === undefined) return undefined;
    const { kind: action, outcome } = parseAction(bytes);
    return { line: formatEntry({ type: 'action', name, sha256: sha256(bytes), action, outcome }), isForeign: false };
  } catch (error) {
    const isFaulty = error instanceof AuditsealError && ['ACTION_MALFORMED', 'OBJECT_TOO_LARGE'].includes(error.code);
    if (!isFaulty) throw error;
    return { line: foreignLine(name, bytes?.length ?? size, bytes && sha256(bytes)), isForeign: true };
  }
}
