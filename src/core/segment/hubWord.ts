import { integer, string, wrong } from './headerFields.ts';
import type { JsonObject } from '../jsonObject.ts';
import { isTime } from '../text.ts';

/** HubWord is what the hub said of a partition. Times are ISO 8601 UTC with milliseconds. */
export interface HubWord {
  /** when the hub was created, by its own clock: another time is another hub */
  readonly created: string;
  /** when it was asked, by the clock of who asked */
  readonly asked: string;
  /** number of the first event that it holds, or of the next one if it holds none */
  readonly first: number;
  /** number of its newest event, -1 if it never had one */
  readonly last: number;
  /** when that was enqueued; left out if there is none */
  readonly enqueued?: string;
}

/** formatHub gives the members of a hub's word in the order in which a header prints them. */
export const formatHub = ({ created, asked, first, last, enqueued }: HubWord): HubWord => ({
  created,
  asked,
  first,
  last,
  ...(enqueued !== undefined && { enqueued }),
});

/** readHub reads a hub's word in a header. It throws SEGMENT_MALFORMED. */
export function readHub({ created, asked, first, last, enqueued }: JsonObject): HubWord {
  const word = {
    created: string(created, 'hub.created', isTime),
    asked: string(asked, 'hub.asked', isTime),
    first: integer(first, 'hub.first'),
    last: integer(last, 'hub.last', -1),
    ...(enqueued !== undefined && { enqueued: string(enqueued, 'hub.enqueued', isTime) }),
  };
  if (word.first > word.last + 1) throw wrong(`has hub.first ${word.first} and hub.last ${word.last}`);
  return word;
}
