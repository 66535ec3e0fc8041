import { openFor } from './entryProof.ts';
import type { ProveDeps, ProvedEntry } from './entryProof.ts';
import { EntrySearch } from './entrySearch.ts';
import type { EntryQuestion } from './entryQuestion.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { inclusionRanges, proveInclusion } from '../core/merkle/proof.ts';
import { parseCheckpointNote } from '../core/note/checkpoint.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import { NO_POSITION } from '../core/objects/heads.ts';
import type { Position } from '../core/objects/heads.ts';
import { NEWEST_CHECKPOINT, checkpointName, segmentName } from '../core/objects/names.ts';
import { parseEntry } from '../core/objects/entry.ts';
import { certificatesFor, trustIn } from '../core/signed/certificate.ts';
import type { Certificates } from '../core/signed/certificate.ts';
import { readBatchEnd } from '../ledger/batchEnd.ts';
import type { BatchEnd } from '../ledger/batchEnd.ts';
import { readSignature } from '../ledger/objects.ts';
import { holds, nodesFromTiles } from '../ledger/treeProof.ts';
import type { PlacedEntry } from '../ledger/treeProof.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** How many names that others took are passed over in a row. */
const MOST_FOREIGN = 16;
/** How much further than ever before one step of the search goes, where it doesn't know the end. */
const MOST_REACH = 64;

/** View is how far the log had come in the partition behind a batch, as the batch's end says. */
interface View {
  readonly number: number;
  readonly position: Position;
  /** left out before the first batch */
  readonly end?: BatchEnd;
}

const BEFORE_ALL: View = { number: -1, position: NO_POSITION };

/** Bound is a view, and how many segments or records of the partition the log has there, as the question counts. */
interface Bound {
  readonly view: View;
  /** the number that was asked for: between the view and this one others took the names */
  readonly number: number;
  readonly value: number;
}

const unproven = (why: string): AuditsealError => new AuditsealError('BATCH_MALFORMED', why);

/**
 * TreeLookup finds the entry of a partition's segment in the tree of the published checkpoint, and reads no batch whole: of about log n
 * batches the end, of the entry's bundle a part, and the tiles of its proof. Ends of batches only say where to look. What it gives is
 * proved: the entry, and that the heads around it, by which it counts, are those of the tree.
 */
export class TreeLookup {
  readonly #deps: ProveDeps;
  readonly #tiles: SearchableTiles;
  readonly #partition: string;
  readonly #certificates: Certificates;
  readonly #note: Buffer;
  readonly #checkpoint: Checkpoint;
  readonly #ends = new Map<number, Promise<BatchEnd | 'foreign' | undefined>>();

  private constructor(deps: ProveDeps, partition: string, note: Buffer, checkpoint: Checkpoint) {
    this.#deps = deps;
    this.#tiles = readOnce(deps.tiles);
    this.#partition = partition;
    this.#certificates = certificatesFor(trustIn(deps.verifiers));
    this.#note = note;
    this.#checkpoint = checkpoint;
  }

  /** open gives a lookup in the published checkpoint's tree, undefined if none is published that counts. */
  static async open(deps: ProveDeps, partition: string): Promise<TreeLookup | undefined> {
    const note = await deps.tiles.read(NEWEST_CHECKPOINT);
    if (typeof note !== 'object') return undefined;
    const checkpoint = attempt(() => openFor(note, deps.verifiers), 'malformed', 'contradicted');
    return checkpoint && new TreeLookup(deps, partition, note, checkpoint);
  }

  /**
   * find gives the entry, or 'absent' where the tree is proved to have none. It throws BATCH_MALFORMED or TILE_MALFORMED where what it
   * reads proves neither: somebody may have taken names of batches, or tiles may be damaged.
   */
  async find(question: EntryQuestion): Promise<ProvedEntry | 'absent'> {
    const [before, at] = await this.#around(question);
    if (at === undefined) return this.#absence(question, before.view);
    const { size: first, heads, headsLines } = at.view.end as BatchEnd;
    const { position } = at.view;
    const end = await this.#sizeBehind(at.number);
    if (end > this.#checkpoint.size) throw unproven('the published checkpoint does not cover the batch');
    const search = new EntrySearch(this.#tiles, this.#checkpoint.size, this.#partition, question);
    const found = await search.find(
      { leaf: first - 1, value: before.value },
      { leaf: end - headsLines.length, value: at.value },
      { end: (at.view.end as BatchEnd).lines, partitions: heads.positions.size },
    );
    if (found === undefined) throw unproven('its entry is not where the heads of the log say');
    const { index } = found.entry;
    if (index < before.view.position.next || index >= position.next) throw unproven('the entry does not count');
    const { leaf, line } = found;
    await this.#prove([...headsAt(before.view, first), { leaf, line }, ...headsAt(at.view, end)]);
    const { size } = this.#checkpoint;
    const readNode = await nodesFromTiles(this.#tiles, inclusionRanges(leaf, size), size);
    const proof = proveInclusion(leaf, size, readNode);
    return {
      found: { entry: found.entry, line, leaf, batch: at.number },
      entryProof: { note: this.#note, checkpoint: this.#checkpoint, proof },
    };
  }

  /** It is absent where the tree ends with heads that are before it. */
  async #absence(question: EntryQuestion, last: View): Promise<'absent'> {
    if (last.end === undefined) throw unproven('no batch is left');
    await this.#prove(headsAt(last, this.#checkpoint.size));
    const { index } = last.position;
    if ('index' in question || index < 0) return 'absent';
    const newest = await this.find({ index });
    if (newest === 'absent' || recordsUpTo(newest) > question.record) throw unproven('a segment hides others');
    return 'absent';
  }

  /** prove throws where the tree doesn't have these entries in these places. */
  async #prove(entries: readonly PlacedEntry[]): Promise<void> {
    const { size } = this.#checkpoint;
    const areInTree = entries.every(({ leaf }) => leaf >= 0 && leaf < size);
    if (!areInTree || !(await holds(this.#tiles, this.#checkpoint, entries)))
      throw unproven('the tree of the published checkpoint is not that of the batches');
  }

  /**
   * around gives the last batch that is before what is asked for, and the next one, if there is any. What batches have grows with their
   * numbers, mostly evenly: so it goes to where that would lead, and halves what is left where that gains too little.
   */
  async #around(question: EntryQuestion): Promise<[before: Bound, at: (Bound & { readonly view: View }) | undefined]> {
    const wanted = 'index' in question ? question.index : question.record;
    let low: Bound = { view: BEFORE_ALL, number: -1, value: 0 };
    let high: Bound | undefined;
    let end = Infinity;
    let [step, mustHalve] = [0, false];
    for (let width = end - low.number; width > 1;) {
      const guess = mustHalve ? low.number + Math.floor(width / 2) : expected(low, high, wanted);
      // Where the end isn't known, each step is twice as long as the one before, at least.
      step = Math.min(Math.max(guess - low.number, 2 * step), MOST_REACH * (low.number + 2));
      const number = end === Infinity ? low.number + step : Math.min(Math.max(guess, low.number + 1), end - 1);
      const view = await this.#viewUpTo(number);
      const value = view === undefined ? Infinity : await this.#valueOf(view, question);
      if (view === undefined || value > wanted) {
        high = view && { view, number, value };
        end = number;
      } else low = { view, number, value };
      mustHalve = end !== Infinity && end - low.number > width / 2;
      width = end - low.number;
    }
    return [low, high];
  }

  async #valueOf({ position, end }: View, question: EntryQuestion): Promise<number> {
    if ('index' in question) return position.next;
    const { index } = position;
    if (index < 0 || end === undefined) return 0;
    for (const line of end.lines.toReversed()) {
      const entry = attempt(() => parseEntry(line), 'malformed');
      if (entry?.type === 'segment' && entry.partition === this.#partition && entry.index === index)
        return entry.records.first + entry.records.count;
    }
    const name = segmentName(this.#partition, index);
    const signed = await readSignature(this.#deps.store, name, this.#certificates);
    if (signed === undefined || 'foreign' in signed) throw unproven(`${name} does not say how many records there are`);
    return signed.record;
  }

  /** viewUpTo gives the view behind the newest batch up to a number, and undefined behind the last: at a free name. */
  async #viewUpTo(number: number): Promise<View | undefined> {
    for (let at = number; at > number - MOST_FOREIGN; at--) {
      if (at < 0) return BEFORE_ALL;
      const end = await this.#endOf(at);
      if (end === undefined) return undefined;
      if (end !== 'foreign')
        return { number: at, end, position: end.heads.positions.get(this.#partition) ?? NO_POSITION };
    }
    throw unproven('many objects in the places of batches are none');
  }

  #endOf(number: number): ReturnType<typeof readBatchEnd> {
    const known = this.#ends.get(number) ?? readBatchEnd(this.#deps.store, number);
    this.#ends.set(number, known);
    return known;
  }

  /** sizeBehind gives how many entries the log has behind a batch, as what stands under the name of its checkpoint says. */
  async #sizeBehind(number: number): Promise<number> {
    const note = await this.#deps.store.read(checkpointName(number));
    if (typeof note !== 'object') throw unproven(`${checkpointName(number)} can't be read`);
    return parseCheckpointNote(note).size;
  }
}

/** headsAt gives the heads of a view as entries that end before a leaf. */
const headsAt = ({ end }: View, behind: number): PlacedEntry[] =>
  (end?.headsLines ?? []).map((line, i, { length }) => ({ leaf: behind - length + i, line }));

const recordsUpTo = ({ found: { entry } }: ProvedEntry): number => entry.records.first + entry.records.count;

/** expected gives the number of the batch that has what is wanted, if all between two bounds, or all up to one, have equally much. */
function expected(low: Bound, high: Bound | undefined, wanted: number): number {
  const [from, to] = high === undefined ? [{ number: -1, value: 0 }, low] : [low, high];
  const perBatch = (to.value - from.value) / (to.number - from.number);
  return perBatch > 0 ? low.number + Math.ceil((wanted + 1 - low.value) / perBatch) : low.number + 1;
}

/** readOnce gives the tiles; each is read once, parts apart. */
function readOnce(tiles: SearchableTiles): SearchableTiles {
  const known = new Map<string, ReturnType<SearchableTiles['read']>>();
  return {
    read: (name) => {
      const bytes = known.get(name) ?? tiles.read(name);
      known.set(name, bytes);
      return bytes;
    },
    readPart: (name, offset, length) => tiles.readPart(name, offset, length),
  };
}
