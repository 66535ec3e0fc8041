import type { UnitFiles } from './indexUnits.ts';
import { readTile } from './tiles.ts';
import { AuditsealError, named } from '../core/errors.ts';
import { RULES_VERSION } from '../core/fields/rules.ts';
import { sha256 } from '../core/hash.ts';
import { formatManifest, parseManifest } from '../core/index/manifest.ts';
import type { IndexManifest } from '../core/index/manifest.ts';
import type { IndexStatement } from '../core/objects/heads.ts';
import { manifestName, unitName } from '../core/objects/names.ts';
import type { TileStore } from '../ports/store.ts';

type Tiles = Pick<TileStore, 'read'>;

const missing = (name: string): AuditsealError =>
  new AuditsealError('INDEX_MALFORMED', `${name} is missing: rebuild the tiles`);

/** otherRules says in words that an index is made by rules that this release doesn't know; undefined if it knows them. */
export const otherRules = ({ rules }: IndexStatement): string | undefined =>
  rules === RULES_VERSION
    ? undefined
    : `the index is made by rules ${rules}, and this release knows rules ${RULES_VERSION}`;

/** openManifest reads the manifest that the log states, and throws INDEX_MALFORMED for another one. */
export function openManifest(bytes: Buffer, { manifest: hash, entries, rules }: IndexStatement): IndexManifest {
  if (sha256(bytes) !== hash) throw new AuditsealError('INDEX_MALFORMED', 'it is not what the log says');
  const manifest = parseManifest(bytes);
  if (manifest.entries !== entries || manifest.rules !== rules)
    throw new AuditsealError('INDEX_MALFORMED', 'it is not for the entries or the rules that the log says');
  return manifest;
}

/** readManifest gives the manifest that the log states, and throws INDEX_MALFORMED if it is missing or another one. */
export async function readManifest(tiles: Tiles, statement: IndexStatement): Promise<IndexManifest> {
  const name = manifestName(statement.manifest);
  const bytes = await readTile(tiles, name);
  if (bytes === undefined) throw missing(name);
  return named(name, () => openManifest(bytes, statement));
}

/** manifestFile gives the bytes of a manifest, and what the log is to say of it. */
export function manifestFile(manifest: IndexManifest): { readonly bytes: Buffer; readonly statement: IndexStatement } {
  const bytes = formatManifest(manifest);
  const { entries, rules } = manifest;
  return { bytes, statement: { entries, rules, manifest: sha256(bytes) } };
}

/** writeManifest writes a manifest, and gives what the log is to say of it. */
export async function writeManifest(tiles: Pick<TileStore, 'write'>, manifest: IndexManifest): Promise<IndexStatement> {
  const { bytes, statement } = manifestFile(manifest);
  await tiles.write(manifestName(statement.manifest), bytes);
  return statement;
}

/** indexNames gives the names of an index's files: its manifest, and its units; those without segments have none. */
export const indexNames = (manifest: IndexManifest): readonly string[] => [
  manifestName(sha256(formatManifest(manifest))),
  ...manifest.units.filter(({ segments }) => segments > 0).map(({ tree }) => unitName(tree.rootHash)),
];

/** unitFiles keeps the files of units among the tiles. */
export const unitFiles = (tiles: Pick<TileStore, 'read' | 'write'>): UnitFiles => ({
  read: async ({ tree }) => {
    const name = unitName(tree.rootHash);
    const bytes = await readTile(tiles, name);
    if (bytes === undefined) throw missing(name);
    return bytes;
  },
  write: ({ tree }, bytes) => tiles.write(unitName(tree.rootHash), bytes),
});

/** unitsInMemory keeps the files of units in memory. */
export function unitsInMemory(): UnitFiles {
  const files = new Map<string, Buffer>();
  return {
    read: ({ tree }) => Promise.resolve(files.get(tree.rootHash) as Buffer),
    write: (unit, bytes) => Promise.resolve(void files.set(unit.tree.rootHash, bytes)),
  };
}
