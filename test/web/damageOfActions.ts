import { actionName } from '../../src/core/objects/names.ts';
import { forgeAction } from '../support/actions.ts';
import { SECOND } from '../support/loggedLedger.ts';
import { dateAhead, edit, editNewest, named, resign, swap, unsign } from './damageTools.ts';
import type { Damage } from './damageTools.ts';
import { ACTED } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

const LOCKED = '"action":"lock","outcome":"done"';
const HOLD = { kind: 'hold-set', case: 'Case118' } as const;
/** plant adds an action that has no entry in the log. */
const plant = (mirror: Mirror, ...action: Parameters<typeof forgeAction>): unknown =>
  mirror.set(...forgeAction(...action));

/** DAMAGE_OF_ACTIONS is what may be done to the actions of a mirror, and one finding that it must give. */
export const DAMAGE_OF_ACTIONS: readonly Damage[] = [
  {
    name: 'an action that says something else',
    damage: (it) => edit(it, actionName(1), (text) => text.replace('ann@', 'eve@')),
    finds: 'entry-mismatch',
  },
  {
    name: 'an action that says another outcome than the log',
    damage: (it) => edit(it, actionName(3), (text) => text.replace('"done"', '"failed"')),
    finds: 'entry-mismatch',
  },
  {
    name: 'a batch that says another kind of an action',
    damage: (it) => editNewest(it, (text) => text.replace(LOCKED, LOCKED.replace('lock', 'extend'))),
    finds: 'entry-mismatch',
  },
  {
    name: 'a batch that says another outcome of an action',
    damage: (it) => editNewest(it, (text) => text.replace(LOCKED, LOCKED.replace('done', 'failed'))),
    finds: 'entry-mismatch',
  },
  {
    name: 'a batch that says an unknown outcome of an action',
    damage: (it) => editNewest(it, (text) => text.replace('"outcome":"done"', '"outcome":"maybe"')),
    finds: 'entry-mismatch',
  },
  {
    name: 'a batch that counts another number of actions',
    damage: (it) => editNewest(it, (text) => text.replace('"actions":4', '"actions":3')),
    finds: 'entry-mismatch',
  },
  {
    name: 'a batch that counts actions twice',
    damage: (it) => {
      unsign(it, 2);
      resign(it, 2, (text) => text.replace('"partitions"', '"actions":0,"partitions"'));
    },
    finds: 'foreign-object',
  },
  {
    name: 'a batch with actions in another order',
    damage: (it) => editNewest(it, (text) => text.replace(/^(.*actions\/0{12}.*\n)(.*actions\/0{11}1.*\n)/m, '$2$1')),
    finds: 'entry-mismatch',
  },
  { name: 'the last action gone', damage: (it) => it.delete(actionName(3)), finds: 'action-unfinished' },
  {
    name: 'an attempt gone, whose outcome is there',
    damage: (it) => it.delete(actionName(2)),
    finds: 'foreign-object',
  },
  { name: 'an action gone in the middle', damage: (it) => it.delete(actionName(1)), finds: 'entry-mismatch' },
  {
    name: 'all actions gone',
    damage: (it) => named(it, 'actions/').forEach((name) => it.delete(name)),
    finds: 'entry-mismatch',
  },
  {
    name: 'swapped actions',
    damage: (it) => swap(it, actionName(0), actionName(2)),
    finds: 'foreign-object',
  },
  {
    name: 'actions that the log has none of, and should',
    damage: (it) => dateAhead(it, 1),
    finds: 'not-integrated',
  },
  {
    name: 'an attempt of long ago without an outcome',
    damage: (it) => plant(it, 4, HOLD, 'attempted', ACTED),
    finds: 'action-unfinished',
    isHarmless: true,
  },
  {
    name: 'an attempt that should be in the log',
    damage: (it) => plant(it, 4, HOLD, 'attempted', SECOND - 1000),
    finds: 'not-integrated',
  },
  {
    name: 'an outcome of an attempt that has one',
    damage: (it) =>
      edit(it.set(...forgeAction(4, { kind: 'hold-set', case: 'Case117' }, 'failed', ACTED)), actionName(4), (text) =>
        text.replace(actionName(3), actionName(2)),
      ),
    finds: 'foreign-object',
  },
  {
    name: 'an outcome of another hold than was attempted',
    damage: (it) => {
      plant(it, 4, HOLD, 'attempted', ACTED);
      plant(it, 5, { kind: 'hold-set', case: 'Case119' }, 'done', ACTED);
    },
    finds: 'foreign-object',
  },
  {
    name: 'an outcome of an outcome',
    damage: (it) => plant(it, 4, { kind: 'hold-set', case: 'Case117' }, 'done', ACTED),
    finds: 'foreign-object',
  },
  {
    name: 'a hole in the numbers of actions',
    damage: (it) => plant(it, 5, HOLD, 'attempted', ACTED),
    finds: 'foreign-object',
  },
  {
    name: 'an action that is none',
    damage: (it) => it.set(actionName(4), Buffer.from('{}\n')),
    finds: 'foreign-object',
  },
  {
    name: 'an action with more in it',
    damage: (it) => {
      plant(it, 4, HOLD, 'attempted', ACTED);
      edit(it, actionName(4), (text) => text.replace('"policy":', '"x":1,"policy":'));
    },
    finds: 'foreign-object',
  },
  {
    name: 'an action that is too large',
    damage: (it) => it.set(actionName(4), Buffer.alloc(32 * 1024 + 1, ' ')),
    finds: 'foreign-object',
  },
  {
    name: 'an action under a name that is none',
    damage: (it) => it.set('actions/4.json', it.get(actionName(0)) as Buffer),
    finds: 'foreign-object',
  },
];
