import { publishCheckpoint } from './publish.ts';
import type { LogDeps } from './state.ts';
import { parseCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import { cosignatureTime, verifyCosignature } from '../core/note/cosignature.ts';
import { parseNote } from '../core/note/note.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import { checkpointName, cosignatureName } from '../core/objects/names.ts';
import { formatCosignature, listCosignatures, withCosignatures } from '../ledger/cosignatures.ts';
import { proveGrowth } from '../ledger/treeProof.ts';
import type { Logger } from '../ports/host.ts';
import type { RemoteWitness } from '../ports/signing.ts';

export interface CosigningDeps extends LogDeps {
  /** no two of one key ID */
  readonly witnesses: readonly RemoteWitness[];
}

/** SignedCheckpoint is a checkpoint as it is stored under its number. */
export interface SignedCheckpoint {
  readonly number: number;
  readonly note: Buffer;
}

/**
 * Cosigning collects the witnesses' cosignatures of the newest checkpoint, and stores and publishes them. It comes after
 * the checkpoint is stored and published, and what it keeps is only a saved look-up.
 */
export class Cosigning {
  readonly #deps: CosigningDeps;
  /** the size that a witness cosigned last, as far as is known; a witness that isn't here is asked as one never met */
  readonly #sizes = new Map<RemoteWitness, number>();
  #number = -1;
  /** what is stored of each witness under that number */
  readonly #stored = new Map<RemoteWitness, SignatureLine>();
  #isPublished = true;

  constructor(deps: CosigningDeps) {
    this.#deps = deps;
  }

  /**
   * run asks every witness whose cosignature of the checkpoint isn't stored, all at once. It is safe to repeat, to run in two
   * places at once, and to die at any line. A witness that gives none is written to the log and asked again by the next
   * run; only the ledger's own stores can make it throw, and then after every witness was heard.
   */
  async run(checkpoint: SignedCheckpoint, log: Logger): Promise<void> {
    const { number, note } = checkpoint;
    if (number !== this.#number) {
      this.#number = number;
      this.#stored.clear();
      this.#isPublished = true;
    }
    const waiting = this.#deps.witnesses.filter((witness) => !this.#stored.has(witness));
    const outcomes = await Promise.allSettled(waiting.map((witness) => this.#take(witness, checkpoint, log)));
    if (!this.#isPublished) {
      const lines = [...this.#stored.values()];
      const inOrder = lines.sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
      await publishCheckpoint(this.#deps, withCosignatures(note, inOrder));
      this.#isPublished = true;
      log.info('cosigned', { checkpoint: checkpointName(number), witnesses: lines.length });
    }
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** take finds a witness's cosignature in the ledger, or asks for one and stores it. */
  async #take(witness: RemoteWitness, { number, note }: SignedCheckpoint, log: Logger): Promise<void> {
    const { store } = this.#deps;
    const { keyId, keyName } = witness.verifierKey;
    const { text } = parseNote(note);
    const isGood = (it: SignatureLine): boolean =>
      it.keyName === keyName && verifyCosignature(witness.verifierKey, text, it.signature);
    let line: SignatureLine | undefined;
    for await (const stored of listCosignatures(store, number, keyId)) {
      if (typeof stored.line === 'object' && isGood(stored.line)) line ??= stored.line;
      else log.error('foreign object in the place of a cosignature', { object: stored.name });
    }
    if (line === undefined) {
      line = await this.#ask(witness, number, note, log);
      if (line === undefined) return;
      // Durable point. If we die before it, the next run asks again: a witness cosigns the same tree as often as it's asked.
      // Its name is its own hash, so who has taken it has stored it.
      const bytes = formatCosignature(line);
      await store.create(cosignatureName(number, keyId, bytes), bytes);
    }
    this.#stored.set(witness, line);
    this.#sizes.set(witness, parseCheckpoint(text).size);
    this.#isPublished = false;
  }

  async #ask(witness: RemoteWitness, number: number, note: Buffer, log: Logger): Promise<SignatureLine | undefined> {
    const { store, tiles } = this.#deps;
    const head = parseCheckpointNote(note);
    const cosigned = await witness.cosign({
      checkpoint: note,
      knownSize: this.#sizes.get(witness) ?? 0,
      proveConsistency: (from) => proveGrowth(tiles, from, head),
    });
    if (cosigned.isCosigned) {
      return cosigned.cosignatures.reduce((a, b) =>
        cosignatureTime(b.signature) > cosignatureTime(a.signature) ? b : a,
      );
    }
    const fields = { witness: witness.verifierKey.keyName, checkpoint: checkpointName(number), why: cosigned.why };
    // Another integration may have gone on with the log, and asked the witness for a later checkpoint.
    const isAlarming = cosigned.isContradicted === true && !(await store.exists(checkpointName(number + 1)));
    if (isAlarming) log.error('a witness has seen another log', { ...fields, witnessSize: cosigned.witnessSize ?? -1 });
    else log.warn('a witness did not cosign', fields);
    return undefined;
  }
}
