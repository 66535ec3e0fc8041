import { verify } from 'node:crypto';
import { AuditsealError } from '../errors.ts';
import { formatHash, parseHash, sha256 } from '../hash.ts';
import type { Hash } from '../hash.ts';
import { parseJsonObject } from '../jsonObject.ts';
import { decodeText, isTime } from '../text.ts';
import { SIGNED_VERSION, checkVersion } from './certificate.ts';
import type { Certificates, OpenedCertificate } from './certificate.ts';
import { SIGNATURE_BYTES, signWith } from './session.ts';
import type { Session } from './session.ts';

/** Statement is what the session that sealed a segment says of it. With it, one look tells where a chain goes on. */
export interface Statement {
  /** SHA-256 of the stored bytes before the signature frame */
  readonly frames: Hash;
  readonly root: Hash;
  readonly prev: Hash;
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub of that incarnation was created, as it said */
  readonly created: string;
  /** last sequence number that is sealed or declared missing, -1 if none */
  readonly event: number;
  /** the latest time at which an event of the chain, up to this segment, was enqueued; left out if there is none */
  readonly enqueued?: string;
  readonly sealed: string;
}

/** SignatureFrame is the last frame of a stored segment, taken apart. Nothing in it is verified. */
export interface SignatureFrame {
  /** how many bytes it has, with its own head */
  readonly size: number;
  /** statement and certificate, which the signature is over */
  readonly content: Buffer;
  readonly signature: Buffer;
}

/** MAX_SIGNATURE_FRAME_BYTES bounds a signature frame: 4 KiB. */
export const MAX_SIGNATURE_FRAME_BYTES = 4096;

/** SIGNATURE_METADATA is the key of a segment's metadata that has the frame's content and signature in base64. */
export const SIGNATURE_METADATA = 'signature';

/** A skippable frame of RFC 8878, section 3.1.2: this number and the length of what follows, 4 bytes each. */
const MAGIC = Buffer.from('5a2a4d18', 'hex');
const HEAD_BYTES = 8;

const foreign = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/** signSegment makes the content of a segment's signature frame: statement, certificate and signature. */
export function signSegment(session: Session, name: string, statement: Statement): Buffer {
  const content = Buffer.from(`${formatStatement(statement)}\n${session.note}`);
  const signature = signWith(session, messageOf(session.certificate.ledger, name, content));
  return Buffer.concat([content, signature]);
}

/** withSignature puts a signature frame behind a segment's frames: the bytes to store. */
export function withSignature(frames: Uint8Array, signed: Uint8Array): Buffer {
  const head = Buffer.concat([MAGIC, Buffer.alloc(4)]);
  head.writeUInt32LE(signed.length, MAGIC.length);
  if (HEAD_BYTES + signed.length > MAX_SIGNATURE_FRAME_BYTES)
    throw new AuditsealError(
      'CONFIG_INVALID',
      'LEDGER_ORIGIN: is too long for a certificate with the signatures of all keys',
    );
  return Buffer.concat([frames, head, signed]);
}

const messageOf = (ledger: string, name: string, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`auditseal segment\n${ledger}\n${name}\n`), content]);

const formatStatement = ({
  frames,
  root,
  prev,
  record,
  incarnation,
  created,
  event,
  enqueued,
  sealed,
}: Statement): string =>
  JSON.stringify({
    version: SIGNED_VERSION,
    frames: formatHash(frames),
    root: formatHash(root),
    prev: formatHash(prev),
    record,
    incarnation,
    created,
    event,
    enqueued,
    sealed,
  });

/**
 * findSignatureFrame finds the signature frame at the end of stored bytes, or of their last 4 KiB, and throws FOREIGN_OBJECT
 * if there is none. Its content holds no control character, and its magic number does: so one place can be its beginning.
 */
export function findSignatureFrame(stored: Buffer): SignatureFrame {
  const end = stored.subarray(-MAX_SIGNATURE_FRAME_BYTES);
  const start = end.subarray(0, -SIGNATURE_BYTES).lastIndexOf(MAGIC);
  const hasHead = start >= 0 && start + HEAD_BYTES <= end.length - SIGNATURE_BYTES;
  if (!hasHead || end.readUInt32LE(start + MAGIC.length) !== end.length - start - HEAD_BYTES)
    throw foreign('it does not end with a signature');
  return { size: end.length - start, ...splitSigned(end.subarray(start + HEAD_BYTES)) };
}

/** metadataFrame gives the signature frame that a blob's metadata has in base64, for a blob whose bytes can't be read. */
export function metadataFrame(metadata: string): SignatureFrame {
  const signed = metadata.length > MAX_SIGNATURE_FRAME_BYTES * 2 ? Buffer.alloc(0) : Buffer.from(metadata, 'base64');
  const isFrame = signed.length > SIGNATURE_BYTES && HEAD_BYTES + signed.length <= MAX_SIGNATURE_FRAME_BYTES;
  if (!isFrame || signed.toString('base64') !== metadata) throw foreign('its metadata is not a signature');
  return { size: HEAD_BYTES + signed.length, ...splitSigned(signed) };
}

const splitSigned = (signed: Buffer): Pick<SignatureFrame, 'content' | 'signature'> => ({
  content: signed.subarray(0, -SIGNATURE_BYTES),
  signature: signed.subarray(-SIGNATURE_BYTES),
});

/** SignedStatement is what a session of the ledger said of the segment of a name. */
export interface SignedStatement extends Statement {
  readonly ledger: string;
  /** when the certificate of its session ends */
  readonly until: string;
}

/**
 * openSignatureFrame gives what a session that the log's keys certified says of the segment of that name. It throws
 * FOREIGN_OBJECT for everything else, and VERSION_UNKNOWN where the session is of a later release. Whether the bytes
 * before the frame are those that it speaks of isn't known then.
 */
export function openSignatureFrame(frame: SignatureFrame, name: string, certificates: Certificates): SignedStatement {
  const { content, signature } = frame;
  const text = decodeText(content);
  const end = text?.indexOf('\n') ?? -1;
  if (text === undefined || end < 0) throw foreign('what it is signed over is not text');
  const certificate = certificates.open(text.slice(end + 1), 'segments');
  const { ledger, sessionKey, from, until } = certificate;
  if (!verify(null, messageOf(ledger, name, content), sessionKey, signature))
    throw foreign('its signature is not of the session in its certificate, or is of another name');
  const statement = parseStatement(text.slice(0, end), certificate);
  if (statement.sealed < from || statement.sealed > until)
    throw foreign('it is sealed at a time that its certificate is not for');
  return { ledger, until, ...statement };
}

function parseStatement(line: string, certificate: OpenedCertificate): Statement {
  const it = parseJsonObject(line);
  const { version, record, incarnation, created, event, enqueued, sealed } = it ?? {};
  checkVersion(version, certificate);
  const [frames, root, prev] = [parseHash(it?.['frames']), parseHash(it?.['root']), parseHash(it?.['prev'])];
  const isGood =
    [record, incarnation, event].every(Number.isSafeInteger) &&
    typeof created === 'string' &&
    isTime(created) &&
    (enqueued === undefined || (typeof enqueued === 'string' && isTime(enqueued))) &&
    typeof sealed === 'string' &&
    isTime(sealed);
  if (!isGood || frames === undefined || root === undefined || prev === undefined) throw foreign(NOT_PRINTED);
  const counts = { record: record as number, incarnation: incarnation as number, event: event as number };
  const statement = {
    frames,
    root,
    prev,
    ...counts,
    created,
    ...(enqueued !== undefined && { enqueued }),
    sealed,
  };
  if (statement.record < 0 || statement.incarnation < 0 || statement.event < -1 || formatStatement(statement) !== line)
    throw foreign(NOT_PRINTED);
  return statement;
}

const NOT_PRINTED = 'its statement is not printed as this release prints it';

/**
 * openSegment gives the frames of a stored segment that a certified session signed, and what it said of them. It throws as
 * openSignatureFrame does. Nothing is decompressed.
 */
export function openSegment(
  stored: Buffer,
  name: string,
  certificates: Certificates,
): { readonly frames: Buffer; readonly statement: SignedStatement } {
  const frame = findSignatureFrame(stored);
  const statement = openSignatureFrame(frame, name, certificates);
  const frames = stored.subarray(0, stored.length - frame.size);
  if (sha256(frames) !== statement.frames) throw foreign('its bytes are not those that were signed');
  return { frames, statement };
}
