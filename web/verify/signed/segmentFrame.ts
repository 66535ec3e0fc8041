import { concat, decodeUtf8, equalBytes, hexBytes, isPlainText, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import { sha256 } from '../merkle.ts';
import { SIGNATURE_BYTES, verifyEd25519 } from '../verifierKey.ts';
import { checkVersion, foreign } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { Trust } from './trust.ts';

/** Statement is what the session that sealed a segment says of it. docs/format.md, section 3.1. Hashes are hex. */
export interface Statement {
  readonly frames: string;
  readonly root: string;
  readonly prev: string;
  /** number of the next record */
  readonly record: number;
  readonly incarnation: number;
  /** when the hub of that incarnation was created */
  readonly created: string;
  /** last sequence number that is sealed or declared missing, -1 if there is none */
  readonly event: number;
  /** the latest time at which an event of the chain was enqueued, up to this segment */
  readonly enqueued: string | undefined;
  readonly sealed: string;
}

/** SignedSegment is a stored segment that a certified session signed under its name. */
export interface SignedSegment {
  readonly ledger: string;
  readonly statement: Statement;
  /** the Zstandard frames that it speaks of */
  readonly frames: Bytes;
}

const MAX_FRAME_BYTES = 4096;

const MAGIC = hexBytes('5a2a4d18');
const HEAD_BYTES = 8;
const HASH = /^[0-9a-f]{64}$/;

/**
 * openSegment takes a stored segment apart that a certified session signed under that name. It throws FOREIGN_OBJECT for
 * everything else, and VERSION_UNKNOWN where the session is of a later release. Nothing is decompressed.
 */
export async function openSegment(stored: Bytes, name: string, trust: Trust): Promise<SignedSegment> {
  const start = startOf(stored);
  const content = stored.subarray(start + HEAD_BYTES, -SIGNATURE_BYTES);
  const text = decodeUtf8(content);
  const end = text?.indexOf('\n') ?? -1;
  if (text === undefined || !isPlainText(text) || end < 0) throw foreign('what it is signed over is not text');
  const certificate = await trust.open(text.slice(end + 1), 'segments');
  const { ledger, sessionKey, from, until } = certificate;
  const message = concat(utf8(`auditseal segment\n${ledger}\n${name}\n`), content);
  if (!(await verifyEd25519(sessionKey, message, stored.slice(-SIGNATURE_BYTES))))
    throw foreign('its signature is not of the session in its certificate, or is of another name');
  const statement = parseStatement(text.slice(0, end), certificate);
  if (statement.sealed < from || statement.sealed > until)
    throw foreign('it is sealed at a time that its certificate is not for');
  const frames = stored.subarray(0, start);
  if ((await sha256(frames)) !== statement.frames) throw foreign('its bytes are not those that were signed');
  trust.ledger ??= ledger;
  return { ledger, statement, frames };
}

/** startOf finds where the signature frame begins: its content holds no control character, and its magic number does. */
function startOf(stored: Bytes): number {
  const least = Math.max(stored.length - MAX_FRAME_BYTES, 0);
  let start = stored.length - SIGNATURE_BYTES - MAGIC.length;
  while (start >= least && !equalBytes(stored.subarray(start, start + MAGIC.length), MAGIC)) start--;
  const contentAt = start + HEAD_BYTES;
  const isFrame =
    start >= least &&
    contentAt <= stored.length - SIGNATURE_BYTES &&
    new DataView(stored.buffer, stored.byteOffset).getUint32(start + MAGIC.length, true) === stored.length - contentAt;
  if (!isFrame) throw foreign('it does not end with a signature');
  return start;
}

function parseStatement(line: string, certificate: Certificate): Statement {
  const it = parseJson(line);
  const { version, frames, root, prev, record, incarnation, created, event, enqueued, sealed } = isObject(it) ? it : {};
  checkVersion(version, certificate);
  const isGood =
    [frames, root, prev].every((hash) => typeof hash === 'string' && HASH.test(hash)) &&
    [record, incarnation, event].every(Number.isSafeInteger) &&
    (record as number) >= 0 &&
    (incarnation as number) >= 0 &&
    (event as number) >= -1 &&
    isTime(created) &&
    (enqueued === undefined || isTime(enqueued)) &&
    isTime(sealed);
  const said = { frames, root, prev, record, incarnation, created, event, enqueued, sealed };
  if (!isGood || JSON.stringify({ version: 1, ...said }) !== line)
    throw foreign('its statement is not printed as the format says');
  return said as Statement;
}
