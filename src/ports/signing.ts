import type { Hash } from '../core/hash.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';

/** Signer signs the texts of notes, with a key that need not be in this process. */
export interface Signer {
  readonly verifierKey: VerifierKey;
  sign(text: string): Promise<SignatureLine>;
}

/** CosignRequest asks a witness to cosign a checkpoint. */
export interface CosignRequest {
  /** the newest checkpoint: a note that the log signed */
  readonly checkpoint: Buffer;
  /** the size that the witness cosigned last as far as the log knows; 0 if it doesn't */
  readonly knownSize: number;
  /** proves that the tree of `to` leaves begins with that of `from`, for 0 < from < to */
  readonly proveConsistency: (from: number, to: number) => Promise<readonly Hash[]>;
}

/** Cosigned is what came of asking a witness. */
export type Cosigned =
  | { readonly isCosigned: true; readonly cosignatures: readonly SignatureLine[] }
  | {
      readonly isCosigned: false;
      readonly why: string;
      /** the size that the witness says it cosigned last */
      readonly witnessSize?: number;
      /** the witness says that it cosigned a tree which this one doesn't continue: a fork, a log rolled back, or a lie */
      readonly isContradicted?: true;
    };

/** RemoteWitness is a witness somewhere else. It never rejects, and ends in a time that is bounded. */
export interface RemoteWitness {
  /** of type cosignature */
  readonly verifierKey: VerifierKey;
  /** cosign gives cosignatures that verify under the witness's key, or a reason. */
  cosign(request: CosignRequest): Promise<Cosigned>;
}

/**
 * WitnessState holds, of each log, the newest checkpoint that a witness cosigned: the note, signed by the log and the
 * witness. Faults are STORE_UNAVAILABLE. All methods may run concurrently; no other process decides by the same state.
 */
export interface WitnessState {
  /** read gives the note kept for an origin, or undefined before the first. */
  read(origin: string): Promise<Buffer | undefined>;
  /**
   * replace keeps the note `next` if what is kept still is `before`, and says whether it does. The comparison and the
   * write are one step, and durable when the promise resolves.
   */
  replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'>;
}

/** WitnessAnswer is what a witness answers over HTTP. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** AnsweringWitness answers what logs and monitors ask of a witness over HTTP. c2sp.org/tlog-witness. */
export interface AnsweringWitness {
  /** newestCheckpoint answers a GET of `<originHash>/checkpoint`, where the hash is SHA-256 of the origin in hex. */
  newestCheckpoint(originHash: string): Promise<WitnessAnswer>;
  /** addCheckpoint answers a POST of add-checkpoint. It throws only what the state throws. */
  addCheckpoint(body: Buffer): Promise<WitnessAnswer>;
}
