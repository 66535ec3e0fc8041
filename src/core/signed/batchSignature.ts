import { verify } from 'node:crypto';
import { AuditsealError, attempt } from '../errors.ts';
import { formatHash, parseHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { parseJsonObject } from '../jsonObject.ts';
import { decodeText, parseBase64 } from '../text.ts';
import { SIGNED_VERSION, checkVersion } from './certificate.ts';
import type { Certificates, OpenedCertificate } from './certificate.ts';
import { SIGNATURE_BYTES, signWith } from './session.ts';
import type { Session } from './session.ts';

/** BatchClaim is what the last line of a batch says it follows. */
export interface BatchClaim {
  /** number of the last valid batch before it, -1 if it is the first */
  readonly previous: number;
  /** entries of the log before it, and the root over them */
  readonly size: number;
  readonly root: Hash;
}

/** SignedBatch is a batch that a session of the log signed. Whether it is in the log is for its predecessor to say. */
export interface SignedBatch extends BatchClaim {
  readonly certificate: OpenedCertificate;
  /** the lines of its entries, each with its LF */
  readonly lines: Buffer;
}

const MIDDLE = ',"signature":"';
const SUFFIX = '"}\n';
const BASE64_LENGTH = Math.ceil(SIGNATURE_BYTES / 3) * 4;
const END_BYTES = MIDDLE.length + BASE64_LENGTH + SUFFIX.length;
/** MAX_LAST_LINE_BYTES bounds the last line of a batch, with its LF: 16 KiB. */
export const MAX_LAST_LINE_BYTES = 16 * 1024;

const foreign = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/** signBatch puts a session's signature behind the lines of a batch's entries: the bytes to store. */
export function signBatch(session: Session, name: string, lines: Uint8Array, claim: BatchClaim): Buffer {
  const said = formatClaim(claim, session.note);
  const signature = signWith(session, messageOf(session.certificate.ledger, name, sha256(lines), said));
  return Buffer.concat([lines, Buffer.from(`${said}${MIDDLE}${signature.toString('base64')}${SUFFIX}`)]);
}

const formatClaim = ({ previous, size, root }: BatchClaim, certificate: string): string =>
  `{"batch":${JSON.stringify({ version: SIGNED_VERSION, previous, size, root: formatHash(root), certificate })}`;

const messageOf = (ledger: string, name: string, lines: Hash, said: string): Buffer =>
  Buffer.from(`auditseal batch\n${ledger}\n${name}\n${formatHash(lines)}\n${said}`);

/** LastLine is the last line of a batch, and the SHA-256 of the lines before it: all that its signature is checked by. */
interface LastLine {
  readonly line: Buffer;
  readonly lines: Hash;
}

/** splitBatch takes the last line of a batch's bytes off. */
function splitBatch(batch: Buffer): { readonly line: Buffer; readonly lines: Buffer } {
  const start = batch.subarray(0, -1).lastIndexOf('\n') + 1;
  return { line: batch.subarray(start), lines: batch.subarray(0, start) };
}

/** batchMetadata is the metadata of a batch: its last line in base64, and the SHA-256 of the lines before in hex. */
export function batchMetadata(batch: Buffer): Readonly<Record<string, string>> {
  const { line, lines } = splitBatch(batch);
  return { signature: line.toString('base64'), lines: formatHash(sha256(lines)) };
}

/** SignedClaim is what the last line of a batch says, under a certificate that holds. */
export type SignedClaim = Omit<SignedBatch, 'lines'>;

/** claimInMetadata gives what a batch that can't be read claims, if a certified session signed it under that name. */
export function claimInMetadata(
  { signature = '', lines = '' }: Readonly<Record<string, string>>,
  name: string,
  certificates: Certificates,
): SignedClaim | undefined {
  const hash = parseHash(lines);
  const line = Buffer.from(signature, 'base64');
  return hash && attempt(() => openLastLine({ line, lines: hash }, name, certificates), 'malformed');
}

/**
 * openBatch takes a batch apart that a certified session signed under that name. It throws FOREIGN_OBJECT for everything
 * else, and VERSION_UNKNOWN where the session is of a later release.
 */
export function openBatch(batch: Buffer, name: string, certificates: Certificates): SignedBatch {
  const { line, lines } = splitBatch(batch);
  return { ...openLastLine({ line, lines: sha256(lines) }, name, certificates), lines };
}

function openLastLine({ line: bytes, lines }: LastLine, name: string, certificates: Certificates): SignedClaim {
  const line = bytes.length > MAX_LAST_LINE_BYTES ? undefined : decodeText(bytes);
  const said = line?.slice(0, -END_BYTES) ?? '';
  const signature = parseBase64(line?.slice(-SUFFIX.length - BASE64_LENGTH, -SUFFIX.length) ?? '');
  if (line === undefined || signature?.length !== SIGNATURE_BYTES || !line.startsWith('{"batch":{'))
    throw foreign('it does not end with a signature');
  const it = parseJsonObject(`${said}}`)?.['batch'] as Readonly<Record<string, unknown>> | undefined;
  const note = it?.['certificate'];
  if (typeof note !== 'string') throw foreign('it does not end with a certificate');
  const certificate = certificates.open(note, 'batches');
  if (!verify(null, messageOf(certificate.ledger, name, lines, said), certificate.sessionKey, signature))
    throw foreign('its signature is not of the session in its certificate, or is of another name');
  const { version, previous, size } = it ?? {};
  checkVersion(version, certificate);
  const claim = { previous: previous as number, size: size as number, root: parseHash(it?.['root']) as Hash };
  const isGood = Number.isSafeInteger(previous) && Number.isSafeInteger(size) && claim.root !== undefined;
  const printed = isGood && `${formatClaim(claim, note)}${MIDDLE}${signature.toString('base64')}${SUFFIX}`;
  if (printed !== line || claim.previous < -1 || claim.size < 0)
    throw foreign('its last line is not printed as this release prints it');
  return { ...claim, certificate };
}
