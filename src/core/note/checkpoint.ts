import { openNote, parseNote } from './note.ts';
import type { VerifiedSignature } from './note.ts';
import type { VerifierKey } from './verifierKey.ts';
import { AuditsealError } from '../errors.ts';
import { EMPTY_ROOT } from '../merkle/tree.ts';
import type { TreeHead } from '../merkle/tree.ts';
import { formatBase64Hash, isText, parseBase64Hash, parseDecimal } from '../text.ts';

/** Checkpoint is a tree head and the log it is of: the text of a note. c2sp.org/tlog-checkpoint. */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
  /** lines that others put behind the three; a ledger's own checkpoint has none */
  readonly extensions?: readonly string[];
}

/** OpenedCheckpoint is a checkpoint that its log signed. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** what was signed */
  readonly text: string;
  /** the log's own, at least one */
  readonly signatures: readonly VerifiedSignature[];
  /** those of trusted witnesses, each with its time */
  readonly cosignatures: readonly VerifiedSignature[];
}

const malformed = (why: string): AuditsealError => new AuditsealError('CHECKPOINT_MALFORMED', why);

/** formatCheckpoint prints the text that is signed: origin, size, root and extensions, one on a line. */
export function formatCheckpoint({ origin, size, rootHash, extensions = [] }: Checkpoint): string {
  const text = [origin, String(size), formatBase64Hash(rootHash), ...extensions].map((line) => `${line}\n`).join('');
  // A line break within a line would make it another checkpoint.
  if (parseCheckpoint(text).extensions?.length !== (extensions.length || undefined))
    throw malformed('a line has a break');
  return text;
}

/** parseCheckpoint is the inverse of formatCheckpoint, and throws CHECKPOINT_MALFORMED. It knows of no signature. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!isText(text) || !text.endsWith('\n'))
    throw malformed('a checkpoint must be lines, each ended by LF, without control characters');
  const [origin = '', sizeText = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n');
  if (origin === '') throw malformed('the origin is empty');
  const size = parseDecimal(sizeText);
  if (size === undefined) throw malformed('the tree size is not a decimal number below 2^53 without leading zeros');
  const rootHash = parseBase64Hash(rootText);
  if (rootHash === undefined) throw malformed('the root hash is not 32 bytes in base64');
  if (size === 0 && rootHash !== EMPTY_ROOT) throw malformed('an empty tree has another root hash');
  if (extensions.includes('')) throw malformed('an extension line is empty');
  return { origin, size, rootHash, ...(extensions.length > 0 && { extensions }) };
}

/**
 * parseCheckpointNote gives the checkpoint in a note, whoever signed it: what it gives is attacker-controlled. It throws NOTE_MALFORMED
 * and CHECKPOINT_MALFORMED.
 */
export const parseCheckpointNote = (note: Uint8Array): Checkpoint => parseCheckpoint(parseNote(note).text);

/**
 * openCheckpoint gives the checkpoint of the log `origin` that is in a note signed by the log itself.
 *
 * A log's key has the origin for its name, and signs notes: the signature of a witness alone, or of another log that is
 * trusted too, is not enough. Throws NOTE_MALFORMED, SIGNATURE_INVALID or CHECKPOINT_MALFORMED.
 */
export function openCheckpoint(bytes: Uint8Array, origin: string, verifiers: readonly VerifierKey[]): OpenedCheckpoint {
  const { text, signatures } = openNote(bytes, verifiers);
  const isLogs = ({ type, keyName }: VerifiedSignature): boolean => type !== 'cosignature' && keyName === origin;
  const own = signatures.filter(isLogs);
  if (own.length === 0)
    throw new AuditsealError('SIGNATURE_INVALID', `no trusted key of ${origin} signed the checkpoint`);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== origin) throw malformed(`${origin} signed a checkpoint of another origin`);
  return { checkpoint, text, signatures: own, cosignatures: signatures.filter(({ type }) => type === 'cosignature') };
}
