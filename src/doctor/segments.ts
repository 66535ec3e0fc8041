import type { SignedStatement } from '../core/signed/segmentFrame.ts';
import { segmentName } from '../core/objects/names.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import { findEnd } from '../ledger/dense.ts';
import type { SequenceEnd } from '../ledger/dense.ts';
import { readSignature } from '../ledger/objects.ts';
import { indicesFrom } from '../ledger/partitions.ts';
import type { ObjectStore } from '../ports/store.ts';

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
