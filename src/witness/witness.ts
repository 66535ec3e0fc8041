import { AuditsealError } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { verifyConsistency } from '../core/merkle/proof.ts';
import { EMPTY_ROOT } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import { openCheckpoint, parseCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import type { Checkpoint, OpenedCheckpoint } from '../core/note/checkpoint.ts';
import { cosignatureKey, signCosignature } from '../core/note/cosignature.ts';
import { MAX_NOTE_BYTES, formatNote, parseNote } from '../core/note/note.ts';
import { formatSignatureLine } from '../core/note/signatureLine.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { TREE_SIZE_TYPE, parseWitnessRequest } from '../core/note/witnessRequest.ts';
import { formatBase64Hash, parseBase64Hash } from '../core/text.ts';
import type { Clock } from '../ports/host.ts';
import type { AnsweringWitness, WitnessAnswer, WitnessState } from '../ports/signing.ts';

export interface WitnessDeps {
  readonly signerKey: SignerKey;
  /** the keys of the logs to cosign; a key's name is its log's origin, and a log may have several */
  readonly logs: readonly VerifierKey[];
  readonly state: WitnessState;
  readonly now: Clock;
}

const TEXT = 'text/plain; charset=utf-8';

/** More bytes than a signature line has, however long the name of the witness is. */
const MAX_COSIGNATURE_BYTES = 8 * 1024;

/** EMPTY_TREE stands for the tree of a log of which nothing was cosigned yet. */
const EMPTY_TREE: TreeHead = { size: 0, rootHash: EMPTY_ROOT };

const refused = (status: WitnessAnswer['status'], why: string): WitnessAnswer => ({
  status,
  contentType: TEXT,
  body: `${why}\n`,
});

/**
 * Witness cosigns checkpoints of logs, each only if its tree begins with the tree cosigned before: so nobody gets two
 * histories of one log cosigned. c2sp.org/tlog-witness.
 */
export class Witness implements AnsweringWitness {
  /** the key that its cosignatures verify under */
  readonly verifierKey: VerifierKey;
  readonly #deps: WitnessDeps;
  readonly #originOf: ReadonlyMap<string, string>;

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
    this.verifierKey = cosignatureKey(deps.signerKey.verifierKey);
    this.#originOf = new Map(deps.logs.map(({ keyName }) => [formatHash(sha256(Buffer.from(keyName))), keyName]));
  }

  async newestCheckpoint(originHash: string): Promise<WitnessAnswer> {
    const origin = this.#originOf.get(originHash);
    const note = origin === undefined ? undefined : await this.#deps.state.read(origin);
    return note === undefined
      ? refused(404, 'this witness has cosigned no checkpoint of a log with that origin')
      : { status: 200, contentType: TEXT, body: note };
  }

  async addCheckpoint(body: Buffer): Promise<WitnessAnswer> {
    const submission = this.#open(body);
    if ('status' in submission) return submission;
    const { oldSize, proof, checkpoint, text, signatures } = submission;
    if (oldSize > checkpoint.size)
      return refused(400, `the old size, ${oldSize}, is above the size of the checkpoint, ${checkpoint.size}`);
    // Another request may come between reading and replacing; each turn but the last, one did and was answered.
    for (;;) {
      const kept = await this.#deps.state.read(checkpoint.origin);
      const newest = kept === undefined ? EMPTY_TREE : parseCheckpointNote(kept);
      if (oldSize !== newest.size) return { status: 409, contentType: TREE_SIZE_TYPE, body: `${newest.size}\n` };
      if (!verifyConsistency(newest, checkpoint, proof)) {
        return refused(422, 'the proof does not show that the checkpoint continues the one cosigned before');
      }
      const cosignature = signCosignature(text, this.#deps.signerKey, Math.floor(this.#deps.now() / 1000));
      const next = formatNote({ text, signatures: [...signatures, cosignature] });
      // Durable point: the cosignature leaves only after the witness can't forget it any more. If it dies before it has
      // answered, the log learns the size by 409, asks again for the same tree, and gets a cosignature of it.
      if ((await this.#deps.state.replace(checkpoint.origin, kept, next)) === 'changed') continue;
      return { status: 200, contentType: TEXT, body: `${formatSignatureLine(cosignature)}\n` };
    }
  }

  #open(body: Buffer): Submission | WitnessAnswer {
    try {
      const { oldSize, proof, checkpoint: note } = parseWitnessRequest(body);
      const { text } = parseNote(note);
      const origin = text.slice(0, text.indexOf('\n'));
      const keys = this.#deps.logs.filter(({ keyName }) => keyName === origin);
      if (keys.length === 0) return refused(404, 'this witness knows no log with that origin');
      try {
        const opened = openCheckpoint(note, origin, keys);
        const signatures = logSignatures(note, opened);
        return formatNote({ text, signatures }).length > MAX_NOTE_BYTES - MAX_COSIGNATURE_BYTES
          ? refused(400, 'the signatures of the checkpoint leave no room for a cosignature')
          : { oldSize, proof, checkpoint: opened.checkpoint, text, signatures };
      } catch (error) {
        if (isCoded(error, 'CHECKPOINT_MALFORMED') && isEmptyTreeOfAnotherRoot(text)) {
          return refused(422, 'the checkpoint gives the empty tree a root hash that is not the one of an empty tree');
        }
        throw error;
      }
    } catch (error) {
      if (isCoded(error, 'SIGNATURE_INVALID')) return refused(403, error.message);
      if (isCoded(error, 'REQUEST_MALFORMED', 'NOTE_MALFORMED', 'CHECKPOINT_MALFORMED')) {
        return refused(400, error.message);
      }
      throw error;
    }
  }
}

/** Submission is a request whose checkpoint its log signed. */
interface Submission {
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: Checkpoint;
  readonly text: string;
  /** the log's own */
  readonly signatures: readonly SignatureLine[];
}

const isCoded = (error: unknown, ...codes: AuditsealError['code'][]): error is AuditsealError =>
  error instanceof AuditsealError && codes.includes(error.code);

/** isEmptyTreeOfAnotherRoot tells whether the root hash of an empty tree is all that keeps the text from being a checkpoint. */
function isEmptyTreeOfAnotherRoot(text: string): boolean {
  const lines = text.split('\n');
  if (lines[1] !== '0' || parseBase64Hash(lines[2] ?? '') === undefined) return false;
  try {
    parseCheckpoint(lines.with(2, formatBase64Hash(EMPTY_ROOT)).join('\n'));
    return true;
  } catch {
    return false;
  }
}

/** logSignatures gives the log's own signatures, which prove to others what it signed; anybody may have added more lines. */
function logSignatures(note: Buffer, { signatures }: OpenedCheckpoint): SignatureLine[] {
  const lines = parseNote(note).signatures;
  return signatures.map(
    (own) => lines.find(({ keyName, keyId }) => keyName === own.keyName && keyId === own.keyId) as SignatureLine,
  );
}
