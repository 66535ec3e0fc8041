import { NO_CHAIN } from '../core/segment/chain.ts';
import type { ChainHead } from '../core/segment/chain.ts';
import type { HubWord } from '../core/segment/hubWord.ts';

/** Place is where a chain goes on, and the hub's word if the next segment has to state it. */
export interface Place extends ChainHead {
  /** the next segment begins the chain or an incarnation, in this hub */
  readonly opening?: HubWord;
  /** says aloud what that means, once it is written */
  readonly announce?: () => void;
}

/** isNew tells whether a chain has no segment, and it isn't known in which hub it begins. */
export const isNew = ({ created }: Place): boolean => created === NO_CHAIN.created;

/** openChain is where a chain without segments begins: with the first event that the hub holds, or one in hand that it held before. */
export const openChain = (head: Place, word: HubWord, inHand = word.first): Place => ({
  ...head,
  created: word.created,
  lastEvent: Math.min(word.first, inHand) - 1,
  opening: word,
});

/** openIncarnation is where the events of a hub go on that was created anew: with number 0, whatever of them it still holds. */
export const openIncarnation = (head: Place, word: HubWord): Place => ({
  ...head,
  incarnation: head.incarnation + 1,
  created: word.created,
  lastEvent: -1,
  opening: word,
});
