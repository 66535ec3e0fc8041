import { MAX_NOTE_BYTES } from './note.ts';
import { AuditsealError } from '../errors.ts';
import type { Hash } from '../hash.ts';
import { MAX_PROOF_HASHES } from '../merkle/proof.ts';
import { formatBase64Hash, parseBase64Hash, parseDecimal } from '../text.ts';

/** WitnessRequest asks a witness to cosign a checkpoint: the body of add-checkpoint. c2sp.org/tlog-witness. */
export interface WitnessRequest {
  /** the size of the tree that the witness cosigned last, 0 for none */
  readonly oldSize: number;
  /** that the tree of the checkpoint begins with that one */
  readonly proof: readonly Hash[];
  /** the signed note, byte for byte; whatever it is, it's the note's own parser that judges it */
  readonly checkpoint: Buffer;
}

/** MAX_WITNESS_REQUEST_BYTES is more than any request has. */
export const MAX_WITNESS_REQUEST_BYTES = 'old 9007199254740991\n\n'.length + MAX_PROOF_HASHES * 45 + MAX_NOTE_BYTES;

const malformed = (why: string): AuditsealError => new AuditsealError('REQUEST_MALFORMED', why);

/** formatWitnessRequest prints the old size, the proof's hashes, an empty line and the checkpoint. */
export function formatWitnessRequest({ oldSize, proof, checkpoint }: WitnessRequest): Buffer {
  const lines = [`old ${oldSize}`, ...proof.map(formatBase64Hash), '', ''];
  const request = Buffer.concat([Buffer.from(lines.join('\n')), checkpoint]);
  parseWitnessRequest(request);
  return request;
}

/** parseWitnessRequest is the inverse of formatWitnessRequest, and throws REQUEST_MALFORMED. It verifies nothing. */
export function parseWitnessRequest(bytes: Buffer): WitnessRequest {
  if (bytes.length > MAX_WITNESS_REQUEST_BYTES) {
    throw malformed(`the request has more than ${MAX_WITNESS_REQUEST_BYTES} bytes`);
  }
  const end = bytes.indexOf('\n\n');
  if (end < 0) throw malformed('the request has no empty line between its proof and its checkpoint');
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\n', MAX_PROOF_HASHES + 2);
  const oldSize = first.startsWith('old ') ? parseDecimal(first.slice(4)) : undefined;
  if (oldSize === undefined) throw malformed('the request does not begin with "old" and a size in decimal');
  if (lines.length > MAX_PROOF_HASHES)
    throw malformed(`the proof has more than the ${MAX_PROOF_HASHES} hashes that a proof may have`);
  const proof = lines.map((line) => {
    const hash = parseBase64Hash(line);
    if (hash === undefined) throw malformed('a line of the proof is not 32 bytes in base64');
    return hash;
  });
  const checkpoint = bytes.subarray(end + 2);
  if (checkpoint.length === 0 || checkpoint.length > MAX_NOTE_BYTES) {
    throw malformed(`the checkpoint is empty, or has more than ${MAX_NOTE_BYTES} bytes`);
  }
  return { oldSize, proof, checkpoint };
}

/** TREE_SIZE_TYPE is the content type of the size that a witness answers with 409. */
export const TREE_SIZE_TYPE = 'text/x.tlog.size';
