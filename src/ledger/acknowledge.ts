import { fileAction } from './actions.ts';
import { readSigned } from './batches.ts';
import { findEnd } from './dense.ts';
import { formatAcknowledgement } from '../core/objects/acknowledgement.ts';
import type { AcknowledgedFinding } from '../core/objects/acknowledgement.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { batchName, parseBatchName } from '../core/objects/names.ts';
import { acknowledgementMessage } from '../core/signed/acknowledgementSignature.ts';
import { joinSigned } from '../core/signed/documentSignature.ts';
import type { Clock } from '../ports/host.ts';
import type { Signer } from '../ports/signing.ts';
import type { ObjectStore } from '../ports/store.ts';

/** AcknowledgeDeps is what a finding is acknowledged with. */
export interface AcknowledgeDeps {
  /** the ledger's container, with the right to create */
  readonly store: ObjectStore;
  /** with an operator's key */
  readonly signer: Signer;
  readonly now: Clock;
}

/**
 * acknowledgeFinding files that an operator looked into a finding, and gives the name of the action. It counts once the log
 * has its entry.
 */
export const acknowledgeFinding = (
  { store, signer, now }: AcknowledgeDeps,
  finding: AcknowledgedFinding,
  words: { readonly who: string; readonly why: string },
): Promise<string> =>
  fileAction(store, async (name) => {
    const time = new Date(now()).toISOString();
    const { who, why } = words;
    const stated = { version: 1, kind: 'acknowledge', outcome: 'done', time, finding, who, why } as const;
    const unsigned = formatAcknowledgement(stated);
    const { verifierKey } = signer;
    const signature = await signer.sign(acknowledgementMessage(verifierKey.keyName, name, unsigned));
    return joinSigned(unsigned, verifierKey, signature);
  });

/**
 * claimedHeads gives the heads of the newest batch that looks like one, whoever signed it: enough for advice, and for nothing
 * else. It gives undefined where there is none.
 */
export async function claimedHeads(store: ObjectStore): Promise<LogPosition | undefined> {
  const numbers = async function* (from: number): AsyncGenerator<number> {
    for await (const { name } of store.list('batches/', batchName(from))) {
      const number = parseBatchName(name);
      if (number !== undefined) yield number;
    }
  };
  const { newest } = await findEnd({
    isTaken: (number) => store.exists(batchName(number)),
    list: numbers,
    open: (number) => readSigned(store, number, {}),
  });
  return newest?.opened.heads;
}
