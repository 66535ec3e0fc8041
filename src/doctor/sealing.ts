import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { segmentName } from '../core/objects/names.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { MINUTE_MS } from '../core/units.ts';
import { findEnd } from '../ledger/dense.ts';
import type { SequenceEnd } from '../ledger/dense.ts';
import { readSignature } from '../ledger/objects.ts';
import { indicesFrom, partitionsOf } from '../ledger/partitions.ts';
import type { ObjectStore } from '../ports/store.ts';

/** Why objects have the names of segments that nobody may count. */
const CERTIFICATES =
  'somebody who may create blobs put it there, which auditseal verify reports; or the sealer has no certificate for its time, ' +
  'because its clock is wrong or the vault refused it one: look at its log';
export const CLOCKS = 'the clock of the app is wrong, or the one here';

/** PartitionEnd is the newest segment of a partition that somebody who is certified signed. */
export interface PartitionEnd extends SequenceEnd<SignedStatement> {
  /** what stands behind it and was passed over: name and reason, and how many there are */
  readonly foreign?: { readonly name: string; readonly why: string; readonly count: number };
}

/** endOf finds the end of a partition, whoever else has taken names in it. It asks for signatures, and reads no records. */
export async function endOf(store: ObjectStore, partition: string, certificates: Certificates): Promise<PartitionEnd> {
  let foreign: PartitionEnd['foreign'];
  const end = await findEnd({
    isTaken: (index) => store.exists(segmentName(partition, index)),
    list: (least) => indicesFrom(store, partition, least),
    open: async (index) => {
      const name = segmentName(partition, index);
      const read = await readSignature(store, name, certificates);
      if (read === undefined || !('foreign' in read)) return read;
      foreign = { name: foreign?.name ?? name, why: foreign?.why ?? read.foreign, count: (foreign?.count ?? 0) + 1 };
      return 'foreign';
    },
  });
  return { ...end, ...(foreign !== undefined && { foreign }) };
}

/** Sealed is what a ledger has of its partitions. */
interface Sealed {
  /** by partition, when the newest segment was sealed that somebody who is certified signed */
  readonly times: ReadonlyMap<string, string>;
  /** what was passed over, in words */
  readonly foreign: readonly string[];
  /** how many folders there are */
  readonly folders: number;
}

export async function findSealed(store: ObjectStore, certificates: Certificates): Promise<Sealed> {
  const times = new Map<string, string>();
  const foreign: string[] = [];
  let folders = 0;
  for await (const partition of partitionsOf(store)) {
    folders += 1;
    const end = await endOf(store, partition, certificates);
    if (end.newest !== undefined) times.set(partition, end.newest.opened.sealed);
    if (end.foreign !== undefined) foreign.push(passedOver(end.foreign));
  }
  return { times, foreign, folders };
}

const passedOver = ({ name, why, count }: NonNullable<PartitionEnd['foreign']>): string =>
  `${name}${count > 1 ? ` and ${count - 1} more` : ''} counts for nothing, because ${why}`;

/** Due is what each partition of the hub must have. */
interface Due {
  readonly heartbeatMinutes: number;
  /** how many partitions the hub has, if that is known */
  readonly partitions: number | undefined;
  /** ms since 1970 */
  readonly now: number;
}

/** judgeSealed says whether each partition shows a sign of life: an idle one gets a heartbeat. */
export function judgeSealed({ times, foreign, folders }: Sealed, { heartbeatMinutes, partitions, now }: Due): Outcome {
  const besides = foreign.map((one) => `; ${one}`).join('');
  if (folders === 0) return unknown('nothing is sealed yet', 'send something: --probe hub or --probe vault');
  if (times.size === 0) return failed(`nothing here is sealed by who may${besides}`, CERTIFICATES);
  const due = partitions === undefined ? [...times.keys()] : Array.from({ length: partitions }, (_, id) => `${id}`);
  const mostMs = heartbeatMinutes * MINUTE_MS + CLOCK_SKEW_MS;
  const timeOf = (partition: string): number => Date.parse(times.get(partition) ?? '');
  const told = (some: readonly string[]): string => some.map((one) => `${one} (${times.get(one)})`).join(', ');
  const early = due.filter((one) => timeOf(one) > now + CLOCK_SKEW_MS);
  if (early.length > 0)
    return failed(`these partitions are sealed at a time that is still to come: ${told(early)}`, CLOCKS);
  const silent = due.filter((one) => timeOf(one) < now - mostMs);
  if (silent.length > 0)
    return failed(
      `the last sign of life of these partitions is older than ${mostMs / MINUTE_MS} minutes, though a heartbeat comes after ${heartbeatMinutes}: ${told(silent)}${besides}`,
      foreign.length === 0 ? 'watch seals one for each partition that is idle: look at its log' : CERTIFICATES,
    );
  const missing = due.filter((one) => !times.has(one));
  if (missing.length > 0)
    return unknown(
      `the hub has ${partitions} partitions, and nothing of these is sealed: ${missing.join(', ')}${besides}`,
      `each gets a heartbeat within ${heartbeatMinutes} minutes of the first run of watch: ask again then, and look at its log`,
    );
  const said = `${times.size} ${times.size === 1 ? 'partition has' : 'partitions have'} segments that the sealer signed, none too old`;
  if (partitions === undefined) return unknown(`${said}; how many the hub has could not be asked`, 'see the step hub');
  return ok(said, foreign.length === 0 ? undefined : `${foreign.join('; ')}: ${CERTIFICATES}`);
}
