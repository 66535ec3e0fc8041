import type { OpenedCheckpoint } from '../core/note/checkpoint.ts';
import type { VerifiedSignature } from '../core/note/note.ts';

/** Of what a witness may state, Date knows the first 275,000 years. */
function timeOf({ timestamp = 0 }: VerifiedSignature): string {
  const time = new Date(timestamp * 1000);
  return Number.isNaN(time.getTime()) ? `second ${timestamp} since 1970` : time.toISOString();
}

/** signedBy says which of the given keys signed a checkpoint. */
export const signedBy = ({ signatures }: OpenedCheckpoint): string[] =>
  signatures.map(
    ({ keyName, keyId, type }) =>
      `The key ${keyName} (key ID ${keyId}, ${type}), which was given, signed that state of the log.`,
  );

/** cosigned says which witnesses saw a checkpoint, and when. */
export const cosigned = ({ cosignatures }: OpenedCheckpoint): string[] =>
  cosignatures.length === 0
    ? ['No witness that was named states when the checkpoint existed.']
    : cosignatures.map(
        (one) =>
          `The witness ${one.keyName} (key ID ${one.keyId}) states that it saw this checkpoint at ${timeOf(one)}.`,
      );
