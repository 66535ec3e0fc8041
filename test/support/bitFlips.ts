import { checkMirror } from './smallMirror.ts';
import type { Objects } from './smallMirror.ts';
import type { Report } from '../../src/core/objects/report.ts';

/** Flips is how many changes were tried, and those that the check didn't find or didn't name. */
export interface Flips {
  readonly tried: number;
  readonly missed: readonly string[];
}

/** isNamed tells whether a check found an error in one of these objects. */
const isNamed = ({ status, findings }: Report, objects: readonly string[]): boolean =>
  status === 'violated' && findings.some(({ severity, object }) => severity === 'error' && objects.includes(object));

/**
 * flipBits changes every bit of every byte of the objects whose name begins so, one at a time, and checks the whole mirror
 * each time. A change is found and named if the check says `violated` and one of its errors is about that very object.
 */
export async function flipBits(mirror: Objects, start: string, isKeyKnown: boolean): Promise<Flips> {
  const missed: string[] = [];
  let tried = 0;
  for (const [object, good] of mirror) {
    if (!object.startsWith(start)) continue;
    const bad = Buffer.from(good);
    const objects = new Map(mirror).set(object, bad);
    for (const [at, byte] of good.entries()) {
      for (let bit = 0; bit < 8; bit++) {
        bad[at] = byte ^ (1 << bit);
        tried += 1;
        const report = await checkMirror(objects, isKeyKnown);
        if (!isNamed(report, [object])) missed.push(`bit ${bit} of byte ${at} of ${object}: ${report.status}`);
      }
      bad[at] = byte;
    }
  }
  return { tried, missed };
}

/** flipNames does the same with the names of all objects: the finding is about the old name or the new one. */
export async function flipNames(mirror: Objects): Promise<Flips> {
  const missed: string[] = [];
  let tried = 0;
  for (const [object, bytes] of mirror) {
    const name = Buffer.from(object, 'latin1');
    // What isn't in tlog/ any more is no file of the log's tiles: there the folder keeps its name.
    for (let at = object.startsWith('tlog/') ? 5 : 0; at < name.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const changed = Buffer.from(name);
        changed[at] = (name[at] as number) ^ (1 << bit);
        const other = changed.toString('latin1');
        const objects = new Map(mirror);
        objects.delete(object);
        tried += 1;
        const report = await checkMirror(objects.set(other, bytes), true);
        if (!isNamed(report, [object, other])) missed.push(`${object} as ${JSON.stringify(other)}: ${report.status}`);
      }
    }
  }
  return { tried, missed };
}
