import { proveEntry } from './entryProof.ts';
import type { ProveDeps, ProvedEntry } from './entryProof.ts';
import type { EntryQuestion } from './entryQuestion.ts';
import { findByReading } from './logReading.ts';
import { LogLookup } from './lookup.ts';
import { TreeLookup } from './treeLookup.ts';
import { AuditsealError, attempt, faultIn } from '../core/errors.ts';
import { leafHash } from '../core/hash.ts';
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
import { openEntered } from '../core/signed/enteredSegment.ts';
import { WHY_UNREAD } from '../ports/store.ts';
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
      /** the segment that isn't */
      readonly segment?: string;
      readonly why: string;
    };

const absent = (why: string): Proved => ({ ok: false, reason: 'absent', why });

/**
 * proveRecord proves a record against the newest checkpoint of its log. It verifies the evidence before it gives it. It throws
 * STORE_UNAVAILABLE for what is in the archive tier and needed, by name.
 *
 * It reads the segment, one tile for each level of the tree beside the few at its edge, and finds the segment's entry as
 * TreeLookup does: log n small requests altogether. Where somebody took names of batches, or tiles are damaged or behind, it does as
 * LogLookup does, and reads log n batches; only where a session that was stolen signed batches that are not in the log may it have to
 * read all. The evidence is the same.
 */
export async function proveRecord(deps: ProveDeps, place: RecordPlace): Promise<Proved> {
  const [partition, question] = questionOf(place);
  const byTree = await unlessFaulty(async () => (await TreeLookup.open(deps, partition))?.find(question));
  if (byTree === 'absent') return absent(`the log has no ${described(place)}, or not yet`);
  const proved = byTree && (await unlessFaulty(() => evidenceOf(deps, place, byTree)));
  if (isFinal(proved)) return proved;
  let changed = proved;
  for await (const found of findProved(deps, place)) {
    const evidence = await evidenceOf(deps, place, found);
    if (isFinal(evidence)) return evidence;
    changed ??= evidence;
  }
  return changed ?? absent(await whyAbsent(deps, place));
}

/** Where a segment isn't what an entry says, that entry may be a lie that was found first. */
const isFinal = (proved: Proved | undefined): proved is Proved =>
  proved !== undefined && (proved.ok || proved.reason === 'absent');

async function evidenceOf(deps: ProveDeps, place: RecordPlace, { found, entryProof }: ProvedEntry): Promise<Proved> {
  const { entry } = found;
  const segment = segmentName(entry.partition, entry.index);
  const line = 'record' in place ? place.record - entry.records.first + 1 : place.line;
  if (line < 1 || line > entry.records.count) {
    return absent(`${segment} has records on lines 1 to ${entry.records.count}, and none on line ${line}`);
  }
  const leaves = await segmentLeaves(deps.store, segment, entry, line);
  if (leaves === undefined) {
    return {
      ok: false,
      reason: 'changed',
      segment,
      why: `${segment} is missing, or is not what its entry in the log says`,
    };
  }
  const { note, checkpoint, proof } = entryProof;
  if (parseHeader(leaves.header).ledger !== checkpoint.origin)
    throw new AuditsealError('CHECKPOINT_MALFORMED', 'the checkpoint is not one of the log that the segment names');
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

/**
 * findProved finds the entry of a record's segment by reading batches and proves that the log has it; nothing if the log has none that a
 * checkpoint covers. What isn't found or can't be proved is looked for again where that isn't certain, among batches that are proven, and
 * then by reading all. So is what the caller goes on from because the segment is another: a lie may have been found first.
 */
async function* findProved(deps: ProveDeps, place: RecordPlace): AsyncGenerator<ProvedEntry, void, void> {
  const [partition, question] = questionOf(place);
  for (const isProving of [false, true]) {
    const found = await unlessFaulty(() => new LogLookup(deps, partition, isProving).find(question));
    if (found !== undefined && 'isCertain' in found && found.isCertain) return;
    if (found === undefined || !('entry' in found)) continue;
    const entryProof = await unlessFaulty(() => proveEntry(deps, found));
    if (entryProof === undefined) continue;
    yield { found, entryProof };
    break;
  }
  const found = await findByReading(deps, partition, question);
  const entryProof = found && (await proveEntry(deps, found));
  if (found !== undefined && entryProof !== undefined) yield { found, entryProof };
}

/** questionOf gives the partition of a record, and what its segment's entry is found by. */
const questionOf = (place: RecordPlace): [string, EntryQuestion] =>
  'record' in place
    ? [place.partition, { record: place.record }]
    : [place.segment.partition, { index: place.segment.index }];

const described = (place: RecordPlace): string =>
  'record' in place
    ? `record ${place.record} of partition ${place.partition}`
    : `entry of ${segmentName(place.segment.partition, place.segment.index)}`;

async function whyAbsent(deps: ProveDeps, place: RecordPlace): Promise<string> {
  const [partition, question] = questionOf(place);
  const hasBatch = async (verifiers: ProveDeps['verifiers']): Promise<boolean> => {
    const found = await unlessFaulty(() => new LogLookup({ ...deps, verifiers }, partition, false).find(question));
    return found !== undefined && 'entry' in found;
  };
  const none = `the log has no ${described(place)}`;
  if (await hasBatch(deps.verifiers))
    return `${none}, or not yet: a batch has it, and no tiles prove that the log does`;
  const isAnothers = deps.verifiers.length > 0 && (await hasBatch([]));
  return isAnothers ? `${none}: no trusted key certified who made the batch that has it` : `${none}, or not yet`;
}

/** unlessFaulty gives undefined where batches, tiles or checkpoints aren't what they have to be. */
async function unlessFaulty<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    faultIn(error, 'malformed', 'contradicted');
    return undefined;
  }
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
  if (stored === 'archived') throw new AuditsealError('STORE_UNAVAILABLE', `${name}: ${WHY_UNREAD[stored]}`);
  if (typeof stored !== 'object') return undefined;
  return attempt(() => openEntered(stored, { name, sha256: stated }), 'malformed');
}

/** keysOf gives the keys that signed a note, the first ones that it names. */
function keysOf(verifiers: readonly VerifierKey[], note: Buffer): readonly VerifierKey[] {
  const { signatures } = parseNote(note);
  return verifiers.filter(({ keyName, keyId }) =>
    signatures.some((line) => line.keyName === keyName && line.keyId === keyId),
  );
}
