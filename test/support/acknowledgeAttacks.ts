import { FOREIGN, signedAcknowledgement } from './acknowledged.ts';
import { MINE, TRUE, integrateAs } from './attackScene.ts';
import type { Scene } from './attackScene.ts';
import { everywhere, foreign } from './attackWords.ts';
import type { Attack } from './attackWords.ts';
import { LEDGER } from './forge.ts';
import { keyOf } from './logs.ts';
import { actionName } from '../../src/core/objects/names.ts';

const FIRST = 4;

/** plantBoth puts something foreign into a ledger, and under the next number of an action what acknowledges it. */
const plantBoth = ({ objects }: Scene, key = keyOf(MINE, `${LEDGER}/operator`)): unknown =>
  objects.set(FOREIGN, Buffer.from('junk')).set(actionName(FIRST), signedAcknowledgement(actionName(FIRST), key));

/** ACKNOWLEDGE_ATTACKS are those of who acknowledges what he has done himself. */
export const ACKNOWLEDGE_ATTACKS: readonly Attack[] = [
  {
    name: 'plant and acknowledge',
    does: 'creates an object, and an acknowledgement of it, signed with a key of his own that has an operator’s name',
    make: (scene) => plantBoth(scene),
    finds: everywhere(...foreign(FOREIGN)),
  },
  {
    name: 'have it entered',
    does: 'the same, and the app takes the acknowledgement into the log',
    make: async (scene) => {
      plantBoth(scene);
      await integrateAs(scene, TRUE);
    },
    finds: everywhere(...foreign(FOREIGN, actionName(FIRST))),
  },
  {
    name: 'acknowledge by another ledger',
    does: 'the same, with the key of an operator of another ledger',
    make: async (scene) => {
      plantBoth(scene, keyOf(MINE, 'logs.example.com/other/operator'));
      await integrateAs(scene, TRUE);
    },
    finds: everywhere(...foreign(FOREIGN, actionName(FIRST))),
  },
];
