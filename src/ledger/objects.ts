import type { StoredObject } from '../core/objects/judge.ts';
import { faultIn } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import { segmentFault } from '../core/segment/summary.ts';
import { summarizeUnder } from '../core/segment/summary.ts';
import type { NoSegment, SegmentQuestion, SegmentSummary, SummarizeSegment } from '../core/segment/summary.ts';
import { certificatesFor } from '../core/signed/certificate.ts';
import type { Certificates, Trust } from '../core/signed/certificate.ts';
import {
  MAX_SIGNATURE_FRAME_BYTES,
  SIGNATURE_METADATA,
  findSignatureFrame,
  metadataFrame,
  openSignatureFrame,
} from '../core/signed/segmentFrame.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

/**
 * USUAL_SEGMENT_BYTES is what the object of a segment usually has at most. Of a larger one the end is read first, which tells whether
 * anybody signed it: for a segment that is one small request more beside a long one, and whoever plants many of that size costs no
 * more than those.
 */
export const USUAL_SEGMENT_BYTES = 4 * 1024 * 1024;

/** SummarizedFile is the segment in a file, re-computed. It survives structured cloning. */
export interface SummarizedFile {
  /** of the stored bytes */
  readonly size: number;
  readonly summary: SegmentSummary;
}

/**
 * SummarizeFile reads and re-computes the object of a name in another thread, which opens the file itself; `size` is what a listing
 * says. It gives undefined for what isn't a file of usual size that can be read: then the store says what it is.
 */
export type SummarizeFile = (question: SegmentQuestion, size?: number) => Promise<SummarizedFile | undefined>;

/** unreadSegment is what is known of an object in the place of a segment that nobody reads. */
const unreadSegment = (unread: Unread): NoSegment => ({
  ok: false,
  isForeign: true,
  isOfLater: false,
  why: WHY_UNREAD[unread],
});

/** ObjectReader is what reads objects in the places of segments. */
export interface ObjectReader {
  readonly store: Pick<ObjectStore, 'read' | 'readEnd' | 'metadata'>;
  readonly summarize: SummarizeSegment;
  readonly trust: Trust;
  /** what it adds to the index is wanted too */
  readonly wantsTerms?: boolean;
}

/**
 * readObject reads and re-computes what stands under the name of a segment: undefined if nothing does, 'archived' for a
 * segment that has to be waited for. With `isSuspect` the object's end is read first, and no more of it if nobody signed it.
 */
export async function readObject(
  { store, summarize, trust, wantsTerms = false }: ObjectReader,
  partition: string,
  index: number,
  isSuspect = false,
): Promise<StoredObject | 'archived' | undefined> {
  const name = segmentName(partition, index);
  const foreign = isSuspect ? await whyForeign(store, name, trust) : undefined;
  if (foreign === 'nothing') return undefined;
  if (foreign !== undefined) return { partition, index, size: 0, summary: foreign };
  const stored = await store.read(name);
  if (stored === undefined) return undefined;
  if (stored === 'archived' && (await isSignedInArchive(store, name, trust))) return 'archived';
  if (typeof stored === 'string') return { partition, index, size: 0, summary: unreadSegment(stored) };
  const size = stored.length;
  const question = { name, trust, countsCategories: true, wantsTerms };
  return { partition, index, size, summary: await summarize(stored, question) };
}

async function whyForeign(
  store: ObjectReader['store'],
  name: string,
  trust: Trust,
): Promise<NoSegment | 'nothing' | undefined> {
  const end = await store.readEnd(name, MAX_SIGNATURE_FRAME_BYTES);
  if (end === undefined) return 'nothing';
  if (typeof end !== 'object') return undefined;
  try {
    openSignatureFrame(findSignatureFrame(end), name, certificatesFor(trust));
    return undefined;
  } catch (error) {
    const { code, message } = faultIn(error, 'malformed');
    return code === 'FOREIGN_OBJECT' ? { ok: false, isForeign: true, isOfLater: false, why: message } : undefined;
  }
}

/** Foreign is why an object doesn't count. */
export interface Foreign {
  readonly foreign: string;
}

/**
 * readSignature gives what a certified session says, at the end of the object of that name, of the bytes before it, which aren't
 * looked at; undefined if there is no such object, or why it is foreign. A segment in the archive tier speaks by its metadata. It
 * throws VERSION_UNKNOWN for what a later release signed.
 */
export async function readSignature(
  store: Pick<ObjectStore, 'readEnd' | 'metadata'>,
  name: string,
  certificates: Certificates,
): Promise<SignedStatement | Foreign | undefined> {
  try {
    const end = await store.readEnd(name, MAX_SIGNATURE_FRAME_BYTES);
    if (end === undefined) return undefined;
    if (end === 'archived') return await archivedStatement(store, name, certificates);
    if (typeof end === 'string') return { foreign: WHY_UNREAD[end] };
    return openSignatureFrame(findSignatureFrame(end), name, certificates);
  } catch (error) {
    return foreignIn(error);
  }
}

/** SegmentInPlace is a segment of its place, whatever its neighbours are. */
export interface SegmentInPlace {
  readonly statement: SignedStatement;
  /** index of the segment that it follows; left out for one in the archive tier, whose lines can't be read */
  readonly previous?: number;
}

/** readSegment does what readSignature does, for an object whose lines are what was signed, if they can be read. */
export async function readSegment(
  store: Pick<ObjectStore, 'read' | 'readEnd' | 'metadata'>,
  partition: string,
  index: number,
  certificates: Certificates,
): Promise<SegmentInPlace | Foreign | undefined> {
  const name = segmentName(partition, index);
  const signed = await readSignature(store, name, certificates);
  if (signed === undefined || 'foreign' in signed) return signed;
  const stored = await store.read(name);
  if (stored === undefined) return undefined;
  if (stored === 'archived') return { statement: signed };
  if (typeof stored === 'string') return { foreign: WHY_UNREAD[stored] };
  const summary = summarizeUnder(certificates, stored, { name });
  if (!summary.ok) return { foreign: summary.why };
  const fault = segmentFault(summary, partition, index);
  if (fault !== undefined) return { foreign: fault };
  return { statement: summary.statement, previous: summary.header.previous };
}

async function archivedStatement(
  store: Pick<ObjectStore, 'metadata'>,
  name: string,
  certificates: Certificates,
): Promise<SignedStatement | undefined> {
  const metadata = await store.metadata(name);
  return metadata && openSignatureFrame(metadataFrame(metadata[SIGNATURE_METADATA] ?? ''), name, certificates);
}

function foreignIn(error: unknown): Foreign {
  const fault = faultIn(error, 'malformed');
  if (fault.code === 'VERSION_UNKNOWN') throw fault;
  return { foreign: fault.message };
}

/** isSignedInArchive tells whether an object in the archive tier is a segment by its metadata. */
async function isSignedInArchive(store: Pick<ObjectStore, 'metadata'>, name: string, trust: Trust): Promise<boolean> {
  try {
    return (await archivedStatement(store, name, certificatesFor(trust))) !== undefined;
  } catch (error) {
    faultIn(error, 'malformed');
    return false;
  }
}
