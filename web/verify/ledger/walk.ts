import type { Trust } from '../signed/trust.ts';
import type { ChainCheck } from './chain.ts';
import type { Folder } from './folder.ts';
import { parseSegmentName } from './names.ts';
import { readSegment } from './segment.ts';
import type { Reading } from './segment.ts';

/** Walked is an object in the place of a segment. */
export interface Walked {
  readonly index: number;
  readonly name: string;
  readonly size: number;
  /** absent if it can't be read */
  readonly reading?: Reading;
  /** it was found to continue the chain */
  readonly isOfChain: boolean;
}

/** readAt reads and computes again what stands in the place of a segment; undefined if it can't be read. */
export async function readAt(
  folder: Folder,
  trust: Trust,
  name: string,
): Promise<{ readonly size: number; readonly reading?: Reading }> {
  const stored = await folder.read(name);
  const size = stored instanceof Uint8Array ? stored.length : folder.sizeOf(name);
  if (stored === undefined) return { size };
  if (stored !== 'oversize') return { size, reading: await readSegment(stored, name, trust) };
  const why = `it has ${size} bytes, more than 192 MiB`;
  return { size, reading: { isSegment: false, isForeign: true, why, sha256: undefined } };
}

/** Walk computes the objects of one partition again, once each, in order of index. */
export class Walk {
  readonly chain: ChainCheck;
  readonly #folder: Folder;
  readonly #trust: Trust;
  readonly #names: readonly string[];
  readonly #onSegment: (partition: string, reading: Reading, size: number) => void;
  #at = 0;

  constructor(
    folder: Folder,
    trust: Trust,
    chain: ChainCheck,
    onSegment: (partition: string, reading: Reading, size: number) => void,
    from = 0,
  ) {
    this.chain = chain;
    this.#folder = folder;
    this.#trust = trust;
    this.#onSegment = onSegment;
    this.#names = folder
      .under(`segments/${chain.partition}/`)
      .filter((name) => (parseSegmentName(name)?.index ?? -1) >= from);
  }

  get #nextIndex(): number {
    return parseSegmentName(this.#names[this.#at] ?? '')?.index ?? Infinity;
  }

  /** next checks the next object, or gives undefined behind the last one. */
  async next(): Promise<Walked | undefined> {
    const index = this.#nextIndex;
    const name = this.#names[this.#at++];
    if (name === undefined) return undefined;
    const { size, reading } = await readAt(this.#folder, this.#trust, name);
    if (reading === undefined) {
      this.chain.passOver(index);
      return { index, name, size, isOfChain: false };
    }
    this.chain.add(index, reading, this.#trust.ledger);
    this.#onSegment(this.chain.partition, reading, size);
    return { index, name, size, reading, isOfChain: this.chain.isOfChain(index) };
  }

  /** to checks the objects up to `index`, and gives that one; 'hole' where only others are behind, undefined at the end. */
  async to(index: number): Promise<Walked | 'hole' | undefined> {
    if (this.#at > 0 && index <= (parseSegmentName(this.#names[this.#at - 1] ?? '')?.index ?? -1)) return 'hole';
    while (this.#nextIndex < index) await this.next();
    if (this.#nextIndex === index) return this.next();
    return this.#nextIndex === Infinity ? undefined : 'hole';
  }
}
