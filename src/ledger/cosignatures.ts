import { attempt } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES, formatNote, parseNote } from '../core/note/note.ts';
import { formatSignatureLine, parseSignatureLine } from '../core/note/signatureLine.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import { cosignaturePrefix, parseCosignatureName } from '../core/objects/names.ts';
import type { CosignaturePlace } from '../core/objects/names.ts';
import { decodeText } from '../core/text.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

/** formatCosignature prints the object of a cosignature: its signature line, ended by LF. */
export const formatCosignature = (line: SignatureLine): Buffer => Buffer.from(`${formatSignatureLine(line)}\n`);

/**
 * parseCosignature is the inverse of formatCosignature, and gives undefined for all other bytes, and for the line of
 * another key ID than the object's name has. It verifies nothing.
 */
function parseCosignature(bytes: Buffer, keyId: string): SignatureLine | undefined {
  const text = bytes.length > MAX_NOTE_BYTES ? undefined : decodeText(bytes);
  if (text?.endsWith('\n') !== true) return undefined;
  const line = attempt(() => parseSignatureLine(text.slice(0, -1)), 'malformed');
  return line?.keyId === keyId ? line : undefined;
}

/** StoredCosignature is an object with the name of a cosignature: its line, or why it has none. */
export interface StoredCosignature {
  readonly name: string;
  readonly line: SignatureLine | Unread | 'malformed';
}

/** readCosignature reads an object with the name of a cosignature, or gives undefined if it is gone. It verifies nothing. */
export async function readCosignature(
  store: Pick<ObjectStore, 'read'>,
  name: string,
  { keyId, hash }: Pick<CosignaturePlace, 'keyId' | 'hash'>,
): Promise<StoredCosignature['line'] | undefined> {
  const bytes = await store.read(name);
  if (typeof bytes !== 'object') return bytes;
  const isNamed = formatHash(sha256(bytes)).startsWith(hash);
  return (isNamed ? parseCosignature(bytes, keyId) : undefined) ?? 'malformed';
}

/** listCosignatures reads what has the name of a cosignature of a checkpoint, by one key or by any, in order of name. */
export async function* listCosignatures(
  store: Pick<ObjectStore, 'read' | 'list'>,
  number: number,
  keyId?: string,
): AsyncGenerator<StoredCosignature> {
  for await (const { name } of store.list(cosignaturePrefix(number, keyId))) {
    const place = parseCosignatureName(name);
    const line = place && (await readCosignature(store, name, place));
    if (line !== undefined) yield { name, line };
  }
}

/** storedCosignatures gives the lines that are stored beside a checkpoint, in order of key ID. It verifies none. */
export async function storedCosignatures(
  store: Pick<ObjectStore, 'read' | 'list'>,
  number: number,
): Promise<SignatureLine[]> {
  const lines: SignatureLine[] = [];
  for await (const { line } of listCosignatures(store, number)) if (typeof line === 'object') lines.push(line);
  return lines;
}

/** withCosignatures adds lines to a checkpoint's note: those that it lacks, as far as a note has room. */
export function withCosignatures(note: Buffer, cosignatures: readonly SignatureLine[]): Buffer {
  const { text, signatures } = parseNote(note);
  const known = new Set(signatures.map(formatSignatureLine));
  const all = [...signatures];
  let length = note.length;
  for (const line of cosignatures) {
    const printed = formatSignatureLine(line);
    const size = Buffer.byteLength(printed) + 1;
    if (known.has(printed) || all.length === MAX_NOTE_SIGNATURES || length + size > MAX_NOTE_BYTES) continue;
    all.push(line);
    length += size;
  }
  return formatNote({ text, signatures: all });
}
