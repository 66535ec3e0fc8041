import { attempt } from '../../core/errors.ts';
import type { Batch } from '../../core/objects/batch.ts';
import { parseEntry } from '../../core/objects/entry.ts';
import { TLOG, batchName, parseActionName } from '../../core/objects/names.ts';
import { fromTheFirst, readBatches, readSigned } from '../../ledger/batches.ts';
import { holds } from '../../ledger/treeProof.ts';
import type { PlacedEntry } from '../../ledger/treeProof.ts';
import { trustOf } from '../context.ts';
import type { Context } from '../context.ts';
import { unlessFaulty } from './anchorProof.ts';
import type { AnchorHead } from './anchorProof.ts';
import { whereOf } from './loggedAction.ts';
import type { LoggedAction } from './loggedAction.ts';

/** PlacedAction is that of an entry, and the number of the entry in its batch. */
interface PlacedAction extends LoggedAction {
  readonly place: number;
}

type ActionsByNumber = ReadonlyMap<number, PlacedAction>;

/** BatchView is what a batch says of actions. */
interface BatchView {
  /** the number behind the last action that has an entry up to here */
  readonly next: number;
  readonly actions: ActionsByNumber;
}

/**
 * EarlierActions looks up the entries of actions that stand before where a check of the log began. The tree there is proven, so
 * an entry counts if it is proven to be in that tree: by the tiles, or where they don't fit, by all batches up to there.
 */
export class EarlierActions {
  readonly #context: Context;
  readonly #head: AnchorHead;
  readonly #views = new Map<number, BatchView | undefined>();
  #all: Promise<ActionsByNumber> | undefined;

  constructor(context: Context, head: AnchorHead) {
    this.#context = context;
    this.#head = head;
  }

  /** find gives the entry of the action of that number; undefined if none is proven, and what can't be read is said. */
  async find(number: number): Promise<LoggedAction | undefined> {
    const found = await this.#findByTiles(number);
    if (found !== undefined) return found;
    this.#all ??= this.#readAll();
    return (await this.#all).get(number);
  }

  /** The heads of the batches only rise, so it bisects for the first batch that leads past the number. */
  async #findByTiles(number: number): Promise<LoggedAction | undefined> {
    if (this.#context.tiles === undefined) return undefined;
    let low = -1;
    let high = this.#head.number;
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if ((await this.#nextUpTo(middle)) > number) high = middle;
      else low = middle;
    }
    return (await this.#view(high))?.actions.get(number);
  }

  /** nextUpTo passes over what isn't in the log. */
  async #nextUpTo(number: number): Promise<number> {
    for (let at = number; at >= 0; at--) {
      const view = await this.#view(at);
      if (view !== undefined) return view.next;
    }
    return 0;
  }

  async #view(number: number): Promise<BatchView | undefined> {
    if (!this.#views.has(number)) this.#views.set(number, await this.#readView(number));
    return this.#views.get(number);
  }

  /** readView gives what a batch says, if its heads and its entries of actions are in the tree. */
  async #readView(number: number): Promise<BatchView | undefined> {
    const { store, tiles, tally, ledger } = this.#context;
    // If it can't be read, reading all batches says so.
    const batch = await unlessFaulty(
      () => readSigned(store, number, trustOf(ledger)),
      () => {},
    );
    if (tiles === undefined || typeof batch !== 'object') return undefined;
    const { size, entries, heads } = batch;
    if (size + entries.length > this.#head.size) return undefined;
    const actions = actionsOf(batch);
    const places = [entries.length - 1, ...[...actions.values()].map(({ place }) => place)];
    const placed = places.map((place): PlacedEntry => ({ leaf: size + place, line: entries[place] as Buffer }));
    const isInTree = await unlessFaulty(
      () => holds(tiles, this.#head, placed),
      (why) => tally.addUnreadable(`${TLOG}tile/`, why),
    );
    return isInTree === true ? { next: heads.documents.action, actions } : undefined;
  }

  /** readAll gives the entries of all actions up to the tree's end, and none if the batches give another tree. */
  async #readAll(): Promise<ActionsByNumber> {
    const { store, ledger, tally } = this.#context;
    const head = this.#head;
    const read = await unlessFaulty(
      async () => {
        const start = fromTheFirst();
        const { tree } = start;
        const actions = new Map<number, PlacedAction>();
        for await (const batch of readBatches(store, trustOf(ledger), start)) {
          if (batch.number > head.number) break;
          tree.takeFiles();
          if (!('entries' in batch)) continue;
          for (const [number, action] of actionsOf(batch)) if (!actions.has(number)) actions.set(number, action);
          if (batch.number === head.number && tree.head.rootHash === head.rootHash) return actions;
        }
        return undefined;
      },
      (why) => tally.addUnreadable(batchName(head.number), why),
    );
    return read ?? new Map();
  }
}

/** actionsOf gives the entries of actions in a batch, the first of each, as far as its heads lead. */
function actionsOf({ number: batch, entries, heads }: Batch): ActionsByNumber {
  const actions = new Map<number, PlacedAction>();
  for (const [place, line] of entries.entries()) {
    const entry = attempt(() => parseEntry(line), 'malformed');
    const number = entry?.type === 'action' ? parseActionName(entry.name) : undefined;
    if (entry?.type !== 'action' || number === undefined) continue;
    if (number < heads.documents.action && !actions.has(number))
      actions.set(number, { sha256: entry.sha256, where: whereOf(batch, place), place });
  }
  return actions;
}
