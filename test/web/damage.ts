import { pageName, reportName } from '../../src/core/objects/names.ts';
import { formatCosignature } from '../../src/ledger/cosignatures.ts';
import { LEDGER, forgeChain } from '../support/forge.ts';
import { SECOND, checkpoint } from '../support/loggedLedger.ts';
import { witnessKey } from '../support/witnesses.ts';
import {
  flip,
  swap,
  named,
  widestTile,
  segment,
  unsign,
  BOMB,
  claimBehind,
  dateAhead,
  editNewest,
} from './damageTools.ts';
import { DAMAGE_OF_ACTIONS } from './damageOfActions.ts';
import type { Damage } from './damageTools.ts';
import { TLOG, cosignatureIn, lineOf, plantCosignature } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

const STRANGER = { name: LEDGER, seed: 66 };

/** DAMAGE is what may be done to a mirror, and one finding that it must give. */
export const DAMAGE: readonly Damage[] = [
  { name: 'a flipped bit in a segment', damage: (it) => flip(it, segment(0, 2), 80), finds: 'segment-changed' },
  {
    name: 'a flipped bit in a batch',
    damage: (it) => flip(it, 'batches/000000000001.jsonl', 300),
    finds: 'foreign-object',
  },
  {
    name: 'a flipped bit in a checkpoint',
    damage: (it) => flip(it, 'checkpoints/000000000001', 120),
    finds: 'checkpoint-invalid',
  },
  {
    name: 'a flipped bit in a report',
    damage: (it) => flip(it, named(it, 'reports/', '.json')[0] as string, 200),
    finds: 'foreign-object',
  },
  {
    name: 'a flipped bit in a tile',
    damage: (it) => flip(it, widestTile(it), 3),
    finds: 'tile-mismatch',
  },
  { name: 'a segment missing in the middle', damage: (it) => it.delete(segment(1, 3)), finds: 'segment-missing' },
  {
    name: 'a cut tail of segments, with the log left',
    damage: (it) =>
      named(it, 'segments/1/')
        .slice(-2)
        .forEach((name) => it.delete(name)),
    finds: 'segment-missing',
  },
  {
    name: 'batches cut off, with later checkpoints left',
    damage: (it) =>
      named(it, 'batches/')
        .slice(-2)
        .forEach((name) => it.delete(name)),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'a log cut off whole, with its tiles left',
    damage: (it) =>
      [...named(it, 'batches/').slice(-2), ...named(it, 'checkpoints/').slice(-2)].forEach((name) => it.delete(name)),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'a batch missing in the middle',
    damage: (it) => it.delete('batches/000000000001.jsonl'),
    finds: 'checkpoint-inconsistent',
  },
  ...[
    ['far ahead', 4, 100],
    ['that there never was', 5, 4],
    ['in the middle that is gone', 4, 1],
  ].map(([what, number, previous]) => ({
    name: `a batch of a stolen session behind one ${what}, and a segment by a key that it brings`,
    damage: (it: Mirror): void => {
      if (previous === 1) it.delete('batches/000000000001.jsonl');
      claimBehind(it, number as number, previous as number, STRANGER);
      const specs = [...Array.from({ length: 6 }, () => ({})), { session: { keys: [STRANGER] } }];
      it.set(segment(0, 6), forgeChain(specs).get(segment(0, 6)) as Buffer);
    },
    finds: 'foreign-object',
  })),
  {
    name: 'heads among the other entries of a batch',
    damage: (it) => editNewest(it, (text) => `${text.split('\n').at(-2)}\n${text}`),
    finds: 'foreign-object',
  },
  {
    name: 'a checkpoint missing in the middle',
    damage: (it) => it.delete('checkpoints/000000000001'),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'swapped partitions',
    damage: (it) => named(it, 'segments/0/').forEach((name) => swap(it, name, name.replace('/0/', '/1/'))),
    finds: 'foreign-object',
  },
  {
    name: 'swapped checkpoints',
    damage: (it) => swap(it, 'checkpoints/000000000000', 'checkpoints/000000000001'),
    finds: 'checkpoint-inconsistent',
  },
  {
    name: 'swapped batches',
    damage: (it) => swap(it, 'batches/000000000000.jsonl', 'batches/000000000001.jsonl'),
    finds: 'foreign-object',
  },
  {
    name: 'a foreign object',
    damage: (it) => it.set('segments/0/notes.txt', Buffer.from('hello')),
    finds: 'foreign-object',
  },
  {
    name: 'hostile names',
    damage: (it) =>
      [
        '<img src=x onerror=alert(1)>.zst',
        'segments/0/\u202egnp.zst',
        '__proto__',
        'segments/00/000000000000.jsonl.zst',
        'tlog/tile/0/<b>',
      ].forEach((name) => it.set(name, Buffer.from('x'))),
    finds: 'foreign-object',
  },
  { name: 'a bomb behind the last segment', damage: (it) => it.set(segment(0, 6), BOMB), finds: 'foreign-object' },
  { name: 'a bomb in the place of a segment', damage: (it) => it.set(segment(0, 2), BOMB), finds: 'segment-changed' },
  { name: 'a tile missing', damage: (it) => it.delete(widestTile(it)), finds: 'tile-mismatch' },
  {
    name: 'junk under the name of the full tile, in the place of a partial one',
    damage: (it) => {
      const partial = widestTile(it);
      it.delete(partial);
      it.set(partial.replace(/\.p\/.*/, ''), Buffer.alloc(8192));
    },
    finds: 'tile-mismatch',
  },
  {
    name: 'a published checkpoint that is old',
    damage: (it) => it.set('tlog/checkpoint', it.get('checkpoints/000000000000') as Buffer),
    finds: 'checkpoint-stale',
  },
  {
    name: 'no log, and a key that is trusted',
    damage: (it) =>
      ['batches/', 'checkpoints/', 'cosignatures/', 'reports/', TLOG].forEach((folder) =>
        named(it, folder).forEach((name) => it.delete(name)),
      ),
    finds: 'not-integrated',
  },
  {
    name: 'no log but what stands beside it',
    damage: (it) =>
      ['batches/', 'checkpoints/'].forEach((folder) => named(it, folder).forEach((name) => it.delete(name))),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a changed page of a report',
    damage: (it) => flip(it, named(it, 'reports/', '.html')[0] as string, 900),
    finds: 'foreign-object',
  },
  { name: 'a page without report', damage: (it) => it.set(pageName(1), Buffer.from('<p>')), finds: 'foreign-object' },
  ...[1, 2, 3].map((number) => ({
    name: `junk as report ${number}, behind a hole or not`,
    damage: (it: Mirror) => it.set(reportName(number), Buffer.from('x')),
    finds: 'foreign-object',
  })),
  {
    name: 'a report that is gone, and its page left',
    damage: (it) => it.delete(named(it, 'reports/', '.json')[0] as string),
    finds: 'foreign-object',
  },
  {
    name: 'a segment gone that only a batch without a checkpoint has',
    damage: (it) => {
      unsign(it, 2);
      it.delete(segment(1, 5));
    },
    finds: 'segment-missing',
  },
  {
    name: 'a changed segment that only a batch without a checkpoint has',
    damage: (it) => {
      unsign(it, 2);
      flip(it, segment(1, 5), 80);
    },
    finds: 'segment-changed',
  },
  {
    name: 'a batch without a checkpoint that is dated ahead, and a segment behind it',
    damage: (it) => dateAhead(it, 1),
    finds: 'not-integrated',
  },
  {
    name: 'a cosignature that is none',
    damage: (it) => it.set(cosignatureIn(it, 2, 1), Buffer.from('x')),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature that is none, under its own name',
    damage: (it) => plantCosignature(it, 1, lineOf(it, 1, 1).keyId, Buffer.from('x')),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature by nobody known that is two lines',
    damage: (it) => {
      const line = formatCosignature(lineOf(it, 1, 2));
      plantCosignature(it, 1, lineOf(it, 1, 2).keyId, Buffer.concat([line, line]));
    },
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature under the key ID of another',
    damage: (it) => plantCosignature(it, 3, lineOf(it, 3, 9).keyId, formatCosignature(lineOf(it, 3, 2))),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature under another key name',
    damage: (it) => {
      const line = { ...lineOf(it, 2, 1), keyName: witnessKey(2).verifierKey.keyName };
      plantCosignature(it, 2, line.keyId, formatCosignature(line));
    },
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature of another checkpoint',
    damage: (it) => plantCosignature(it, 3, lineOf(it, 2, 1).keyId, formatCosignature(lineOf(it, 2, 1))),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature under the hash of another',
    damage: (it) => it.set(cosignatureIn(it, 2, 1), formatCosignature(lineOf(it, 2, 1, SECOND + 111))),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a second cosignature by a witness',
    damage: (it) => plantCosignature(it, 2, lineOf(it, 2, 1).keyId, formatCosignature(lineOf(it, 2, 1, SECOND + 111))),
    isHarmless: true,
  },
  {
    name: 'a cosignature of years before its checkpoint',
    damage: (it) => plantCosignature(it, 1, lineOf(it, 1, 1).keyId, formatCosignature(lineOf(it, 1, 1, -60_000_000))),
    finds: 'clock-ahead',
    isHarmless: true,
  },
  {
    name: 'a cosignature of days after its checkpoint',
    damage: (it) =>
      plantCosignature(it, 1, lineOf(it, 1, 1).keyId, formatCosignature(lineOf(it, 1, 1, SECOND + 172_800))),
    finds: 'clock-ahead',
    isHarmless: true,
  },
  {
    name: 'a cosignature of a checkpoint that is not there',
    damage: (it) => plantCosignature(it, 7, lineOf(it, 3, 2).keyId, formatCosignature(lineOf(it, 3, 2))),
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature that is none, of a checkpoint without a batch',
    damage: (it) => {
      it.set(checkpoint(4), it.get(checkpoint(3)) as Buffer);
      plantCosignature(it, 4, lineOf(it, 3, 2).keyId, Buffer.from('\u2014 x y\n'));
    },
    finds: 'cosignature-invalid',
  },
  {
    name: 'a cosignature under a name without a hash',
    damage: (it) => it.set(cosignatureIn(it, 3, 2).split('-')[0] as string, formatCosignature(lineOf(it, 3, 2))),
    finds: 'foreign-object',
  },
  {
    name: 'a published cosignature that is not stored',
    damage: (it) => it.delete(cosignatureIn(it, 3, 2)),
    finds: 'checkpoint-invalid',
  },
  { name: 'an empty segment', damage: (it) => it.set(segment(0, 0), Buffer.alloc(0)), finds: 'foreign-object' },
  ...DAMAGE_OF_ACTIONS,
];
