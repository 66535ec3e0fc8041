import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ed25519 as curve } from '@noble/curves/ed25519.js';

// A reader of certificates and signatures written from docs/format.md, sections 2.1, 3.1, 8.2 and 9.1. It shares no code with
// src/core. The few keys that tests sign with are opened once, because that takes as long as a signature.

/** Foreign is thrown for what nobody signed who may: it counts for nothing. */
export class Foreign extends Error {}

/** isForeign tells whether what a reader threw, of src/core or this one, says that nobody signed it who may. */
export const isForeign = (error: unknown): boolean =>
  error instanceof Foreign || (error as { code?: unknown }).code === 'FOREIGN_OBJECT';

/** OfLater is thrown for what a later release signed. */
export class OfLater extends Error {}

/** ReferenceTrust is whose certificates count: verifier keys as signed-note prints them, or anybody's. */
export interface ReferenceTrust {
  readonly ledger: string;
  readonly keys: readonly string[] | undefined;
}

export interface ReferenceCertificate {
  readonly ledger: string;
  /** of what its session may sign */
  readonly version: number;
  readonly session: KeyObject;
  readonly from: string;
  readonly until: string;
}

export interface ReferenceStatement {
  readonly version: number;
  readonly frames: string;
  readonly root: string;
  readonly prev: string;
  readonly record: number;
  readonly incarnation: number;
  readonly created: string;
  readonly event: number;
  readonly enqueued?: string;
  readonly sealed: string;
}

/** ReferenceBatch is a batch that a session signed, with the claim of its last line. */
export interface ReferenceBatch {
  readonly certificate: ReferenceCertificate;
  /** bytes before the last line */
  readonly lines: Buffer;
  readonly previous: number;
  readonly size: number;
  readonly root: string;
}

const must: (isTrue: boolean, what: string) => asserts isTrue = (isTrue, what) => {
  if (!isTrue) throw new Foreign(`foreign: ${what}`);
};

const sha256 = (...parts: (string | Uint8Array)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

const der = (prefix: string, material: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([Buffer.from(prefix, 'hex'), material]), format: 'der', type: 'spki' });

const opened = new Map<string, KeyObject>();

function ed25519(material: Uint8Array): KeyObject {
  const name = Buffer.from(material).toString('hex');
  const key = opened.get(name) ?? der('302a300506032b6570032100', material);
  opened.set(name, key);
  return key;
}

const small = new Map<string, boolean>();

const isTime = (text: string): boolean => {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
};

/** The bytes of canonical base64: the standard alphabet, padded, no spare bits. */
function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  must(bytes.toString('base64') === text, 'base64 that is not canonical');
  return bytes;
}

/** Text is UTF-8 without control characters but LF. */
function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Foreign('foreign: not UTF-8');
  }
  for (const character of text) must(character === '\n' || character >= ' ', 'a control character');
  return text;
}

interface ReferenceKey {
  readonly name: string;
  readonly id: string;
  readonly isSigner: (text: string, signature: Buffer) => boolean;
}

/** Ed25519 and ECDSA alone sign texts: a witness's key certifies nothing. `isRaw`: P-256 as r || s, not in DER. */
function keysOf(texts: readonly string[], isRaw = false): ReferenceKey[] {
  return texts.flatMap((text) => {
    const [, name = '', id = '', base64 = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    const material = bytes.subarray(1);
    if (bytes[0] === 1) {
      const key = ed25519(material);
      return [{ name, id, isSigner: (signed, signature) => verify(null, Buffer.from(signed), key, signature) }];
    }
    if (bytes[0] !== 2) return [];
    const key = { key: der('', material), dsaEncoding: isRaw ? 'ieee-p1363' : 'der' } as const;
    return [{ name, id, isSigner: (signed, signature) => verify('sha256', Buffer.from(signed), key, signature) }];
  });
}

/** openReferenceNote gives the text of a signed note (C2SP signed-note), if one of the keys signed it and no line of one is wrong. */
export function openReferenceNote(note: string, name: string, trusted: readonly string[] | undefined): string {
  const at = note.lastIndexOf('\n\n');
  const [text, rest] = [note.slice(0, at + 1), note.slice(at + 2)];
  must(at >= 0 && note.endsWith('\n') && Buffer.byteLength(note) <= 65_536, 'its note has no signatures');
  const lines = rest.slice(0, -1).split('\n');
  must(lines.length <= 100, 'its note has more than 100 signatures');
  let holds = trusted === undefined;
  for (const line of lines) {
    const [, keyName = '', base64 = ''] = /^\u2014 ([^\p{White_Space}+]+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(base64);
    must(keyName !== '' && bytes.length > 4, 'a signature line that is none');
    const keys = keysOf(trusted ?? []).filter(
      (key) => key.name === name && keyName === name && key.id === bytes.toString('hex', 0, 4),
    );
    must(keys.length === 0 || keys.some((key) => key.isSigner(text, bytes.subarray(4))), 'a signature that is wrong');
    if (keys.length > 0) holds = true;
  }
  must(holds, 'no trusted key signed its note');
  return text;
}

/** A point of small order is no key, however it is encoded. */
function isSmallOrder(key: Uint8Array): boolean {
  const name = Buffer.from(key).toString('hex');
  const is = small.get(name) ?? hasSmallOrder(key);
  small.set(name, is);
  return is;
}

function hasSmallOrder(key: Uint8Array): boolean {
  try {
    return curve.Point.fromBytes(key, true).isSmallOrder();
  } catch {
    return false; // it is no point of the curve
  }
}

/** openReferenceCertificate reads a certificate that holds. docs/format.md, section 2.1. */
export function openReferenceCertificate(note: string, role: string, trust: ReferenceTrust): ReferenceCertificate {
  const { ledger, keys } = trust;
  const lines = openReferenceNote(note, ledger, keys).split('\n');
  const [first, word, version = '', stated, key = '', from = '', until = ''] = lines;
  must(lines.length === 8 && lines[7] === '', 'a certificate that is not of seven lines');
  must(/^[1-9]\d*$/.test(version) && Number.isSafeInteger(Number(version)), 'a certificate of no version');
  must(first === `${ledger}/sealer` && word === 'auditseal certificate' && stated === role, 'another certificate');
  const publicKey = fromBase64(key);
  must(publicKey.length === 32 && isTime(from) && isTime(until), 'the key or the time of a certificate');
  must(!isSmallOrder(publicKey), 'a key of small order');
  const hours = (Date.parse(until) - Date.parse(from)) / 3_600_000;
  must(hours >= 0 && hours <= 24, 'a certificate for no time, or for more than 24 hours');
  return { ledger, version: Number(version), session: ed25519(publicKey), from, until };
}

/** openReferenceNotice gives the key that a note announces. docs/format.md, section 9.2. */
export const openReferenceNotice = (note: string, trust: ReferenceTrust): string =>
  openNotice(note, trust, 'auditseal key', trust.ledger);

/** openNotice gives the key, of that name, of which a note says a word. */
function openNotice(note: string, { ledger, keys }: ReferenceTrust, wanted: string, owner: string): string {
  const [first, word, key = '', end, ...more] = openReferenceNote(note, ledger, keys).split('\n');
  must(first === `${ledger}/sealer` && word === wanted && end === '' && more.length === 0, 'another notice');
  const [, name = '', id = '', base64 = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(key) ?? [];
  const bytes = fromBase64(base64);
  must(name === owner && (bytes[0] === 1 || bytes[0] === 2), 'the notice of a key that is none of this ledger');
  const digest = bytes[0] === 2 ? sha256(bytes.subarray(1)) : sha256(`${name}\n`, bytes);
  must(digest.toString('hex', 0, 4) === id, 'the notice of a key that has another ID');
  return key;
}

/** referenceKeys gives the keys of a log behind a batch with these lines, which its heads must have. docs/format.md, section 9.1. */
export function referenceKeys(lines: readonly string[], before: readonly string[], trust: ReferenceTrust): string[] {
  const notes = lines
    .filter((line) => line.startsWith('{"type":"key",'))
    .map((line) => parse(line) as { note?: string });
  const keys = [...before, ...notes.map(({ note = '' }) => openReferenceNotice(note, trust))];
  const { keys: stated } = parse(lines.at(-1) ?? '') as { keys?: unknown };
  must(new Set(keys).size === keys.length, 'a key twice');
  must(JSON.stringify(stated) === JSON.stringify(keys), 'heads that have other keys');
  return keys;
}

/** ReferenceOperator is an operator's key, and the numbers of the actions for which it counts. */
export interface ReferenceOperator {
  readonly key: string;
  readonly from: number;
  readonly until?: number;
}

/**
 * referenceOperators gives the operators of a log behind a batch with these lines, which its heads must have; before it, the
 * log had entries of so many actions. docs/format.md, section 9.2.
 */
export function referenceOperators(
  lines: readonly string[],
  before: readonly ReferenceOperator[],
  actions: number,
  trust: ReferenceTrust,
): readonly ReferenceOperator[] {
  const operators = [...before];
  const owner = `${trust.ledger}/operator`;
  for (const line of lines.filter((it) => it.startsWith('{"type":"operator",'))) {
    const { note = '' } = parse(line) as { note?: string };
    if (note.split('\n')[1] === 'auditseal operator') {
      const key = openNotice(note, trust, 'auditseal operator', owner);
      must(!operators.some((it) => it.key === key), 'an operator twice');
      operators.push({ key, from: actions });
    } else {
      const key = openNotice(note, trust, 'auditseal operator revoked', owner);
      const at = operators.findIndex((it) => it.key === key && it.until === undefined);
      must(at >= 0, 'no operator that could be revoked');
      operators[at] = { key, from: operators[at]?.from ?? 0, until: actions };
    }
  }
  const { operators: stated } = parse(lines.at(-1) ?? '') as { operators?: unknown };
  must(operators.length <= 32, 'too many operators');
  must(JSON.stringify(stated ?? []) === JSON.stringify(operators), 'heads that have other operators');
  return operators;
}

const STATEMENT =
  /^\{"version":(\d+),"frames":"[0-9a-f]{64}","root":"[0-9a-f]{64}","prev":"[0-9a-f]{64}","record":(0|[1-9]\d*),"incarnation":(0|[1-9]\d*),"created":"[^"]{24}","event":(-1|0|[1-9]\d*)(,"enqueued":"[^"]{24}")?,"sealed":"[^"]{24}"\}$/;

/** splitReferenceSegment gives the frames before a signature frame that is good for that name, and the statement in it. */
export function splitReferenceSegment(
  stored: Buffer,
  name: string,
  trust: ReferenceTrust,
): { readonly frames: Buffer; readonly statement: ReferenceStatement } {
  const at = stored.lastIndexOf(Buffer.from('5a2a4d18', 'hex'), Math.max(stored.length - 68, 0));
  must(at >= 0 && stored.length - at >= 72 && stored.length - at <= 4096, 'no signature frame');
  must(stored.readUInt32LE(at + 4) === stored.length - at - 8, 'a signature frame of another length');
  const [content, signature] = [stored.subarray(at + 8, -64), stored.subarray(-64)];
  const text = textOf(content);
  const lf = text.indexOf('\n');
  must(lf >= 0, 'no certificate');
  const certificate = openReferenceCertificate(text.slice(lf + 1), 'segments', trust);
  const message = Buffer.concat([Buffer.from(`auditseal segment\n${trust.ledger}\n${name}\n`), content]);
  must(verify(null, message, certificate.session, signature), 'a signature of another session or name');

  const statement = readStatement(text.slice(0, lf), certificate);
  const frames = stored.subarray(0, at);
  const { sealed, created, enqueued = sealed } = statement;
  must([sealed, created, enqueued].every(isTime), 'a time that is none');
  must(sealed >= certificate.from && sealed <= certificate.until, 'sealed outside the time of its certificate');
  must(statement.frames === sha256(frames).toString('hex'), 'other frames than were signed');
  return { frames, statement };
}

function readStatement(line: string, certificate: ReferenceCertificate): ReferenceStatement {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new Foreign('foreign: a statement that is not JSON');
  }
  const statement = (parsed ?? {}) as ReferenceStatement;
  checkVersion(statement.version, certificate);
  must(STATEMENT.test(line) && statement.version === 1, 'a statement that is not as printed');
  const { record, incarnation, event } = statement;
  must([record, incarnation, event].every(Number.isSafeInteger), 'a number above the limit');
  return statement;
}

/** A session signs objects of the version that its certificate states, and of no other. */
function checkVersion(version: unknown, certificate: ReferenceCertificate): void {
  must(version === certificate.version, 'another version than its certificate is for');
  if (certificate.version > 1) throw new OfLater(`version ${certificate.version}`);
}

const BATCH =
  /^\{"batch":\{"version":\d+,"previous":(?:-1|0|[1-9]\d*),"size":(?:0|[1-9]\d*),"root":"[0-9a-f]{64}","certificate":"(?:[^"\\]|\\.)*"\}$/;

/** openReferenceBatch takes a batch apart that a session signed under that name. docs/format.md, section 9.1. */
export function openReferenceBatch(bytes: Buffer, name: string, trust: ReferenceTrust): ReferenceBatch {
  must(bytes.at(-1) === 0x0a, 'its last line is not ended by LF');
  const start = bytes.subarray(0, -1).lastIndexOf('\n') + 1;
  const [lines, last] = [bytes.subarray(0, start), bytes.subarray(start)];
  must(last.length <= 16 * 1024, 'its last line is too long');
  const line = textOf(last);
  const said = line.slice(0, -105);
  const [, base64 = ''] = /^,"signature":"([A-Za-z0-9+/=]{88})"\}\n$/.exec(line.slice(-105)) ?? [];
  const signature = fromBase64(base64);
  must(signature.length === 64 && said.startsWith('{"batch":{'), 'it does not end with a signature');
  const { batch } = parse(`${said}}`) as { batch?: Record<string, unknown> };
  const note = batch?.['certificate'];
  must(typeof note === 'string', 'it does not end with a certificate');
  const certificate = openReferenceCertificate(note, 'batches', trust);
  const message = `auditseal batch\n${trust.ledger}\n${name}\n${sha256(lines).toString('hex')}\n${said}`;
  must(verify(null, Buffer.from(message), certificate.session, signature), 'a signature of another session or name');

  checkVersion(batch?.['version'], certificate);
  const { version, previous, size, root } = batch as unknown as ReferenceBatch & { readonly version: number };
  const printed = JSON.stringify({ batch: { version, previous, size, root, certificate: note } });
  must(version === 1 && BATCH.test(said) && `${said}}` === printed, 'a last line that is not as printed');
  must(Number.isSafeInteger(previous) && Number.isSafeInteger(size), 'a number above the limit');
  return { certificate, lines, previous, size, root };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Foreign('foreign: not JSON');
  }
}

/** openReferenceReport gives the text of a report that an auditor's key signed under that name. docs/format.md, section 8.2. */
export function openReferenceReport(bytes: Buffer, name: string, ledger: string, auditors: readonly string[]): string {
  const signed = openDocument(bytes, `${ledger}/auditor`, `auditseal report\n${name}`, auditors).toString();
  must(signed.startsWith('{"report":'), 'it is no report');
  return signed.slice('{"report":'.length);
}

/** ReferenceAcknowledgement is what an acknowledgement says. */
export interface ReferenceAcknowledgement {
  readonly finding: { readonly code: string; readonly object: string; readonly sha256: string | null };
  readonly who: string;
  readonly why: string;
}

/** openReferenceAcknowledgement gives what an operator's key signed under the name of an action. docs/format.md, section 8.5. */
export function openReferenceAcknowledgement(
  bytes: Buffer,
  name: string,
  ledger: string,
  operators: readonly string[],
): ReferenceAcknowledgement {
  const signed = openDocument(bytes, `${ledger}/operator`, `auditseal acknowledgement\n${name}`, operators).toString();
  must(signed.startsWith('{"version":1,"kind":"acknowledge",'), 'it is no acknowledgement');
  return JSON.parse(`${signed}}`) as ReferenceAcknowledgement;
}

/** openDocument gives the bytes before the end of a document, which a key of that name signed. */
function openDocument(bytes: Buffer, owner: string, what: string, trusted: readonly string[]): Buffer {
  const [signed, end] = [bytes.subarray(0, -122), bytes.subarray(-122)];
  const [, id = '', base64 = ''] =
    /^,"key":"([0-9a-f]{8})","signature":"([A-Za-z0-9+/=]{88})"\}\n$/.exec(end.toString('latin1')) ?? [];
  const signature = fromBase64(base64);
  must(signature.length === 64, 'it does not end with a signature');
  const text = `${owner}\n${what}\n${sha256(signed).toString('hex')}\n`;
  const keys = keysOf(trusted, true).filter((key) => key.name === owner && key.id === id);
  must(
    keys.some((key) => key.isSigner(text, signature)),
    'no key of that name signed it under this name',
  );
  return signed;
}
