import { AuditsealError } from '../core/errors.ts';
import type { HubWord } from '../core/segment/hubWord.ts';
import type { Clock } from '../ports/host.ts';
import type { Hub } from '../ports/hub.ts';

/** So often a hub is asked that is another one after each answer than before it. */
const MAX_TRIES = 3;

/**
 * askHub asks the hub for its word on a partition. What it says of the partition is of the hub that was created when it says:
 * that is asked before and after, with three management requests in all. It throws HUB_UNAVAILABLE where the two keep
 * differing.
 */
export async function askHub(hub: Hub, partition: string, now: Clock): Promise<HubWord> {
  let { created } = await hub.life();
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const asked = new Date(now()).toISOString();
    const state = await hub.state(partition);
    const after = await hub.life();
    if (after.created === created) return { created, asked, ...state };
    ({ created } = after);
  }
  throw new AuditsealError(
    'HUB_UNAVAILABLE',
    'the event hub was created again while it was asked, several times; it is asked again later',
  );
}
