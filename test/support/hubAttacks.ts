import { STORY, read, rewriteChain } from './attackScene.ts';
import { changed, everywhere, segmentsOf } from './attackWords.ts';
import type { Attack } from './attackWords.ts';
import { forgeChain, nameOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { SECOND } from './loggedLedger.ts';

const [chain0] = STORY.chains;

/** Puts one more segment behind the chain of partition 0, dated as suits who makes it. */
const behind =
  (spec: Spec): Attack['make'] =>
  ({ objects }) =>
    objects.set(
      nameOf(6),
      read(forgeChain([...chain0, { ...spec, header: { sealed: timeOf(SECOND + 999) } }]), nameOf(6)),
    );

/** HUB_ATTACKS are those of who says something else of the hub than it said. */
export const HUB_ATTACKS: readonly Attack[] = [
  {
    name: 'declare a gap',
    does: 'with a stolen session: takes a segment out and declares that the hub held its events no more',
    make: (scene) =>
      rewriteChain(
        scene,
        '0',
        chain0.toSpliced(2, 2, { kind: 'repair', events: [3], gaps: [{ first: 2, last: 2, reason: 'expired' }] }),
      ),
    finds: everywhere(`sequence-gap ${nameOf(2)}`, ...changed(segmentsOf(2, 4)), `segment-missing ${nameOf(5)}`),
  },
  {
    name: 'declare what is to come',
    does: 'with a stolen session: declares the events that come next as those of a deleted hub, so that the app drops them',
    make: behind({ kind: 'repair', isEventless: true, hub: null, gaps: [{ first: 6, last: 99, reason: 'recreated' }] }),
    finds: everywhere(`sequence-gap ${nameOf(6)}`),
  },
  {
    name: 'begin an incarnation',
    does: 'with a stolen session: says that the hub was created again, and seals an invented first event of it',
    make: behind({ incarnation: 1 }),
    finds: everywhere(`hub-recreated ${nameOf(6)}`),
  },
  {
    name: 'begin an incarnation of the same hub',
    does: 'the same, and lets it be the hub that the chain is of',
    make: behind({ incarnation: 1, hub: { created: timeOf(-1000), last: 6 } }),
    finds: everywhere(`sequence-overlap ${nameOf(6)}`),
  },
  {
    name: 'feign quiet',
    does: 'with a stolen session: seals a heartbeat which says that the hub has nothing more, while events wait',
    make: behind({ kind: 'heartbeat' }),
    finds: everywhere(),
    says: '1 segments have no entry in the log yet',
  },
];
