import type { ChainHead } from './chain.ts';
import type { SegmentHeader } from './header.ts';
import type { SegmentReading } from './reader.ts';
import type { Hash } from '../hash.ts';
import type { SignedStatement, Statement } from '../signed/segmentFrame.ts';

/** statementOf is what a session says of a segment: `latest` and `created` are those of the head that it makes. */
export const statementOf = (
  header: SegmentHeader,
  root: Hash,
  frames: Hash,
  { latest, created }: Pick<ChainHead, 'latest' | 'created'>,
): Statement => ({
  frames,
  root,
  prev: header.prev,
  record: header.records.first + header.records.count,
  incarnation: header.incarnation,
  created,
  event: header.events.last,
  ...(latest !== '' && { enqueued: latest }),
  sealed: header.sealed,
});

/** contradictionOf says where a segment's lines and what its session said of it differ. */
export function contradictionOf(
  statement: SignedStatement,
  { header, root, latest }: Pick<SegmentReading, 'header' | 'root' | 'latest'>,
): string | undefined {
  const { enqueued = '' } = statement;
  if (enqueued < latest) return 'it has an event that was enqueued later than what was signed of it says';
  if (header.ledger !== statement.ledger) return 'its header and its certificate name different ledgers';
  const created = header.hub?.created ?? statement.created;
  const wanted = statementOf(header, root, statement.frames, { latest: enqueued, created });
  const differs = (Object.keys(wanted) as (keyof Statement)[]).find((name) => wanted[name] !== statement[name]);
  return differs && `its lines and what was signed of it differ in ${differs}`;
}
