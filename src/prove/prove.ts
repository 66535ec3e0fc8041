import { proveEntry } from './entryProof.ts';
import type { ProveDeps } from './entryProof.ts';
import { LogLookup } from './lookup.ts';
import type { FoundEntry } from './lookup.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { leafHash, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { proveInSegment } from '../core/merkle/proof.ts';
import { TreeRoot } from '../core/merkle/tree.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { parseNote } from '../core/note/note.ts';
import { formatTlogProof } from '../core/note/tlogProof.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { verifyEvidence } from '../core/objects/evidence.ts';
import type { Evidence } from '../core/objects/evidence.ts';
import { segmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { parseHeader } from '../core/segment/header.ts';
import { decompress } from '../core/segment/zstd.ts';
import { findSignatureFrame } from '../core/signed/segmentFrame.ts';
import type { ReadableObjects } from '../ports/store.ts';

/** RecordPlace is a record by its number in a partition's chain, or by its line in a segment, where the header is line 0. */
export type RecordPlace =
  { readonly partition: string; readonly record: number } | { readonly segment: SegmentPlace; readonly line: number };

/** Proved is evidence and what it rests on, or why there can't be any. */
export type Proved =
  | {
      readonly ok: true;
      readonly evidence: Evidence;
      readonly checkpoint: Checkpoint;
      readonly entryIndex: number;
      readonly segment: string;
    }
  | {
      readonly ok: false;
      /** `absent`: there is no such record in the log, or not yet; `changed`: the segment isn't what the log says */
      readonly reason: 'absent' | 'changed';
      readonly why: string;
    };

const absent = (why: string): Proved => ({ ok: false, reason: 'absent', why });

/**
 * proveRecord proves a record against the newest checkpoint of its log. It verifies the evidence before it gives it.
 *
 * It reads the segment, one tile for each level of the tree beside the few at its edge, and finds the segment's entry as
 * LogLookup does: log n requests altogether, whatever the size of the log.
 */
export async function proveRecord(deps: ProveDeps, place: RecordPlace): Promise<Proved> {
  const isNumber = 'record' in place;
  const found = await findEntry(deps, place);
  if (found === undefined) {
    const what = isNumber
      ? `record ${place.record} of partition ${place.partition}`
      : `entry of ${segmentName(place.segment.partition, place.segment.index)}`;
    const isAnothers = deps.verifiers.length > 0 && (await findEntry({ ...deps, verifiers: [] }, place)) !== undefined;
    const why = isAnothers ? ': no trusted key certified who made the batch that has it' : ', or not yet';
    return absent(`the log has no ${what}${why}`);
  }
  const { entry } = found;
  const segment = segmentName(entry.partition, entry.index);
  const line = isNumber ? place.record - entry.records.first + 1 : place.line;
  if (line < 1 || line > entry.records.count) {
    return absent(`${segment} has records on lines 1 to ${entry.records.count}, and none on line ${line}`);
  }
  const leaves = await segmentLeaves(deps.store, segment, entry, line);
  if (leaves === undefined) {
    return { ok: false, reason: 'changed', why: `${segment} is missing, or is not what its entry in the log says` };
  }
  const { ledger } = parseHeader(leaves.header);
  const proved = await proveEntry(deps, found, ledger);
  if (proved === undefined)
    return absent(`no checkpoint covers the entry of ${segment} yet; try again after the next integration`);
  const { note, checkpoint, proof } = proved;
  const evidence: Evidence = {
    line: leaves.line,
    segmentProof: proveInSegment(leaves.hashes, line),
    entry: found.line,
    proof: formatTlogProof({ index: proof.index, hashes: proof.hashes, checkpoint: note.toString('utf8') }),
    verifierKeys: keysOf(deps.verifiers, note).map(formatVerifierKey),
  };
  if (deps.verifiers.length > 0) {
    const result = verifyEvidence(evidence, deps.verifiers);
    if (!result.ok) throw new AuditsealError(result.code, `${segment}: ${result.why}`);
  }
  return { ok: true, evidence, checkpoint, entryIndex: found.leaf, segment };
}

/** findEntry finds the entry of a record's segment in batches whose makers the keys certified; without keys, anybody did. */
function findEntry({ store, verifiers }: ProveDeps, place: RecordPlace): Promise<FoundEntry | undefined> {
  if ('record' in place) return new LogLookup(store, verifiers, place.partition).entryOf(place.record);
  return new LogLookup(store, verifiers, place.segment.partition).entryAt(place.segment.index);
}

/**
 * segmentLeaves gives the hashes of a segment's leaves, its header first, and two of the leaves; undefined if they aren't
 * those of its entry.
 */
async function segmentLeaves(
  store: ReadableObjects,
  name: string,
  entry: SegmentEntry,
  number: number,
): Promise<{ header: Buffer; line: Buffer; hashes: Hash[] } | undefined> {
  const { root, records } = entry;
  const bytes = await readLines(store, name, entry);
  if (bytes?.at(-1) !== LF) return undefined;
  const hashes: Hash[] = [];
  const tree = new TreeRoot();
  let header: Buffer = EMPTY;
  let line: Buffer = EMPTY;
  // The end line is not a leaf.
  const leavesEnd = bytes.lastIndexOf(LF, -2) + 1;
  for (let start = 0; start < leavesEnd;) {
    if (hashes.length > records.count) return undefined;
    const end = bytes.indexOf(LF, start);
    const leaf = bytes.subarray(start, end);
    if (hashes.length === 0) header = leaf;
    if (hashes.length === number) line = leaf;
    const hash = leafHash(leaf);
    hashes.push(hash);
    tree.add(hash);
    start = end + 1;
  }
  return tree.root() === root && tree.size === records.count + 1 ? { header, line, hashes } : undefined;
}

const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

/** readLines decompresses a segment, if its stored bytes are those of its entry. */
async function readLines(
  store: ReadableObjects,
  name: string,
  { sha256: stated }: SegmentEntry,
): Promise<Buffer | undefined> {
  const stored = await store.read(name);
  if (typeof stored !== 'object' || sha256(stored) !== stated) return undefined;
  return attempt(() => decompress(stored.subarray(0, stored.length - findSignatureFrame(stored).size)), 'malformed');
}

/** keysOf gives the keys that signed a note, the first ones that it names. */
function keysOf(verifiers: readonly VerifierKey[], note: Buffer): readonly VerifierKey[] {
  const { signatures } = parseNote(note);
  return verifiers.filter(({ keyName, keyId }) =>
    signatures.some((line) => line.keyName === keyName && line.keyId === keyId),
  );
}
