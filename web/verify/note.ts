import { concat, fromBase64, hashFromBase64, isPlainText, parseDecimal, toHex, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { Fault } from './fault.ts';
import { MAX_PROOF_HASHES } from './merkle.ts';
import { isKeyName, verifySignature } from './verifierKey.ts';
import type { VerifierKey } from './verifierKey.ts';

/** SignatureLine is one line under a note. c2sp.org/signed-note. */
export interface SignatureLine {
  readonly keyName: string;
  readonly keyId: string;
  readonly signature: Bytes;
}

/** Note is a text and the signatures under it; nothing of it is verified. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** Checkpoint is a tree head and the log it is of. c2sp.org/tlog-checkpoint. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** hex */
  readonly rootHash: string;
}

/** Signed is a key that signed, and when it says so (a witness's cosignature, in seconds since the Unix epoch). */
export interface Signed {
  readonly key: VerifierKey;
  readonly timestamp?: number;
}

/** TlogProof is the text of a .tlog-proof file, taken apart. c2sp.org/tlog-proof. */
export interface TlogProof {
  readonly index: number;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

/** MAX_NOTE_BYTES bounds a note. */
export const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 100;
const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

/** parseTlogProof throws PROOF_MALFORMED. */
export function parseTlogProof(text: string): TlogProof {
  const bad = (why: string): Fault => new Fault('PROOF_MALFORMED', why);
  if (text.length > 2 * MAX_NOTE_BYTES) throw bad('the proof from entry to checkpoint is too long');
  if (!isPlainText(text)) throw bad('the proof from entry to checkpoint holds control characters');
  const end = text.indexOf('\n\n');
  const [first, ...lines] = end < 0 ? [] : text.slice(0, end).split('\n');
  if (first !== FIRST_LINE) throw bad(`the proof does not begin with ${FIRST_LINE}`);
  if (lines[0]?.startsWith('extra ') === true && !fromBase64(lines.shift()?.slice(6) ?? '')?.length) {
    throw bad('the extra data of the proof is not base64');
  }
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice(6)) : undefined;
  if (index === undefined) throw bad("the proof does not state the entry's number");
  if (lines.length > MAX_PROOF_HASHES) throw bad(`the proof has more than ${MAX_PROOF_HASHES} hashes`);
  const hashes = lines.map((line) => hashFromBase64(line) ?? '');
  if (hashes.includes('')) throw bad('a hash of the proof is not 32 bytes in base64');
  return { index, hashes, checkpoint: text.slice(end + 2) };
}

/** parseNote throws NOTE_MALFORMED. The last empty line of a note ends its text. */
export function parseNote(note: string): Note {
  const bad = (why: string): Fault => new Fault('NOTE_MALFORMED', why);
  if (utf8(note).length > MAX_NOTE_BYTES) throw bad('the checkpoint is larger than 64 KiB');
  if (!isPlainText(note)) throw bad('the checkpoint holds control characters');
  const end = note.lastIndexOf('\n\n');
  if (end < 0) throw bad('the checkpoint has no empty line between its text and its signatures');
  if (!note.endsWith('\n')) throw bad('the checkpoint is cut off');
  if (end + 2 === note.length) throw bad('the checkpoint carries no signature');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw bad(`the checkpoint has more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignatureLine) };
}

/** parseSignatureLine reads a line under a note, without its LF, and throws NOTE_MALFORMED. */
export function parseSignatureLine(line: string): SignatureLine {
  const space = line.indexOf(' ', 2);
  const keyName = line.slice(2, Math.max(space, 0));
  const bytes = fromBase64(line.slice(space + 1));
  if (!line.startsWith('\u2014 ') || !isKeyName(keyName) || bytes === undefined || bytes.length <= 4) {
    throw new Fault('NOTE_MALFORMED', 'a signature line of the checkpoint is not of the form');
  }
  return { keyName, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

/** parseCheckpoint throws CHECKPOINT_MALFORMED. */
export function parseCheckpoint(text: string): Checkpoint {
  const bad = (why: string): Fault => new Fault('CHECKPOINT_MALFORMED', why);
  const [origin = '', sizeText = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n');
  const size = parseDecimal(sizeText);
  const rootHash = hashFromBase64(rootText);
  if (origin === '') throw bad('the checkpoint does not name its log');
  if (size === undefined) throw bad('the checkpoint does not state how many entries it covers');
  if (rootHash === undefined) throw bad('the root hash of the checkpoint is not 32 bytes in base64');
  if (size === 0 && rootHash !== EMPTY_ROOT) throw bad('the checkpoint gives an empty log another root hash');
  if (extensions.includes('')) throw bad('the checkpoint has an empty line behind its root hash');
  return { origin, size, rootHash };
}

/**
 * verifyNote gives who of `keys` signed the note: the log's own keys, and witnesses. It throws SIGNATURE_INVALID if a
 * signature under the name and ID of one of the keys is wrong, or if no key of the log `origin` signed.
 */
export async function verifyNote(
  { text, signatures }: Note,
  origin: string,
  keys: readonly VerifierKey[],
): Promise<{ own: Signed[]; witnesses: Signed[] }> {
  const latest = new Map<VerifierKey, Signed>();
  for (const { keyName, keyId, signature } of signatures) {
    const known = keys.filter((key) => key.keyName === keyName && key.keyId === keyId);
    if (known.length === 0) continue;
    let signed: Signed | undefined;
    for (const key of known) signed ??= await signedBy(key, text, signature);
    if (signed === undefined) {
      throw new Fault('SIGNATURE_INVALID', `the signature under the name ${keyName} (key ID ${keyId}) is wrong`);
    }
    const before = latest.get(signed.key);
    if (before === undefined || (signed.timestamp ?? 0) > (before.timestamp ?? 0)) latest.set(signed.key, signed);
  }
  const all = [...latest.values()];
  const own = all.filter(({ key }) => key.type !== 'cosignature' && key.keyName === origin);
  if (own.length === 0) throw new Fault('SIGNATURE_INVALID', `no given key of ${origin} signed the checkpoint`);
  return { own, witnesses: all.filter(({ key }) => key.type === 'cosignature') };
}

/** signedBy tells whether a signature is the key's over a note's text, and when a witness made it; undefined if it isn't. */
export async function signedBy(key: VerifierKey, text: string, signature: Bytes): Promise<Signed | undefined> {
  if (key.type !== 'cosignature') return (await verifySignature(key, utf8(text), signature)) ? { key } : undefined;
  if (signature.length !== 72) return undefined;
  const timestamp = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(timestamp) || timestamp === 0) return undefined;
  const message = concat(utf8(`cosignature/v1\ntime ${timestamp}\n`), utf8(text));
  return (await verifySignature(key, message, signature.slice(8))) ? { key, timestamp } : undefined;
}
