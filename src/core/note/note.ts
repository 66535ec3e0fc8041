import { cosignatureTime, verifyCosignature } from './cosignature.ts';
import { AuditsealError } from '../errors.ts';
import { formatSignatureLine, parseSignatureLine } from './signatureLine.ts';
import type { SignatureLine } from './signatureLine.ts';
import { decodeText, isText } from '../text.ts';
import { verifyText } from './verifierKey.ts';
import type { KeyType, VerifierKey } from './verifierKey.ts';

/** Note is a text and the signatures under it. c2sp.org/signed-note. */
export interface Note {
  /** ends with LF; this, and nothing else, is what is signed */
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** VerifiedSignature is one by a key that the reader trusts, and that fits. */
export interface VerifiedSignature {
  readonly keyName: string;
  readonly keyId: string;
  readonly type: KeyType;
  /** of a cosignature: its time, in seconds since the Unix epoch */
  readonly timestamp?: number;
}

/** OpenedNote is a note that at least one trusted key signed. */
export interface OpenedNote {
  readonly text: string;
  /** one for each trusted key that signed; of several cosignatures by one key, the latest */
  readonly signatures: readonly VerifiedSignature[];
}

/** MAX_NOTE_BYTES bounds a note: 64 KiB. */
export const MAX_NOTE_BYTES = 64 * 1024;

/** MAX_NOTE_SIGNATURES bounds the signatures of a note, whoever made them. */
export const MAX_NOTE_SIGNATURES = 100;

const malformed = (why: string): AuditsealError => new AuditsealError('NOTE_MALFORMED', why);

/** formatNote prints a note: the text, an empty line, the signature lines. */
export function formatNote({ text, signatures }: Note): Buffer {
  const note = Buffer.from(`${text}\n${signatures.map((signature) => `${formatSignatureLine(signature)}\n`).join('')}`);
  if (!isText(text) || !text.endsWith('\n'))
    throw malformed('the text of a note must be lines, each ended by LF, without control characters');
  checkLimits(note, signatures.length);
  return note;
}

function checkLimits(note: Uint8Array, signatures: number): void {
  if (note.length > MAX_NOTE_BYTES)
    throw malformed(`the note has ${note.length} bytes, more than the ${MAX_NOTE_BYTES} that a note may have`);
  if (signatures === 0) throw malformed('the note has no signature');
  if (signatures > MAX_NOTE_SIGNATURES)
    throw malformed(`the note has more than the ${MAX_NOTE_SIGNATURES} signatures that a note may have`);
}

/**
 * parseNote is the inverse of formatNote. It verifies nothing: what it gives is attacker-controlled.
 *
 * The text may hold empty lines; the last one of the note ends it.
 */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) checkLimits(bytes, 1);
  const note = decodeText(bytes);
  if (note === undefined) throw malformed('the note is not UTF-8, or holds a control character');
  const end = note.lastIndexOf('\n\n');
  if (end < 0) throw malformed('the note has no empty line between its text and its signatures');
  if (!note.endsWith('\n')) throw malformed('the note does not end with LF');
  const lines = note.slice(end + 2, -1).split('\n', MAX_NOTE_SIGNATURES + 1);
  checkLimits(bytes, end + 2 === note.length ? 0 : lines.length);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignatureLine) };
}

/**
 * openNote gives the text of a note that one of `verifiers` signed.
 *
 * Signatures by other keys are ignored. It throws NOTE_MALFORMED for bytes that aren't a note, and SIGNATURE_INVALID if
 * no trusted key signed it or the signature of one is wrong.
 */
export function openNote(bytes: Uint8Array, verifiers: readonly VerifierKey[]): OpenedNote {
  const { text, signatures } = parseNote(bytes);
  const latest = new Map<VerifierKey, VerifiedSignature>();
  for (const line of signatures) {
    const known = verifiers.filter(({ keyName, keyId }) => keyName === line.keyName && keyId === line.keyId);
    if (known.length === 0) continue;
    // Key IDs are short, so two keys of one name may share theirs; then the signature has to fit one of them.
    const key = known.find((key) => fits(key, text, line.signature));
    if (key === undefined) {
      throw new AuditsealError('SIGNATURE_INVALID', `the signature by ${line.keyName} (key ID ${line.keyId}) is wrong`);
    }
    const before = latest.get(key);
    const verified = verifiedSignature(key, line.signature);
    if (before === undefined || (verified.timestamp ?? 0) > (before.timestamp ?? 0)) latest.set(key, verified);
  }
  if (latest.size === 0) throw new AuditsealError('SIGNATURE_INVALID', 'no trusted key signed the note');
  return { text, signatures: [...latest.values()] };
}

const fits = (key: VerifierKey, text: string, signature: Buffer): boolean =>
  key.type === 'cosignature' ? verifyCosignature(key, text, signature) : verifyText(key, Buffer.from(text), signature);

function verifiedSignature({ keyName, keyId, type }: VerifierKey, signature: Buffer): VerifiedSignature {
  return { keyName, keyId, type, ...(type === 'cosignature' && { timestamp: cosignatureTime(signature) }) };
}
