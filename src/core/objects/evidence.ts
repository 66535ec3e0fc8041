import { isUtf8 } from 'node:buffer';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { parseEntry } from './entry.ts';
import type { SegmentEntry } from './entry.ts';
import { AuditsealError } from '../errors.ts';
import type { AuditsealErrorCode } from '../errors.ts';
import { leafHash } from '../hash.ts';
import { JsonScanner } from '../segment/jsonScanner.ts';
import { MAX_JSON_DEPTH, isJsonObject, parseJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';
import { MAX_PROOF_HASHES, isLeafIndex, verifyInclusion } from '../merkle/proof.ts';
import type { InclusionProof } from '../merkle/proof.ts';
import { readSeal } from '../segment/recordLine.ts';
import type { Seal } from '../segment/recordLine.ts';
import { formatBase64Hash, parseBase64Hash } from '../text.ts';
import { MAX_TLOG_PROOF_BYTES, openTlogProof, parseTlogProof } from '../note/tlogProof.ts';
import { MAX_ENTRY_BYTES } from '../merkle/tile.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

/** Evidence proves one record offline: from its line to its segment, to the log, to a signed checkpoint. */
export interface Evidence {
  /** the record's line in its segment, without the LF */
  readonly line: Buffer;
  /** from the line to the segment's root */
  readonly segmentProof: InclusionProof;
  /** the segment's entry in the log */
  readonly entry: Buffer;
  /** from the entry to a checkpoint: the text of a .tlog-proof file */
  readonly proof: string;
  /** keys that the checkpoint can be verified with, for information: evidence can't vouch for itself */
  readonly verifierKeys: readonly string[];
}

/** EvidenceResult is what evidence proves, or why it proves nothing. */
export type EvidenceResult =
  | {
      readonly ok: true;
      /** what the record's line says of its place */
      readonly seal: Seal;
      readonly entry: SegmentEntry;
      /** the entry's place in the log */
      readonly entryIndex: number;
      readonly opened: OpenedCheckpoint;
    }
  | { readonly ok: false; readonly code: AuditsealErrorCode; readonly why: string };

/** MAX_EVIDENCE_BYTES bounds an evidence file: 64 MiB, enough for a record of the largest event that a hub takes. */
export const MAX_EVIDENCE_BYTES = 64 * 1024 * 1024;

const VERSION = 1;
const START = `{"version":${VERSION},"line":`;
const QUOTE = 0x22;
const MAX_VERIFIER_KEYS = 32;

/** What follows the line: an entry and a proof, which escapes may double, hashes and keys. */
const MAX_REST_BYTES = 1024 * 1024;

const malformed = (why: string): AuditsealError => new AuditsealError('EVIDENCE_MALFORMED', why);

/** formatEvidence prints an evidence file: one JSON object on a line ended by LF. */
export function formatEvidence(evidence: Evidence): Buffer {
  const { line, entry } = evidence;
  if (line.length > MAX_EVIDENCE_BYTES) throw malformed(`the line has ${line.length} bytes`);
  if (!isUtf8(line) || !isUtf8(entry)) throw malformed('the line or the entry is not UTF-8');
  const file = Buffer.from(print(evidence));
  parseEvidence(file);
  return file;
}

function print({ line, segmentProof: { index, size, hashes }, entry, proof, verifierKeys }: Evidence): string {
  const text = JSON.stringify({
    version: VERSION,
    line: line.toString('utf8'),
    segmentProof: { index, size, hashes: hashes.map(formatBase64Hash) },
    entry: entry.toString('utf8'),
    proof,
    verifierKeys,
  });
  return `${text}\n`;
}

/**
 * parseEvidence is the inverse of formatEvidence. It throws VERSION_UNKNOWN for another version, and EVIDENCE_MALFORMED
 * for all other bytes that formatEvidence doesn't print. It verifies nothing.
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) throw malformed(`the file has more than ${MAX_EVIDENCE_BYTES} bytes`);
  if (!isUtf8(bytes)) throw malformed('the file is not UTF-8');
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = /^\{"version":([0-9]{1,9}),/.exec(file.toString('latin1', 0, 24))?.[1];
  if (version === undefined) throw malformed('the file does not begin with its version');
  if (version !== String(VERSION)) {
    throw new AuditsealError(
      'VERSION_UNKNOWN',
      `the evidence has version ${version}, and this program knows ${VERSION}`,
    );
  }
  // The line is a string, however long, and the rest is short: then JSON.parse makes few values of it.
  const lineEnd = file[START.length] === QUOTE ? new JsonScanner(file).skipValue(START.length) : -1;
  if (lineEnd < 0 || file.length - lineEnd > MAX_REST_BYTES)
    throw malformed('the line has no end, or more than 1 MiB follows it');
  const it = parseJsonObject(file.toString('utf8'));
  if (it === undefined) throw malformed(`the file is not a JSON object that nests at most ${MAX_JSON_DEPTH} deep`);
  const proof = it['segmentProof'];
  const evidence: Evidence = {
    line: Buffer.from(text(it['line'], 'line', MAX_EVIDENCE_BYTES)),
    segmentProof: readProof(isJsonObject(proof) ? proof : {}),
    entry: Buffer.from(text(it['entry'], 'entry', MAX_ENTRY_BYTES)),
    proof: text(it['proof'], 'proof', MAX_TLOG_PROOF_BYTES),
    verifierKeys: list(it['verifierKeys'], 'verifierKeys', MAX_VERIFIER_KEYS).map((key) => text(key, 'key', 1024)),
  };
  if (!Buffer.from(print(evidence)).equals(file))
    throw malformed('the file is not printed as this release prints evidence');
  return evidence;
}

function text(value: unknown, name: string, most: number): string {
  if (typeof value !== 'string' || value.length > most) throw malformed(`${name} is missing or too long`);
  return value;
}

function list(value: unknown, name: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw malformed(`${name} is missing or too long`);
  return value;
}

function readProof({ index, size, hashes }: JsonObject): InclusionProof {
  const path = list(hashes, 'segmentProof.hashes', MAX_PROOF_HASHES).map((hash) =>
    typeof hash === 'string' ? parseBase64Hash(hash) : undefined,
  );
  const isWhole = path.every((hash) => hash !== undefined);
  if (!isWhole || !isLeafIndex(index as number, size as number))
    throw malformed('segmentProof is not an inclusion proof');
  return { index: index as number, size: size as number, hashes: path };
}

/**
 * verifyEvidence tells what evidence proves to somebody who trusts `verifiers`; nothing it carries is trusted.
 *
 * It never throws for what the evidence holds. A checkpoint counts if a key of its own log signed it; what witnesses said,
 * and when, is in the result.
 */
export function verifyEvidence(evidence: Evidence, verifiers: readonly VerifierKey[]): EvidenceResult {
  try {
    return proveRecord(evidence, verifiers);
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    return { ok: false, code: error.code, why: error.message };
  }
}

const invalid = (why: string): AuditsealError => new AuditsealError('PROOF_INVALID', why);

function proveRecord(evidence: Evidence, verifiers: readonly VerifierKey[]): EvidenceResult {
  const { line, segmentProof } = evidence;
  const proof = parseTlogProof(evidence.proof);
  // Attacker-controlled, until a trusted key of that name is found to have signed it.
  const origin = proof.checkpoint.slice(0, proof.checkpoint.indexOf('\n'));
  const opened = openTlogProof(proof, leafHash(evidence.entry), origin, verifiers);
  const entry = parseEntry(evidence.entry);
  if (entry.type !== 'segment') throw invalid('the entry is not that of a segment');
  if (!verifyInclusion(segmentProof, leafHash(line), entry.root))
    throw invalid("the line is not in the entry's segment");

  // The leaves of a segment are its header, then its records: a header is no record, and the numbers have to agree.
  const { index, size } = segmentProof;
  const seal = readSeal(line, 0, line.length);
  const { records, events } = entry;
  const isInPlace =
    seal !== undefined &&
    size === records.count + 1 &&
    seal.record === records.first + index - 1 &&
    seal.event >= events.first &&
    seal.event <= events.last;
  if (index === 0 || !isInPlace) throw invalid('the line is not the record that the entry has at its place');
  return { ok: true, seal, entry, entryIndex: proof.index, opened };
}
