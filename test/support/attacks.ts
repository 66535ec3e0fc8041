import { parseBatch } from '../../src/core/objects/batch.ts';
import { actionName, pageName, reportName } from '../../src/core/objects/names.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { formatReport } from '../../src/core/objects/reportFile.ts';
import { ACKNOWLEDGE_ATTACKS } from './acknowledgeAttacks.ts';
import { forgeAction, forgeHold } from './actions.ts';
import { MINE, REPORT, STORY, by, integrateAs, read, rewriteAll, rewriteChain, says } from './attackScene.ts';
import {
  broken,
  changed,
  cutLog,
  edit,
  everywhere,
  foreign,
  invalid,
  newestTiles,
  remove,
  reportIn,
  segmentsOf,
  withAnchor,
} from './attackWords.ts';
import type { Attack } from './attackWords.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { HUB_ATTACKS } from './hubAttacks.ts';
import { SECOND, batch, checkpoint, noteOf } from './loggedLedger.ts';
import { keyOf } from './logs.ts';
import { filed } from './reports.ts';
import { referenceRoot } from './referenceLedger.ts';

const OTHER = keyOf(MINE);
const [chain0, chain1] = STORY.chains;
const PUBLISHED = 'tlog/checkpoint';
const PAGE = pageName(0);
const OTHER_PAGE = pageName(7);

const edited = chain0.with(2, says(999));
/** An attacker dates what he makes as suits him. */
const justNow: Spec = { header: { sealed: timeOf(SECOND + 999) } };
/** The last of them once for its number, and once for what it holds. */
const FAR_AHEAD = [nameOf(1000), batch(14), reportName(9999), actionName(77), actionName(77)];
/** What of a ledger that another key signed is found by who has the log's. */
const NOT_OURS = [
  ...foreign(batch(0), batch(1), batch(2), ...segmentsOf(0, 5), ...segmentsOf(0, 5, '1')),
  `not-integrated ${actionName(0)}`,
];

const cutElsewhere = [
  ...foreign(batch(0), batch(1)),
  ...invalid(checkpoint(0)),
  `checkpoint-inconsistent ${checkpoint(1)}`,
];
const allInvalid = invalid(PUBLISHED, checkpoint(0), checkpoint(1), checkpoint(2));

/** What `verify` says that it did not check without a key, and without a kept checkpoint. */
const NO_KEY = "so who made the ledger isn't known";
const NONE_KEPT = 'no kept checkpoint was given';

export const ATTACKS: readonly Attack[] = [
  {
    name: 'edit',
    does: 'changes a record, makes its segment and all behind it anew so that the chain fits, and signs them with a key of his own',
    make: (scene) => rewriteChain(scene, '0', edited, MINE),
    finds: everywhere(...changed(segmentsOf(2, 5)), ...foreign(...segmentsOf(2, 5))),
  },
  {
    name: 'extend a chain',
    does: 'creates an invented segment behind the newest, signed with a key of his own',
    make: ({ objects }) =>
      objects.set(nameOf(6), read(forgeChain(by(MINE, [...chain0, { ...says(999), ...justNow }])), nameOf(6))),
    finds: everywhere(...foreign(nameOf(6))),
  },
  {
    name: 'replay a segment',
    does: 'creates a copy of a true segment under the next name',
    make: ({ objects }) => objects.set(nameOf(6), read(objects, nameOf(2))),
    finds: everywhere(...foreign(nameOf(6))),
  },
  {
    name: 'replay a batch',
    does: 'creates copies of a true batch and its checkpoint under the next names',
    make: ({ objects }) =>
      objects.set(batch(3), read(objects, batch(1))).set(checkpoint(3), read(objects, checkpoint(1))),
    finds: everywhere(...foreign(batch(3)), `checkpoint-inconsistent ${checkpoint(3)}`),
  },
  {
    name: 'plant far ahead',
    does: 'takes names far ahead of chains, log, reports and actions',
    make: ({ objects }) => {
      for (const name of [...FAR_AHEAD, checkpoint(14)]) objects.set(name, Buffer.from('planted'));
    },
    finds: everywhere(...foreign(...FAR_AHEAD), ...invalid(checkpoint(14))),
  },
  {
    name: 'edit and sign',
    does: 'with a stolen session: changes a record, and makes its segment and all behind it anew so that the chain fits',
    make: (scene) => rewriteChain(scene, '0', edited),
    finds: everywhere(...changed(segmentsOf(2, 5))),
  },
  {
    name: 'delete',
    does: 'with a stolen session: takes a segment out of a chain, and makes all behind it anew: indices, records and events without a hole',
    make: (scene) => rewriteChain(scene, '0', chain0.toSpliced(2, 1)),
    finds: everywhere(...changed(segmentsOf(2, 4)), `segment-missing ${nameOf(5)}`),
  },
  ...HUB_ATTACKS,
  {
    name: 'truncate the tail',
    does: 'removes the last segments of both chains',
    make: (scene) => remove(scene, nameOf(5), nameOf(4, '1'), nameOf(5, '1')),
    finds: everywhere(`segment-missing ${nameOf(4, '1')}`, `segment-missing ${nameOf(5)}`),
  },
  {
    name: 'remove a heartbeat',
    does: 'removes the heartbeat that ends a chain, so that the source seems cut off',
    make: (scene) => remove(scene, nameOf(5, '1')),
    finds: everywhere(`segment-missing ${nameOf(5, '1')}`),
  },
  {
    name: 'reorder',
    does: 'with a stolen session: lets two records change places, and makes the chain anew',
    make: (scene) => rewriteChain(scene, '0', chain0.with(1, says(2)).with(2, says(1))),
    finds: everywhere(...changed(segmentsOf(1, 5))),
  },
  {
    name: 'insert',
    does: 'with a stolen session: puts an invented segment between two, and makes all behind it anew',
    make: (scene) => rewriteChain(scene, '0', chain0.toSpliced(2, 0, says(999))),
    finds: everywhere(...changed(segmentsOf(2, 5)), `not-integrated ${nameOf(6)}`),
  },
  {
    name: 'swap partitions',
    does: 'with a stolen session: seals what was in partition 0 as partition 1, and the reverse, with chains that fit',
    make: (scene) => {
      rewriteChain(scene, '0', chain1);
      rewriteChain(scene, '1', chain0);
    },
    finds: everywhere(...changed(segmentsOf(0, 5)), ...changed(segmentsOf(0, 5, '1'))),
  },
  {
    name: 'replay',
    does: 'with a stolen session: seals the events of an earlier segment again, at the end of their chain',
    make: (scene) => rewriteChain(scene, '0', [...chain0, { events: [1], ...justNow }]),
    finds: everywhere(`sequence-overlap ${nameOf(6)}`),
  },
  {
    name: 'make anew, with the log',
    does: 'edits, and makes batches, checkpoints, tiles and the report anew too; without the key, so the later checkpoints are the true ones',
    make: async (scene) => {
      const kept = [1, 2].map((number) => read(scene.objects, checkpoint(number)));
      await rewriteAll(scene, { chains: [edited, chain1], seed: MINE });
      kept.forEach((note, i) => scene.objects.set(checkpoint(i + 1), note));
      scene.objects.set('tlog/checkpoint', kept[1] as Buffer);
    },
    finds: withAnchor(
      [
        invalid(PUBLISHED, checkpoint(1), checkpoint(2)),
        [
          ...NOT_OURS,
          ...invalid(checkpoint(0)),
          ...[1, 2].map((number) => `checkpoint-inconsistent ${checkpoint(number)}`),
        ],
      ],
      'checkpoint-inconsistent kept',
    ),
  },
  {
    name: 're-sign with a new key',
    does: 'makes all of it anew and signs with a key of his own that has the same name',
    make: (scene) => rewriteAll(scene, { chains: [edited, chain1], seed: MINE }),
    finds: withAnchor([[], [...NOT_OURS, ...allInvalid]], 'checkpoint-inconsistent kept'),
    says: NO_KEY,
  },
  {
    name: 'swap the key',
    does: 'the same, and the verifier was given that key for the log’s',
    make: async (scene) => {
      await rewriteAll(scene, { chains: [edited, chain1], seed: MINE });
      scene.key = formatVerifierKey(OTHER.verifierKey);
    },
    finds: withAnchor([[], []], 'checkpoint-invalid kept'),
    says: NONE_KEPT,
  },
  {
    name: 'fork',
    does: 'has the log’s own key, and signs another history with it',
    make: (scene) => rewriteAll(scene, { chains: [edited, chain1] }),
    finds: withAnchor([[], []], 'checkpoint-inconsistent kept'),
    says: NONE_KEPT,
  },
  {
    name: 'stale view',
    does: 'shows an older state of everything, which was true once: the same as to cut off the tail of chains and log alike',
    make: (scene) => rewriteAll(scene, { steps: 2 }),
    finds: withAnchor([[], []], 'checkpoint-inconsistent kept'),
    says: NONE_KEPT,
  },
  {
    name: 'cut the log, then edit',
    does: 'with a stolen session: cuts off the log’s tail, and makes the segments that it covered anew, dated as if they had just come',
    make: (scene) => {
      cutLog(scene);
      rewriteChain(scene, '0', chain0.toSpliced(4, 2, { ...says(999), ...justNow }, justNow));
      rewriteChain(scene, '1', chain1.toSpliced(4, 2, justNow));
      remove(scene, REPORT, PAGE);
    },
    finds: withAnchor([[], []], 'checkpoint-inconsistent kept'),
    says: '3 segments have no entry in the log yet',
  },
  {
    name: 'remove the log',
    does: 'with a stolen session: edits, and removes all but the segments',
    make: (scene) => {
      rewriteChain(scene, '0', edited);
      remove(scene, ...[...scene.objects.keys()].filter((name) => !name.startsWith('segments/')));
    },
    finds: withAnchor(
      [[], [`not-integrated ${nameOf(0)}`, `not-integrated ${nameOf(0, '1')}`]],
      'checkpoint-inconsistent kept',
    ),
    says: 'anybody may have made all of it',
  },
  {
    name: 'drop a checkpoint',
    does: 'removes one from the middle',
    make: (scene) => remove(scene, checkpoint(1)),
    finds: everywhere(`checkpoint-inconsistent ${checkpoint(1)}`),
  },
  {
    name: 'drop the newest checkpoint',
    does: 'removes it, its tiles, and publishes the one before',
    make: (scene) => {
      remove(scene, checkpoint(2), ...newestTiles(scene));
      scene.objects.set('tlog/checkpoint', read(scene.objects, checkpoint(1)));
    },
    finds: withAnchor([[], []], 'checkpoint-inconsistent kept'),
    says: `${batch(2)} has no checkpoint yet`,
  },
  {
    name: 'roll back the published checkpoint',
    does: 'publishes an older one than the newest',
    make: ({ objects }) => objects.set('tlog/checkpoint', read(objects, checkpoint(1))),
    finds: everywhere(`checkpoint-stale ${PUBLISHED}`),
  },
  {
    name: 'strip a signature',
    does: 'signs a true checkpoint with another key',
    make: ({ objects }) => {
      const text = read(objects, checkpoint(1)).toString().split('\n\n')[0];
      objects.set(checkpoint(1), noteOf(`${text}\n`, OTHER));
    },
    finds: everywhere(...invalid(checkpoint(1))),
  },
  {
    name: 'cut batches elsewhere',
    does: 'moves entries from one batch to the next, so that the tree at the end is the signed one, and signs the checkpoint between with his own key',
    make: ({ objects }) => {
      const lines = [0, 1, 2].map((number) => read(objects, batch(number)).toString());
      const moved = (lines[1] as string).split('\n').toSpliced(0, 2).join('\n');
      const first = (lines[0] as string) + (lines[1] as string).slice(0, -moved.length);
      const entries = parseBatch(Buffer.from(first));
      const root = Buffer.from(referenceRoot(entries), 'hex').toString('base64');
      objects.set(batch(0), Buffer.from(first)).set(batch(1), Buffer.from(moved));
      objects.set(checkpoint(0), noteOf(`${LEDGER}\n${entries.length}\n${root}\n`, OTHER));
    },
    finds: [[...foreign(batch(0), batch(1)), ...invalid(checkpoint(0), checkpoint(1))], cutElsewhere, cutElsewhere],
  },
  {
    name: 'plant a batch',
    does: 'creates the next batch, with the entry of a segment that nobody has',
    make: async (scene) => {
      const copy = { ...scene, objects: new Map(scene.objects) };
      rewriteChain(copy, '0', [...chain0, says(999)], MINE);
      await integrateAs(copy, MINE);
      scene.objects.set(batch(3), read(copy.objects, batch(3)));
    },
    finds: everywhere(...foreign(batch(3))),
  },
  {
    name: 'plant a batch and sign it',
    does: 'the same, with the segment, tiles and a checkpoint of his own key',
    make: async (scene) => {
      rewriteChain(scene, '0', [...chain0, says(999)], MINE);
      await integrateAs(scene, MINE);
    },
    finds: everywhere(...foreign(batch(3), nameOf(6)), ...invalid(PUBLISHED, checkpoint(3))),
  },
  {
    name: 'extend a chain and sign',
    does: 'with a stolen session: creates an invented segment behind the newest, before the app does',
    make: ({ objects }) =>
      objects.set(nameOf(6), read(forgeChain([...chain0, { ...says(999), ...justNow }]), nameOf(6))),
    finds: everywhere(),
    says: '1 segments have no entry in the log yet',
  },
  {
    name: 'plant two segments',
    does: 'with a stolen session: creates two invented segments, of which only the second continues the one before it, so that a writer that starts anew takes them for the chain',
    make: ({ objects }) => {
      const first = forge({ index: 6, record: 6, events: [6], prev: 'a'.repeat(64), ...justNow });
      const second = forge({ index: 7, record: 7, events: [7], prev: first.root, ...justNow });
      objects.set(nameOf(6), first.stored).set(nameOf(7), second.stored);
    },
    finds: everywhere(broken(6)),
  },
  {
    name: 'lying tile',
    does: 'changes an entry in its bundle, and the hashes over it in the tile',
    make: (scene) => {
      for (const name of newestTiles(scene)) edit(scene, name, (text) => `${text.slice(0, -1)}x`);
    },
    finds: everywhere('tile-mismatch tlog/tile/0/000.p/21', 'tile-mismatch tlog/tile/entries/000.p/21'),
  },
  {
    name: 'remove the tiles',
    does: 'removes all tiles and the published checkpoint',
    make: (scene) => remove(scene, ...[...scene.objects.keys()].filter((name) => name.startsWith('tlog/'))),
    finds: everywhere(),
    says: 'the tiles of the log were not at hand',
  },
  {
    name: 'remove a report',
    does: 'removes a report and its page',
    make: (scene) => remove(scene, REPORT, PAGE),
    finds: everywhere(`entry-mismatch ${REPORT}`),
  },
  {
    name: 'change a report',
    does: 'lets a report say that it checked more',
    make: (scene) => edit(scene, REPORT, (text) => text.replace(/"records":\d+/, '"records":1000000')),
    finds: everywhere(`entry-mismatch ${REPORT}`),
  },
  {
    name: 'plant a report',
    does: 'creates a well-made report, without a signature',
    make: ({ objects }) => objects.set(reportName(1), formatReport(reportIn(objects))),
    finds: everywhere(...foreign(reportName(1))),
  },
  {
    name: 'plant a signed report',
    does: 'the same, signed with a key of his own',
    make: ({ objects }) => objects.set(reportName(1), filed(reportIn(objects), reportName(1), MINE)),
    finds: everywhere(),
    says: 'anybody may have filed the 2 reports',
  },
  {
    name: 'change a page',
    does: 'lets the page of a report say something else',
    make: (scene) => edit(scene, PAGE, (text) => text.replace('No findings', 'All is well')),
    finds: everywhere(`foreign-object ${PAGE}`),
  },
  {
    name: 'plant a page',
    does: 'creates a page under a name of its own',
    make: ({ objects }) => objects.set(OTHER_PAGE, read(objects, PAGE)),
    finds: everywhere(`foreign-object ${OTHER_PAGE}`),
  },
  {
    name: 'change an action',
    does: 'lets the record of a lock say that somebody else made it',
    make: (scene) => edit(scene, actionName(1), (text) => text.replace('ann@', 'eve@')),
    finds: everywhere(`entry-mismatch ${actionName(1)}`),
  },
  {
    name: 'remove an action',
    does: 'removes the record of what came of a hold',
    make: (scene) => remove(scene, actionName(3)),
    finds: everywhere(`entry-mismatch ${actionName(3)}`, `action-unfinished ${actionName(2)}`),
  },
  {
    name: 'plant an action',
    does: 'creates the well-made record of a hold that nobody set, and of its outcome',
    make: ({ objects }) => {
      for (const [name, bytes] of forgeHold(4, 'Case118', SECOND + 999)) objects.set(name, bytes);
    },
    finds: everywhere(),
  },
  {
    name: 'plant half an action',
    does: 'creates the well-made record of what came of a hold that nobody attempted',
    make: ({ objects }) =>
      objects.set(...forgeAction(4, { kind: 'hold-set', case: 'Case117' }, 'failed', SECOND + 999)),
    finds: everywhere(`foreign-object ${actionName(4)}`),
  },
  ...ACKNOWLEDGE_ATTACKS,
  {
    name: 'copy another ledger',
    does: 'shows a ledger of another name, whole and signed by its own key',
    make: (scene) => rewriteAll(scene, { ledger: 'logs.example.com/other', seed: 3 }),
    finds: withAnchor([[], [...NOT_OURS, ...allInvalid]], 'checkpoint-inconsistent kept'),
    says: NO_KEY,
  },
];
