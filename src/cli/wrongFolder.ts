import { opendir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { unusable } from './usage.ts';
import { isFolderName } from '../core/objects/litter.ts';
import { TLOG, isKnownName } from '../core/objects/names.ts';

/** Folders at the top of a mirror that hold objects under names of the format, and those whose presence is enough. */
const OBJECT_FOLDERS = ['segments', 'batches', 'checkpoints', 'cosignatures', 'reports', 'actions', 'drill'];
const OTHER_FOLDERS = ['foreign', 'tlog'];

/** How far below a folder mirrors are looked for, in how many folders at most, and how many are named. */
const MAX_DEPTH = 3;
const MAX_FOLDERS = 1000;
const MAX_NAMED = 5;
/** The deepest folder of a mirror is drill/<year>/<month>/<day>, or far below tlog/tile. */
const MAX_ABOVE = 8;

/**
 * refuseWrongFolder throws TARGET_INVALID for a folder that has nothing of a ledger and is one above mirrors, or one within a mirror, and
 * names the right one. What a mirror lacks is for a check to say, so a folder that has anything of a ledger passes; so does an empty one.
 */
export async function refuseWrongFolder(folder: string, target: string): Promise<void> {
  if (await holdsLedger(folder)) return;
  const around = await mirrorAround(folder);
  if (around !== undefined) {
    const part = relative(around, folder).replaceAll('\\', '/');
    throw unusable(`wrong folder: ${target} is the folder ${part} of the mirror ${around}; name that one`);
  }
  const below = await mirrorsBelow(folder);
  const [one] = below;
  if (one === undefined) return;
  const named = below.slice(0, MAX_NAMED).map((path) => join(target, relative(folder, path)));
  const more = below.length > named.length ? ` and ${below.length - named.length} more` : '';
  throw unusable(
    below.length === 1
      ? `wrong folder: ${target} is no mirror, but ${named[0]} in it is one; name that one`
      : `wrong folder: ${target} is no mirror, but holds ${below.length}: ${named.join(', ')}${more}; name one of them`,
  );
}

/** holdsLedger tells whether a folder has anything of a ledger at the place where a mirror has it. */
async function holdsLedger(folder: string): Promise<boolean> {
  for (const name of OTHER_FOLDERS) for await (const _ of entriesOf(join(folder, name))) return true;
  for (const name of OBJECT_FOLDERS) if (await hasObject(folder, `${name}/`)) return true;
  return false;
}

/** hasObject tells whether something below a folder of a mirror has a name of the format. */
async function hasObject(folder: string, below: string): Promise<boolean> {
  for await (const { name, isFolder } of entriesOf(join(folder, below))) {
    const path = `${below}${name}`;
    if (isFolder ? isFolderName(path) && (await hasObject(folder, `${path}/`)) : isKnownName(path)) return true;
  }
  return false;
}

/** mirrorAround gives the mirror that a folder is a part of. */
async function mirrorAround(folder: string): Promise<string | undefined> {
  let above = folder;
  for (let steps = 0; steps < MAX_ABOVE && dirname(above) !== above; steps++) {
    above = dirname(above);
    const part = relative(above, folder).replaceAll('\\', '/');
    const isPart = isFolderName(part) || part === 'foreign' || `${part}/`.startsWith(TLOG);
    if (isPart && (await holdsLedger(above))) return above;
  }
  return undefined;
}

async function mirrorsBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  let folders = [folder];
  let looked = 0;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next: string[] = [];
    for (const above of folders) {
      for await (const { name, isFolder } of entriesOf(above)) {
        if (!isFolder || looked === MAX_FOLDERS) continue;
        looked += 1;
        const path = join(above, name);
        if (await holdsLedger(path)) found.push(path);
        else next.push(path);
      }
    }
    folders = next;
  }
  return found.sort();
}

/** entriesOf yields what stands in a folder, and nothing where it can't be looked into. */
async function* entriesOf(folder: string): AsyncGenerator<{ readonly name: string; readonly isFolder: boolean }, void> {
  try {
    for await (const entry of await opendir(folder)) yield { name: entry.name, isFolder: entry.isDirectory() };
  } catch {
    // It is no folder, or one of somebody else's.
  }
}
