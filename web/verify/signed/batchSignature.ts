import { decodeUtf8, fromBase64, isPlainText, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isObject, parseJson } from '../entry.ts';
import { sha256 } from '../merkle.ts';
import { SIGNATURE_BYTES, verifyEd25519 } from '../verifierKey.ts';
import { checkVersion, foreign } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { Trust } from './trust.ts';

/** SignedBatch is a batch that a certified session signed under its name. Whether it is in the log is not known then. */
export interface SignedBatch {
  readonly certificate: Certificate;
  /** number of the batch that it goes on from, -1 if there is none */
  readonly previous: number;
  /** entries of the log before it, and the root over them, in hex */
  readonly size: number;
  readonly root: string;
  /** the lines of its entries */
  readonly lines: Bytes;
}

const LF = 0x0a;
const MAX_LINE_BYTES = 16 * 1024;
const END = /,"signature":"([A-Za-z0-9+/=]{88})"\}\n$/;
const END_LENGTH = ',"signature":""}\n'.length + 88;

/**
 * openBatch takes a batch apart that a certified session signed under that name. It throws FOREIGN_OBJECT for everything
 * else, and VERSION_UNKNOWN where the session is of a later release. docs/format.md, section 9.1.
 */
export async function openBatch(batch: Bytes, name: string, trust: Trust): Promise<SignedBatch> {
  const start = batch.subarray(0, -1).lastIndexOf(LF) + 1;
  const line = batch.length - start > MAX_LINE_BYTES ? undefined : decodeUtf8(batch.subarray(start));
  const signature = fromBase64(END.exec(line ?? '')?.[1] ?? '');
  if (line === undefined || !isPlainText(line) || signature?.length !== SIGNATURE_BYTES)
    throw foreign('it does not end with a signature');
  const said = line.slice(0, -END_LENGTH);
  const { version, previous, size, root, certificate: note } = claimIn(said);
  if (typeof note !== 'string') throw foreign('it does not end with a certificate');
  const certificate = await trust.open(note, 'batches');
  const lines = batch.subarray(0, start);
  const message = `auditseal batch\n${certificate.ledger}\n${name}\n${await sha256(lines)}\n${said}`;
  if (!(await verifyEd25519(certificate.sessionKey, utf8(message), signature)))
    throw foreign('its signature is not of the session in its certificate, or is of another name');
  checkVersion(version, certificate);
  const isGood =
    Number.isSafeInteger(previous) &&
    (previous as number) >= -1 &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    typeof root === 'string' &&
    /^[0-9a-f]{64}$/.test(root);
  if (!isGood || `{"batch":${JSON.stringify({ version: 1, previous, size, root, certificate: note })}` !== said)
    throw foreign('its last line is not printed as the format says');
  return { certificate, previous: previous as number, size: size as number, root, lines };
}

function claimIn(said: string): Readonly<Record<string, unknown>> {
  const it = said.startsWith('{"batch":{') ? parseJson(`${said}}`) : undefined;
  const claim = isObject(it) ? it['batch'] : undefined;
  return isObject(claim) ? claim : {};
}
