import { decodeUtf8, hashFromBase64, hexBytes, toBase64 } from './bytes.ts';
import { isObject, parseJson } from './entry.ts';
import { Fault } from './fault.ts';
import { endOfString } from './json.ts';
import { MAX_PROOF_HASHES, isLeafIndex } from './merkle.ts';
import type { InclusionProof } from './merkle.ts';

/** Evidence is the content of an evidence file. Nothing of it is verified. */
export interface Evidence {
  readonly line: string;
  readonly segmentProof: InclusionProof;
  readonly entry: string;
  /** the text of a .tlog-proof file */
  readonly proof: string;
  readonly verifierKeys: readonly string[];
}

/** MAX_EVIDENCE_BYTES bounds an evidence file: 64 MiB. */
export const MAX_EVIDENCE_BYTES = 64 * 1024 * 1024;

const START = '{"version":1,"line":';
const MAX_REST = 1024 * 1024;
const bad = (why: string): Fault => new Fault('EVIDENCE_MALFORMED', why);

/** parseEvidence reads an evidence file only as it is written. It throws EVIDENCE_MALFORMED or VERSION_UNKNOWN. */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) throw bad('the file is larger than 64 MiB, the most that evidence may have');
  if (bytes.length === 0) throw bad('the file is empty');
  const file = decodeUtf8(bytes);
  if (file === undefined) throw bad('the file is not text in UTF-8: it is no evidence file, or was damaged');
  const version = /^\{"version":(\d{1,9}),/.exec(file)?.[1];
  if (version === undefined) throw bad('the file does not begin as evidence does, with {"version":1,');
  if (version !== '1') throw new Fault('VERSION_UNKNOWN', `the evidence has version ${version}; this page knows 1`);
  // The line is one string, however long, and the rest is short: then JSON.parse makes few values of it.
  const lineEnd = file.startsWith(`${START}"`) ? endOfString(file, START.length) : -1;
  if (lineEnd < 0) throw bad("the record's line is missing, is no string, or is cut off");
  if (file.length - lineEnd > MAX_REST) throw bad("what follows the record's line is longer than 1 MiB");
  const it = parseJson(file);
  if (!isObject(it)) throw bad('the file is not one JSON object: it was cut off, or changed by hand');
  const evidence: Evidence = {
    line: text(it['line'], 'line', MAX_EVIDENCE_BYTES),
    segmentProof: readProof(it['segmentProof']),
    entry: text(it['entry'], 'entry', 65_535),
    proof: text(it['proof'], 'proof', 128 * 1024),
    verifierKeys: list(it['verifierKeys'], 'verifierKeys', 32).map((key) => text(key, 'verifierKeys', 1024)),
  };
  if (!evidence.line.isWellFormed() || !evidence.entry.isWellFormed())
    throw bad('the line or the entry is not Unicode');
  if (print(evidence) !== file) {
    throw bad('the file is not exactly as it was written: an editor or a mail program may have changed it');
  }
  return evidence;
}

function print({ line, segmentProof: { index, size, hashes }, entry, proof, verifierKeys }: Evidence): string {
  const path = hashes.map((hash) => toBase64(hexBytes(hash)));
  return `${JSON.stringify({ version: 1, line, segmentProof: { index, size, hashes: path }, entry, proof, verifierKeys })}\n`;
}

function text(value: unknown, name: string, most: number): string {
  if (typeof value !== 'string' || value.length > most) throw bad(`its member ${name} is missing or too long`);
  return value;
}

function list(value: unknown, name: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw bad(`its member ${name} is missing or too long`);
  return value;
}

function readProof(value: unknown): InclusionProof {
  const { index, size, hashes } = isObject(value) ? value : {};
  const path = list(hashes, 'segmentProof.hashes', MAX_PROOF_HASHES).map((hash) =>
    typeof hash === 'string' ? (hashFromBase64(hash) ?? '') : '',
  );
  if (path.includes('') || !isLeafIndex(index as number, size as number)) throw bad('its segmentProof is none');
  return { index: index as number, size: size as number, hashes: path };
}
