import { utf8 } from './bytes.ts';
import { parseEntry } from './entry.ts';
import type { SegmentEntry } from './entry.ts';
import type { Evidence } from './evidence.ts';
import { Fault } from './fault.ts';
import { climb, leafHash } from './merkle.ts';
import type { Climb, InclusionProof } from './merkle.ts';
import { parseCheckpoint, parseNote, parseTlogProof, verifyNote } from './note.ts';
import type { Checkpoint, Signed, TlogProof } from './note.ts';
import { readSeal } from './seal.ts';
import type { Seal } from './seal.ts';
import type { VerifierKey } from './verifierKey.ts';

/** Step is one link of the way from the record to the signature. */
export interface Step {
  readonly name: 'segment' | 'place' | 'log' | 'signature';
  /** `open`: it could not be checked, because something that it needs is at fault */
  readonly state: 'holds' | 'fails' | 'open';
  readonly why?: string;
}

/** Outcome is what the evidence proves, step by step. What is at fault or can't be reached is absent. */
export interface Outcome {
  /** the first fault in the order of verification; none if the record is proved to whoever trusts the keys */
  readonly fault: Fault | undefined;
  /** in the order from the record to the signature */
  readonly steps: readonly Step[];
  readonly seal: Seal | undefined;
  readonly entry: SegmentEntry | undefined;
  /** the hashes of the two leaves, and the ways from there to the roots that they must lead to */
  readonly lineHash: string;
  readonly linePath: readonly Climb[] | undefined;
  readonly entryHash: string;
  readonly entryPath: readonly Climb[] | undefined;
  readonly entryIndex: number | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly signed: readonly Signed[];
  readonly witnesses: readonly Signed[];
}

type Attempt<T> = { readonly value: T; readonly fault?: undefined } | { readonly value?: undefined; fault: Fault };

async function attempt<T>(run: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof Fault) return { fault: error };
    throw error;
  }
}

const invalid = (why: string): Fault => new Fault('PROOF_INVALID', why);

/**
 * checkEvidence tells what evidence proves to somebody who trusts `keys`; nothing that it carries is trusted. Each step is
 * checked by itself, so that it shows which one fails.
 */
export async function checkEvidence(evidence: Evidence, keys: readonly VerifierKey[]): Promise<Outcome> {
  const { segmentProof } = evidence;
  const [lineHash, entryHash] = [await leafHash(utf8(evidence.line)), await leafHash(utf8(evidence.entry))];
  const proof = await attempt(() => parseTlogProof(evidence.proof));
  const note = await attempt(() => parseNote(got(proof).checkpoint));
  const checkpoint = await attempt(() => parseCheckpoint(got(note).text));
  const signatures = await attempt(() => verifyNote(got(note), got(note).text.split('\n', 1)[0] ?? '', keys));
  const entryPath = await attempt(() => climbToLog(got(proof), got(checkpoint), entryHash));
  const entry = await attempt(() => parseEntry(evidence.entry));
  const linePath = await attempt(() => climbToSegment(segmentProof, got(entry), lineHash));
  const seal = await attempt(() => findPlace(evidence, got(entry)));

  return {
    fault: [proof, note, signatures, checkpoint, entryPath, entry, linePath, seal].find(({ fault }) => fault)?.fault,
    steps: [
      step('segment', linePath, entry),
      step('place', seal),
      step('log', entryPath),
      step('signature', signatures, proof, note),
    ],
    seal: seal.value,
    entry: entry.value,
    lineHash,
    linePath: linePath.value,
    entryHash,
    entryPath: entryPath.value,
    entryIndex: proof.value?.index,
    checkpoint: checkpoint.value,
    signed: signatures.value?.own ?? [],
    witnesses: signatures.value?.witnesses ?? [],
  };
}

/** got gives what an earlier step found, or throws its fault again. */
function got<T>({ value, fault }: Attempt<T>): T {
  if (fault !== undefined) throw fault;
  return value;
}

function step(name: Step['name'], { fault }: Attempt<unknown>, ...needs: readonly Attempt<unknown>[]): Step {
  if (fault === undefined) return { name, state: 'holds' };
  return { name, state: needs.some((need) => need.fault === fault) ? 'open' : 'fails', why: fault.message };
}

async function climbToLog(
  { index, hashes }: TlogProof,
  { size, rootHash }: Checkpoint,
  leaf: string,
): Promise<Climb[]> {
  const climbed = await climb({ index, size, hashes }, leaf);
  if (climbed?.root !== rootHash) throw invalid(`the proof does not lead from entry ${index} to the checkpoint's root`);
  return climbed.steps;
}

async function climbToSegment(proof: InclusionProof, { root }: SegmentEntry, leaf: string): Promise<Climb[]> {
  const climbed = await climb(proof, leaf);
  if (climbed?.root !== root) throw invalid("the line does not lead to the root that the segment's entry states");
  return climbed.steps;
}

/** The leaves of a segment are its header, then its records: a header is no record, and the numbers have to agree. */
function findPlace({ line, segmentProof: { index, size } }: Evidence, { records, events }: SegmentEntry): Seal {
  const seal = readSeal(line);
  if (seal === undefined) throw invalid('the line does not end in the seal of a record');
  if (index === 0) throw invalid("the line stands in the place of the segment's header");
  if (size !== records.count + 1) throw invalid('the segment has another number of records than its entry states');
  if (seal.record !== records.first + index - 1)
    throw invalid('the line states another record number than its place has');
  if (seal.event < events.first || seal.event > events.last)
    throw invalid("the line's event is not one of the segment");
  return seal;
}
