import { AuditsealError } from '../core/errors.ts';
import { segmentName } from '../core/objects/names.ts';
import { ZERO_HASH, sha256 } from '../core/hash.ts';
import { headOf } from '../core/segment/chain.ts';
import { statementOf } from '../core/segment/statement.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { SealedSegment } from '../core/segment/writer.ts';
import { SIGNATURE_METADATA, signSegment, withSignature } from '../core/signed/segmentFrame.ts';
import type { Session } from '../core/signed/session.ts';
import type { ObjectStore } from '../ports/store.ts';

/** CreatedSegment is what came of storing a segment: the head behind it, unless its name was taken. */
export interface CreatedSegment {
  readonly head?: ChainHead;
  /** bytes that are stored */
  readonly size: number;
}

/** What a segment and its chain say of where that goes on. */
type Before = Pick<ChainHead, 'latest' | 'created'>;
const latestAndCreated = ({ header, latest }: SealedSegment<unknown>, before: Before): Before => ({
  latest: latest > before.latest ? latest : before.latest,
  created: header.hub?.created ?? before.created,
});

/** headBehind is the head of a chain behind a segment, once that is stored. */
export function headBehind(segment: SealedSegment<unknown>, before: Before): ChainHead {
  const { header, root } = segment;
  // Of what is signed, the head has everything but the hash of the frames.
  const statement = statementOf(header, root, ZERO_HASH, latestAndCreated(segment, before));
  return headOf(statement, header.index, header.index + 1);
}

/**
 * createSegment signs a segment and stores it under the name of its place, unless that is taken. `before` is its chain's head. It throws
 * FORK_DETECTED where the chain's numbers have come to the end of those that a reader takes: only a stolen session could have led there.
 */
export async function createSegment(
  store: Pick<ObjectStore, 'create'>,
  session: Session,
  before: Before,
  segment: SealedSegment,
): Promise<CreatedSegment> {
  const { header, root, frames } = segment;
  const name = segmentName(header.partition, header.index);
  const statement = statementOf(header, root, sha256(frames), latestAndCreated(segment, before));
  if (![statement.record, statement.incarnation, statement.event].every(Number.isSafeInteger))
    throw new AuditsealError(
      'FORK_DETECTED',
      `${name}: the segment before it leaves no numbers for what comes behind it`,
    );
  const signed = signSegment(session, name, statement);
  const bytes = withSignature(frames, signed);
  // The same bytes say where the chain goes on where the blob itself can't be read.
  const outcome = await store.create(name, bytes, { [SIGNATURE_METADATA]: signed.toString('base64') });
  const size = bytes.length;
  return outcome === 'exists' ? { size } : { head: headBehind(segment, before), size };
}
