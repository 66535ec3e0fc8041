import { parseBatch } from '../../src/core/objects/batch.ts';
import { actionName, pageName, reportName } from '../../src/core/objects/names.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { forgeAction, forgeHold } from './actions.ts';
import { REPORT, STORY, integrateAs, read, rewriteAll, rewriteChain, says } from './attackScene.ts';
import type { Scene } from './attackScene.ts';
import { LEDGER, forge, forgeChain, nameOf, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { SECOND, batch, checkpoint, noteOf } from './loggedLedger.ts';
import { keyOf } from './logs.ts';
import { referenceRoot } from './referenceLedger.ts';

/** Attack is what somebody does to a ledger, and what a verifier is told about it. */
export interface Attack {
  readonly name: string;
  /** what the attacker does, for a reader */
  readonly does: string;
  readonly make: (scene: Scene) => unknown;
  /** what `verify` finds, as "code object": alone, with --key, with --key and --anchor. Nothing found is "verified" */
  readonly finds: readonly [readonly string[], readonly string[], readonly string[]];
  /** what `verify` says that it did not check, where it finds nothing */
  readonly says?: string;
}

const OTHER = keyOf(2);
const [chain0, chain1] = STORY.chains;
const PUBLISHED = 'tlog/checkpoint';
const PAGE = pageName(0);
const OTHER_PAGE = pageName(7);

const edited = chain0.with(2, says(999));
/** An attacker dates what he makes as suits him. */
const justNow: Spec = { header: { sealed: timeOf(SECOND + 999) } };
const remove = ({ objects }: Scene, ...names: readonly string[]): void => {
  for (const name of names) if (!objects.delete(name)) throw new Error(`there is no ${name}`);
};
const segmentsOf = (first: number, last: number, partition = '0'): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => nameOf(first + i, partition));

const everywhere = (...finds: readonly string[]): Attack['finds'] => [finds, finds, finds];
/** withKey: who has the key is told more. */
const withKey = (alone: readonly string[], ...more: readonly string[]): Attack['finds'] => {
  const all = [...alone, ...more];
  return [alone, all, all];
};
/** withAnchor: who has also kept a checkpoint is told more. */
const withAnchor = ([alone, key]: readonly [string[], string[]], more: string): Attack['finds'] => [
  alone,
  key,
  [...key, more],
];
const changed = (names: readonly string[]): string[] => names.map((name) => `segment-changed ${name}`);
const invalid = (...names: readonly string[]): string[] => names.map((name) => `checkpoint-invalid ${name}`);
/** The chain doesn't fit there, or not what the report in the ledger knew: that one knew index 3 as the newest. */
const broken = (index: number, partition = '0'): string => `chain-broken ${nameOf(index, partition)}`;

function edit(scene: Scene, name: string, change: (text: string) => string): void {
  const text = read(scene.objects, name).toString('latin1');
  if (change(text) === text) throw new Error(`nothing in ${name} was changed`);
  scene.objects.set(name, Buffer.from(change(text), 'latin1'));
}

/** cutLog takes away the newest batch with all that came of it, and publishes the checkpoint before. */
function cutLog(scene: Scene): void {
  const { objects } = scene;
  remove(scene, batch(2), checkpoint(2), ...newestTiles(scene));
  objects.set('tlog/checkpoint', read(objects, checkpoint(1)));
}

const newestTiles = ({ objects }: Scene): string[] => {
  const size = /^\d+$/m.exec(read(objects, checkpoint(2)).toString())?.[0];
  return [...objects.keys()].filter((name) => name.endsWith(`.p/${size}`));
};

/** What `verify` says that it did not check without a key, and without a kept checkpoint. */
const NO_KEY = 'anybody may have signed the checkpoints';
const NONE_KEPT = 'no kept checkpoint was given';

export const ATTACKS: readonly Attack[] = [
  {
    name: 'edit',
    does: 'changes a record, and makes its segment and all behind it anew so that the chain fits',
    make: (scene) => rewriteChain(scene, '0', edited),
    finds: everywhere(...changed(segmentsOf(2, 5)), broken(3)),
  },
  {
    name: 'delete',
    does: 'takes a segment out of a chain, and makes all behind it anew: indices, records and events without a hole',
    make: (scene) => rewriteChain(scene, '0', chain0.toSpliced(2, 1)),
    finds: everywhere(...changed(segmentsOf(2, 4)), broken(3), `segment-missing ${nameOf(5)}`),
  },
  {
    name: 'declare a gap',
    does: 'takes a segment out and declares its events as never delivered',
    make: (scene) =>
      rewriteChain(
        scene,
        '0',
        chain0.toSpliced(2, 2, { events: [3], gaps: [{ first: 2, last: 2, reason: 'unknown' }] }),
      ),
    finds: everywhere(
      `sequence-gap ${nameOf(2)}`,
      ...changed(segmentsOf(2, 4)),
      broken(3),
      `segment-missing ${nameOf(5)}`,
    ),
  },
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
    does: 'lets two records change places, and makes the chain anew',
    make: (scene) => rewriteChain(scene, '0', chain0.with(1, says(2)).with(2, says(1))),
    finds: everywhere(...changed(segmentsOf(1, 5)), broken(3)),
  },
  {
    name: 'insert',
    does: 'puts an invented segment between two, and makes all behind it anew',
    make: (scene) => rewriteChain(scene, '0', chain0.toSpliced(2, 0, says(999))),
    finds: everywhere(...changed(segmentsOf(2, 5)), broken(3), `not-integrated ${nameOf(6)}`),
  },
  {
    name: 'swap partitions',
    does: 'seals what was in partition 0 as partition 1, and the reverse, with chains that fit',
    make: (scene) => {
      rewriteChain(scene, '0', chain1);
      rewriteChain(scene, '1', chain0);
    },
    finds: everywhere(...changed(segmentsOf(0, 5)), ...changed(segmentsOf(0, 5, '1')), broken(3), broken(3, '1')),
  },
  {
    name: 'replay',
    does: 'seals the events of an earlier segment again, at the end of their chain',
    make: (scene) => rewriteChain(scene, '0', [...chain0, { events: [1], ...justNow }]),
    finds: everywhere(`sequence-overlap ${nameOf(6)}`),
  },
  {
    name: 'make anew, with the log',
    does: 'edits, and makes batches, checkpoints, tiles and the report anew too; without the key, so the later checkpoints are the true ones',
    make: async (scene) => {
      const kept = [1, 2].map((number) => read(scene.objects, checkpoint(number)));
      await rewriteAll(scene, { chains: [edited, chain1], key: OTHER });
      kept.forEach((note, i) => scene.objects.set(checkpoint(i + 1), note));
      scene.objects.set('tlog/checkpoint', kept[1] as Buffer);
    },
    finds: withAnchor(
      [
        [`checkpoint-inconsistent ${checkpoint(1)}`],
        [`checkpoint-inconsistent ${checkpoint(1)}`, `entry-mismatch ${batch(1)}`],
      ],
      'checkpoint-inconsistent kept',
    ),
  },
  {
    name: 're-sign with a new key',
    does: 'makes all of it anew and signs with a key of his own that has the same name',
    make: (scene) => rewriteAll(scene, { chains: [edited, chain1], key: OTHER }),
    finds: withAnchor([[], invalid(PUBLISHED, checkpoint(1), checkpoint(2))], 'checkpoint-inconsistent kept'),
    says: NO_KEY,
  },
  {
    name: 'swap the key',
    does: 'the same, and the verifier was given that key for the log’s',
    make: async (scene) => {
      await rewriteAll(scene, { chains: [edited, chain1], key: OTHER }, false);
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
    does: 'cuts off the log’s tail, and makes the segments that it covered anew, dated as if they had just come',
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
    does: 'edits, and removes all but the segments',
    make: (scene) => {
      rewriteChain(scene, '0', edited);
      remove(scene, ...[...scene.objects.keys()].filter((name) => !name.startsWith('segments/')));
    },
    finds: withAnchor(
      [[], [`not-integrated ${nameOf(0)}`, `not-integrated ${nameOf(0, '1')}`]],
      'checkpoint-inconsistent kept',
    ),
    says: 'there is no log, so nobody has signed anything',
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
    finds: withKey([], ...invalid(checkpoint(1))),
    says: NO_KEY,
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
    finds: withKey([`entry-mismatch ${batch(0)}`], ...invalid(checkpoint(0))),
  },
  {
    name: 'plant a batch',
    does: 'creates the next batch, with the entry of a segment that nobody has',
    make: async (scene) => {
      const copy = { ...scene, objects: new Map(scene.objects) };
      rewriteChain(copy, '0', [...chain0, says(999)]);
      await integrateAs(copy, STORY.key);
      scene.objects.set(batch(3), read(copy.objects, batch(3)));
    },
    finds: everywhere(`entry-mismatch ${batch(3)}`),
  },
  {
    name: 'plant a batch and sign it',
    does: 'the same, with the segment, tiles and a checkpoint of his own key',
    make: async (scene) => {
      rewriteChain(scene, '0', [...chain0, says(999)]);
      const mine = { ...scene, objects: new Map(scene.objects) };
      await integrateAs(mine, STORY.key);
      const text = read(mine.objects, checkpoint(3)).toString().split('\n\n')[0];
      const note = noteOf(`${text}\n`, OTHER);
      scene.objects = mine.objects.set(checkpoint(3), note).set('tlog/checkpoint', note);
    },
    finds: withKey([], ...invalid(PUBLISHED, checkpoint(3))),
    says: NO_KEY,
  },
  {
    name: 'extend a chain',
    does: 'creates an invented segment behind the newest, before the app does',
    make: ({ objects }) =>
      objects.set(nameOf(6), read(forgeChain([...chain0, { ...says(999), ...justNow }]), nameOf(6))),
    finds: everywhere(),
    says: '1 segments have no entry in the log yet',
  },
  {
    name: 'plant two segments',
    does: 'creates two invented segments, of which only the second continues the one before it, so that a writer that starts anew takes them for the chain',
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
    finds: everywhere('tile-mismatch tlog/tile/0/000.p/20', 'tile-mismatch tlog/tile/entries/000.p/20'),
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
    does: 'lets a report say that it checked more, with the hash of itself that fits',
    make: ({ objects }) => {
      const report = parseReport(read(objects, REPORT));
      objects.set(REPORT, formatReport({ ...report, checked: { ...report.checked, records: 1_000_000 } }));
    },
    finds: everywhere(`entry-mismatch ${REPORT}`),
  },
  {
    name: 'plant a report',
    does: 'creates a well-made report of his own, which knows of no chain and no log',
    make: ({ objects }) => {
      const { log: _log, page: _page, ...report } = parseReport(read(objects, REPORT));
      const time = Date.parse(report.finished) + 1000;
      const finished = new Date(time).toISOString();
      objects.set(reportName(1), formatReport({ ...report, finished, partitions: [] }));
    },
    finds: everywhere(),
    says: '2 objects outside segments/ were checked by name alone',
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
  {
    name: 'copy another ledger',
    does: 'shows a ledger of another name, whole and signed by its own key',
    make: (scene) => rewriteAll(scene, { ledger: 'logs.example.com/other', key: keyOf(3, 'logs.example.com/other') }),
    finds: withAnchor([[], invalid(PUBLISHED, checkpoint(0), checkpoint(1), checkpoint(2))], 'checkpoint-invalid kept'),
    says: NO_KEY,
  },
];
