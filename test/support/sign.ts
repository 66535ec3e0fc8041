import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';

// Certificates and signatures written by hand from docs/format.md, sections 2.1, 3.1 and 9.1, without src/core.

/** Opening a key takes longer than signing with it, and tests sign with few. */
const opened = new Map<string, KeyObject>();

function pkcs8(seed: Uint8Array): KeyObject {
  const name = Buffer.from(seed).toString('hex');
  const key =
    opened.get(name) ??
    createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
      format: 'der',
      type: 'pkcs8',
    });
  opened.set(name, key);
  return key;
}

const publicOf = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** HandKey is an Ed25519 key of a log, by its name and the byte that its seed is made of. */
export interface HandKey {
  readonly name: string;
  readonly seed: number;
}

/** keyText prints a key of a log as C2SP signed-note prints verifier keys; of type 4, one of a witness. */
export function keyText({ name, seed }: HandKey, type = 1): string {
  const typed = Buffer.concat([Buffer.of(type), publicOf(pkcs8(Buffer.alloc(32, seed)))]);
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).toString('hex', 0, 4);
  return `${name}+${id}+${typed.toString('base64')}`;
}

/** signedNote signs a text as a note, with each key. */
export function signedNote(text: string, keys: readonly HandKey[]): string {
  const lines = keys.map(({ name, seed }) => {
    const key = pkcs8(Buffer.alloc(32, seed));
    const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(1), publicOf(key)])).subarray(0, 4);
    return `\u2014 ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** noticeOf prints the notice of a key as a note, signed by keys. */
export const noticeOf = (ledger: string, key: string, keys: readonly HandKey[]): string =>
  signedNote(`${ledger}/sealer\nauditseal key\n${key}\n`, keys);

/** HandSession is a session and what its certificate says. */
export interface HandSession {
  readonly ledger: string;
  /** of what it may sign, by its certificate: by default the version that it does sign */
  readonly version?: number;
  readonly role?: string;
  /** the byte that the session's seed is made of */
  readonly seed?: number;
  readonly from?: string;
  readonly until?: string;
  /** who certified it; by default the log's key of seed 1 */
  readonly keys?: readonly HandKey[];
  /** changes the text of the certificate before it is signed */
  readonly edit?: (text: string) => string;
}

/** certificateOf prints a certificate as a note, right unless it is told otherwise. */
export function certificateOf(session: HandSession): string {
  const {
    ledger,
    version = 1,
    role = 'segments',
    seed = 200,
    keys = [{ name: ledger, seed: 1 }],
    edit = (text) => text,
  } = session;
  const { from = '2025-12-03T00:00:00.000Z', until = '2025-12-04T00:00:00.000Z' } = session;
  const key = publicOf(pkcs8(Buffer.alloc(32, seed))).toString('base64');
  return signedNote(
    edit(`${ledger}/sealer\nauditseal certificate\n${version}\n${role}\n${key}\n${from}\n${until}\n`),
    keys,
  );
}

/** HandStatement is the statement of a signature frame. */
export interface HandStatement {
  readonly version?: number;
  readonly frames?: string;
  readonly root: string;
  readonly prev: string;
  readonly record: number;
  readonly incarnation: number;
  /** by default CREATED */
  readonly created?: string;
  readonly event: number;
  readonly enqueued?: string | undefined;
  readonly sealed: string;
}

/** CREATED is when the hub of the tests was created, unless they are told otherwise. */
export const CREATED = '2025-11-21T23:43:20.000Z';

/** signFrames puts a signature frame behind Zstandard frames. The session's certificate is for the day of `sealed`. */
export function signFrames(
  frames: Buffer,
  name: string,
  statement: HandStatement,
  session: HandSession,
  certificate = certificateOf({ ...dayOf(statement.sealed), version: statement.version ?? 1, ...session }),
): Buffer {
  return signContent(frames, name, `${statementLine(frames, statement)}\n${certificate}`, session);
}

/** statementLine prints a statement, right unless it is told otherwise. */
export function statementLine(frames: Buffer, statement: HandStatement): string {
  const { version = 1, frames: digest = sha256(frames).toString('hex'), ...rest } = statement;
  const { root, prev, record, incarnation, created = CREATED, event, enqueued, sealed } = rest;
  return JSON.stringify({ version, frames: digest, root, prev, record, incarnation, created, event, enqueued, sealed });
}

/** signContent signs the content of a signature frame, whatever it says, and puts the frame behind Zstandard frames. */
export function signContent(
  frames: Buffer,
  name: string,
  content: string | Buffer,
  { ledger, seed = 200 }: HandSession,
): Buffer {
  const bytes = Buffer.from(content);
  const message = Buffer.concat([Buffer.from(`auditseal segment\n${ledger}\n${name}\n`), bytes]);
  return Buffer.concat([frames, frameOf(bytes, sign(null, message, pkcs8(Buffer.alloc(32, seed))))]);
}

/** frameOf makes a signature frame of its content and of bytes in the place of the signature. */
export function frameOf(content: Buffer, signature: Buffer): Buffer {
  const head = Buffer.from('5a2a4d1800000000', 'hex');
  head.writeUInt32LE(content.length + signature.length, 4);
  return Buffer.concat([head, content, signature]);
}

/** signLines puts a last line behind the lines of a batch. */
export function signLines(
  lines: Buffer,
  name: string,
  claim: { readonly version?: number; readonly previous: number; readonly size: number; readonly root: string },
  session: HandSession,
): Buffer {
  const { version = 1, previous, size, root } = claim;
  const certificate = certificateOf({ role: 'batches', version, ...session });
  return signSaid(lines, name, `{"batch":${JSON.stringify({ version, previous, size, root, certificate })}`, session);
}

/** signSaid signs the last line of a batch, whatever it says before its signature, and puts it behind the lines. */
export function signSaid(lines: Buffer, name: string, said: string, { ledger, seed = 200 }: HandSession): Buffer {
  const message = `auditseal batch\n${ledger}\n${name}\n${sha256(lines).toString('hex')}\n${said}`;
  const signature = sign(null, Buffer.from(message), pkcs8(Buffer.alloc(32, seed)));
  return Buffer.concat([lines, Buffer.from(`${said},"signature":"${signature.toString('base64')}"}\n`)]);
}

/** signReport puts an auditor's signature behind a report that ends before its last brace. */
export function signReport(signed: Buffer, name: string, ledger: string, seed = 100): Buffer {
  const key = { name: `${ledger}/auditor`, seed };
  const signature = sign(null, reportText(signed, name, ledger), pkcs8(Buffer.alloc(32, seed)));
  return endReport(signed, idIn(keyText(key)), signature);
}

/** signReportP256 is signReport with the P-256 key of a seed: the signature is r || s. */
export function signReportP256(signed: Buffer, name: string, ledger: string, seed = 100): Buffer {
  const signature = p256.sign(reportText(signed, name, ledger), Buffer.alloc(32, seed));
  return endReport(signed, idIn(keyTextP256({ name: `${ledger}/auditor`, seed })), signature);
}

const reportText = (signed: Buffer, name: string, ledger: string): Buffer =>
  Buffer.from(`${ledger}/auditor\nauditseal report\n${name}\n${sha256(signed).toString('hex')}\n`);

/** signAcknowledgement puts an operator's signature behind an acknowledgement that ends before its last brace. */
export function signAcknowledgement(signed: Buffer, name: string, ledger: string, seed: number): Buffer {
  const key = { name: `${ledger}/operator`, seed };
  const text = `${key.name}\nauditseal acknowledgement\n${name}\n${sha256(signed).toString('hex')}\n`;
  return endReport(signed, idIn(keyText(key)), sign(null, Buffer.from(text), pkcs8(Buffer.alloc(32, seed))));
}

/** endReport puts a key ID and bytes in the place of a signature behind a report. */
export const endReport = (signed: Buffer, id: string, signature: Uint8Array): Buffer =>
  Buffer.concat([signed, Buffer.from(`,"key":"${id}","signature":"${Buffer.from(signature).toString('base64')}"}\n`)]);

/** idIn gives the key ID in a verifier key. */
export const idIn = (key: string): string => key.split('+')[1] as string;

/** keyTextP256 prints a P-256 key as C2SP signed-note prints verifier keys. */
export function keyTextP256({ name, seed }: HandKey): string {
  const point = p256.getPublicKey(Buffer.alloc(32, seed), false);
  const spki = Buffer.concat([Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), point]);
  return `${name}+${sha256(spki).toString('hex', 0, 4)}+${Buffer.concat([Buffer.of(2), spki]).toString('base64')}`;
}

/** dayOf is a certificate's time around a time: half a day before it and after it. */
export const dayOf = (time: string): { readonly from: string; readonly until: string } => ({
  from: new Date(Date.parse(time) - 43_200_000).toISOString(),
  until: new Date(Date.parse(time) + 43_200_000).toISOString(),
});
