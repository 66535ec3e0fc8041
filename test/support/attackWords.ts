import type { Report } from '../../src/core/objects/report.ts';
import { REPORT, read } from './attackScene.ts';
import type { Scene } from './attackScene.ts';
import { nameOf } from './forge.ts';
import { batch, checkpoint } from './loggedLedger.ts';

// The words in which attacks.ts says what is done to a ledger, and what is found.

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

/** remove takes objects away. */
export const remove = ({ objects }: Scene, ...names: readonly string[]): void => {
  for (const name of names) if (!objects.delete(name)) throw new Error(`there is no ${name}`);
};
/** segmentsOf names the segments of a partition, from one index to another. */
export const segmentsOf = (first: number, last: number, partition = '0'): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => nameOf(first + i, partition));

/** everywhere: the same is found by whoever looks. */
export const everywhere = (...finds: readonly string[]): Attack['finds'] => [finds, finds, finds];
/** withAnchor: who has also kept a checkpoint is told more. */
export const withAnchor = ([alone, key]: readonly [string[], string[]], more: string): Attack['finds'] => [
  alone,
  key,
  [...key, more],
];
/** changed finds that segments have other bytes than their entries say. */
export const changed = (names: readonly string[]): string[] => names.map((name) => `segment-changed ${name}`);
/** invalid finds that checkpoints are none of this log. */
export const invalid = (...names: readonly string[]): string[] => names.map((name) => `checkpoint-invalid ${name}`);
/** broken finds that a chain doesn't fit at an index. */
export const broken = (index: number, partition = '0'): string => `chain-broken ${nameOf(index, partition)}`;

/** foreign finds what counts for nothing. */
export const foreign = (...names: readonly string[]): string[] => names.map((name) => `foreign-object ${name}`);
/** edit changes an object as text. */
export function edit(scene: Scene, name: string, change: (text: string) => string): void {
  const text = read(scene.objects, name).toString('latin1');
  if (change(text) === text) throw new Error(`nothing in ${name} was changed`);
  scene.objects.set(name, Buffer.from(change(text), 'latin1'));
}

/** newestTiles names the partial tiles of the newest checkpoint. */
export const newestTiles = ({ objects }: Scene): string[] => {
  const size = /^\d+$/m.exec(read(objects, checkpoint(2)).toString())?.[0];
  return [...objects.keys()].filter((name) => name.endsWith(`.p/${size}`));
};

/** reportIn gives the report of a scene, as one that knows of no chain and no log. */
export function reportIn(objects: Scene['objects']): Report {
  const { report } = JSON.parse(read(objects, REPORT).toString()) as { report: Report };
  const { log: _log, page: _page, ...others } = report;
  return { ...others, partitions: [] };
}

/** cutLog takes away the newest batch with all that came of it, and publishes the checkpoint before. */
export function cutLog(scene: Scene): void {
  const { objects } = scene;
  remove(scene, batch(2), checkpoint(2), ...newestTiles(scene));
  objects.set('tlog/checkpoint', read(objects, checkpoint(1)));
}
