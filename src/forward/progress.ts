import { formatPosition } from './position.ts';
import type { Position } from './position.ts';
import type { Start } from './start.ts';
import { AuditsealError } from '../core/errors.ts';
import type { PositionStore } from '../ports/forward.ts';
import type { Clock } from '../ports/host.ts';
import type { Signer } from '../ports/signing.ts';

export interface ProgressDeps {
  readonly position: PositionStore;
  readonly origin: string;
  readonly signer: Signer;
  readonly now: Clock;
}

/** Reached is where the position is once a row is settled. */
export interface Reached extends Pick<Position, 'batch' | 'next' | 'record' | 'owed' | 'owedRecord' | 'omitted'> {
  /** until when, by the log's time, everything is forwarded or owed; '' for none of it */
  readonly upTo: string;
}

/** The position is stored at the end of a run, and after a request when it is that old (ms). What is posted since comes twice after a crash. */
const SAVE_MS = 5000;

/** Progress is the position of a run, which moves only over rows that are settled, and what of it is stored. */
export class Progress {
  position: Position;
  upTo: string;
  readonly #deps: ProgressDeps;
  /** what is stored, as text, and its version */
  #text: string;
  #version: string | undefined;
  #savedAt: number;
  /** what was to be stored last. Without an answer it may be; the same position signed anew would be other bytes */
  #tried: { readonly text: string; readonly bytes: Buffer } | undefined;

  constructor(deps: ProgressDeps, { position, kept, version }: Start, upTo: string) {
    this.#deps = deps;
    this.position = position;
    this.upTo = upTo;
    this.#text = kept === undefined ? '' : JSON.stringify(kept);
    this.#version = version;
    this.#savedAt = deps.now();
  }

  advance({ upTo, ...reached }: Reached): void {
    this.position = { ...this.position, ...reached };
    this.upTo = upTo;
  }

  /** begin says that the row is taken that says where it begins. */
  begin(): void {
    this.position = { ...this.position, begun: true };
  }

  /** refuse counts a record that the service takes in no form. */
  refuse(): void {
    this.position = { ...this.position, refused: this.position.refused + 1 };
  }

  async saveIfOld(): Promise<void> {
    if (this.#deps.now() - this.#savedAt >= SAVE_MS) await this.save();
  }

  /** save stores the position, if it has moved. It throws CHAIN_CONTENDED where somebody else has moved it. */
  async save(): Promise<void> {
    const { origin, signer, now } = this.#deps;
    const text = JSON.stringify(this.position);
    if (text === this.#text) return;
    if (this.#tried?.text !== text) this.#tried = { text, bytes: await formatPosition(origin, this.position, signer) };
    const version = await this.#replace(this.#tried.bytes);
    // Who was first forwards the same records: this run ends, and moves nothing back.
    if (version === undefined)
      throw new AuditsealError('CHAIN_CONTENDED', 'another process has moved the position of forwarding');
    [this.#text, this.#version, this.#savedAt] = [text, version, now()];
  }

  /** replace gives the new version, also where what is stored is this run's own, of which it had no answer. */
  async #replace(bytes: Buffer): Promise<string | undefined> {
    const { position: store } = this.#deps;
    const version = await store.replace(this.#version, bytes);
    if (version !== undefined) return version;
    const stored = await store.read();
    const isOwn = typeof stored === 'object' && stored.bytes.equals(bytes);
    return isOwn ? stored.version : undefined;
  }
}
