import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEPT } from './auditor.ts';
import type { Finding, Report } from './auditor.ts';

/** Tampering is one thing that somebody with the disk in hand does to a mirror. */
export interface Tampering {
  /** what was done */
  readonly deed: string;
  /** the finding that has to come of it: its code, and its object */
  readonly code: RegExp;
  readonly object: string;
}

/** isOf tells whether a finding is what has to come of a tampering. */
export const isOf = ({ code, object }: Tampering, finding: Finding): boolean =>
  code.test(finding.code) && finding.object === object;

/** isFound tells whether a report says what was done. */
export const isFound = (tampering: Tampering, { status, findings }: Report): boolean =>
  status === 'violated' && findings.some((finding) => isOf(tampering, finding));

const TAMPERINGS: readonly ((mirror: string) => Promise<Tampering>)[] = [changeSegment, rollBack, changeTile];

/** tamper copies a mirror once for each tampering, and gives each copy, tampered with, to `look`. */
export async function tamper(
  mirror: string,
  work: string,
  look: (copy: string, tampering: Tampering) => Promise<void>,
): Promise<void> {
  const copy = join(work, 'tampered');
  for (const make of TAMPERINGS) {
    await cp(mirror, copy, { recursive: true });
    await look(copy, await make(copy));
    await rm(copy, { recursive: true });
  }
}

/** changeSegment changes one bit in the middle of one segment. */
async function changeSegment(mirror: string): Promise<Tampering> {
  const names = await namesIn(mirror, 'segments');
  const object = names[Math.floor(names.length / 2)] as string;
  await flipBit(join(mirror, object));
  return { deed: `one bit of ${object} changed`, code: /^(segment-malformed|chain-broken)$/, object };
}

/**
 * rollBack makes the ledger what it was before its newest checkpoint, which leaves it whole and right in itself: without
 * that checkpoint, its batch, all that the batch names, and the tiles.
 */
async function rollBack(mirror: string): Promise<Tampering> {
  const [batch, checkpoint] = [
    (await namesIn(mirror, 'batches')).at(-1),
    (await namesIn(mirror, 'checkpoints')).at(-1),
  ];
  const gone = [batch as string, checkpoint as string, 'tlog'];
  for (const line of (await readFile(join(mirror, batch as string), 'utf8')).trim().split('\n')) {
    const { type, name } = JSON.parse(line) as { type: string; name?: string };
    if (name !== undefined) gone.push(name);
    if (type === 'report' && name !== undefined) gone.push(name.replace(/json$/, 'html'));
  }
  for (const name of gone) await rm(join(mirror, name), { recursive: true, force: true });
  return { deed: `rolled back to before ${checkpoint}`, code: /^checkpoint-inconsistent$/, object: KEPT };
}

/** changeTile changes one bit in the newest tile of the log: of a data folder that is used again, older ones are there too. */
async function changeTile(mirror: string): Promise<Tampering> {
  const tiles = await namesIn(mirror, join('tlog', 'tile', '0'));
  const object = tiles.toSorted((a, b) => placeOf(a) - placeOf(b)).at(-1) as string;
  await flipBit(join(mirror, object));
  return { deed: `one bit of ${object} changed`, code: /^tile-mismatch$/, object };
}

/** placeOf gives the number of entries up to the end of a tile of level 0: index and width are in its name, C2SP tlog-tiles. */
function placeOf(tile: string): number {
  const [, path = '', width = '256'] = /^tlog\/tile\/0\/(.+?)(?:\.p\/(\d+))?$/.exec(tile) ?? [];
  return Number(path.replaceAll(/[x/]/g, '')) * 256 + Number(width);
}

/** namesIn gives the names of the objects in a folder of a mirror, in order. */
async function namesIn(mirror: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(mirror, folder), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return paths.map((path) => path.slice(mirror.length + 1).replaceAll('\\', '/')).sort();
}

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
}
