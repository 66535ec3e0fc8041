import { openCheckpoint } from './checkpoint.ts';
import type { OpenedCheckpoint } from './checkpoint.ts';
import { AuditsealError } from '../errors.ts';
import type { Hash } from '../hash.ts';
import { MAX_NOTE_BYTES } from './note.ts';
import { MAX_PROOF_HASHES, verifyInclusion } from '../merkle/proof.ts';
import { formatBase64Hash, isText, parseBase64, parseBase64Hash, parseDecimal } from '../text.ts';
import type { VerifierKey } from './verifierKey.ts';

/** TlogProof is a file that proves one entry of a log, offline. c2sp.org/tlog-proof. */
export interface TlogProof {
  /** whatever the application puts there; nothing vouches for it */
  readonly extra?: Buffer;
  /** the entry's place in the log */
  readonly index: number;
  readonly hashes: readonly Hash[];
  /** the note that the root hash is in, with its signatures */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

/** MAX_TLOG_PROOF_BYTES bounds a proof file: a note of the largest size, and as much again. */
export const MAX_TLOG_PROOF_BYTES = 2 * MAX_NOTE_BYTES;

const malformed = (why: string): AuditsealError => new AuditsealError('PROOF_MALFORMED', why);

/** formatTlogProof prints a proof file. */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  const head = [FIRST_LINE, ...(extra === undefined ? [] : [`extra ${extra.toString('base64')}`]), `index ${index}`];
  const text = `${[...head, ...hashes.map(formatBase64Hash)].join('\n')}\n\n${checkpoint}`;
  parseTlogProof(text);
  return text;
}

/** parseTlogProof is the inverse of formatTlogProof, and throws PROOF_MALFORMED. It verifies nothing. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > MAX_TLOG_PROOF_BYTES) throw malformed(`the proof has more than ${MAX_TLOG_PROOF_BYTES} characters`);
  if (!isText(text)) throw malformed('the proof holds control characters, or is not text');
  const end = text.indexOf('\n\n');
  const [first, ...lines] = end < 0 ? [] : text.slice(0, end).split('\n');
  if (first !== FIRST_LINE) throw malformed(`the proof does not begin with ${FIRST_LINE}, or has no empty line`);
  const extra = lines[0]?.startsWith('extra ') ? parseBase64((lines.shift() as string).slice('extra '.length)) : null;
  if (extra === undefined || extra?.length === 0) throw malformed('the extra data is empty, or not base64');
  const [indexLine = '', ...hashLines] = lines;
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : undefined;
  if (index === undefined) throw malformed('the index line is missing, or is not a decimal number');
  if (hashLines.length > MAX_PROOF_HASHES)
    throw malformed(`the proof has more than the ${MAX_PROOF_HASHES} hashes that a proof may have`);
  const hashes = hashLines.map((line) => parseBase64Hash(line) ?? fail('a hash is not 32 bytes in base64'));
  return { ...(extra !== null && { extra }), index, hashes, checkpoint: text.slice(end + 2) };
}

function fail(why: string): never {
  throw malformed(why);
}

/**
 * openTlogProof gives the checkpoint under which a proof binds the leaf hash to its index, if the log `origin` signed it.
 *
 * The signature comes first: a proof for a root that nobody signed proves nothing. Throws as openCheckpoint does, and
 * PROOF_INVALID if the leaf isn't in the tree at that index.
 */
export function openTlogProof(
  proof: TlogProof,
  leaf: Hash,
  origin: string,
  verifiers: readonly VerifierKey[],
): OpenedCheckpoint {
  const opened = openCheckpoint(Buffer.from(proof.checkpoint), origin, verifiers);
  const { size, rootHash } = opened.checkpoint;
  if (!verifyInclusion({ index: proof.index, size, hashes: proof.hashes }, leaf, rootHash)) {
    throw new AuditsealError('PROOF_INVALID', `the proof does not bind entry ${proof.index} to the tree of ${size}`);
  }
  return opened;
}
