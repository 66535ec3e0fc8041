import { picked, triedOf } from './sample.ts';
import { checkMirror } from './smallMirror.ts';
import type { Objects } from './smallMirror.ts';
import type { Report } from '../../src/core/objects/report.ts';

/** Flips is how many changes there are and how many were tried, and those that the check didn't find or didn't name. */
export interface Flips {
  readonly possible: number;
  readonly tried: number;
  readonly missed: readonly string[];
}

/** SAMPLE is how many changes of each kind the fast run tries. */
const SAMPLE = 60;
/** Of so many neighbouring bits the usual run changes one: in every sixteenth byte, that is. */
const SHARE = 128;

/** allFound is what comes of so many changes: all were tried (in the usual run one of every sixteen bytes, in the fast run a sample), and none was missed. */
export const allFound = (possible: number): Flips => ({
  possible,
  tried: triedOf(possible, SAMPLE, Math.ceil(possible / SHARE)),
  missed: [],
});

/** isNamed tells whether a check found an error in one of these objects. */
const isNamed = ({ status, findings }: Report, objects: readonly string[]): boolean =>
  status === 'violated' && findings.some(({ severity, object }) => severity === 'error' && objects.includes(object));

/**
 * flipBits changes every bit of every byte of the objects whose name begins so, one at a time, and checks the whole mirror
 * each time. A change is found and named if the check says `violated` and one of its errors is about that very object.
 */
export async function flipBits(mirror: Objects, start: string, isKeyKnown: boolean): Promise<Flips> {
  const bits = [...mirror]
    .filter(([object]) => object.startsWith(start))
    .flatMap(([object, bytes]) => Array.from({ length: bytes.length * 8 }, (_, bit) => ({ object, bytes, bit })));
  return tryEach(bits, async ({ object, bytes, bit }) => {
    const report = await checkMirror(new Map(mirror).set(object, flipped(bytes, bit)), isKeyKnown);
    return isNamed(report, [object]) ? undefined : `bit ${bit} of ${object}: ${report.status}`;
  });
}

/** flipNames does the same with the names of all objects: the finding is about the old name or the new one. */
export async function flipNames(mirror: Objects): Promise<Flips> {
  const names = [...mirror].flatMap(([object, bytes]) => {
    // What isn't in tlog/ any more is no file of the log's tiles: there the folder keeps its name.
    const from = object.startsWith('tlog/') ? 5 : 0;
    const name = Buffer.from(object, 'latin1');
    const bits = Array.from({ length: (name.length - from) * 7 }, (_, i) => (from + Math.floor(i / 7)) * 8 + (i % 7));
    return bits.map((bit) => ({ object, bytes, other: flipped(name, bit).toString('latin1') }));
  });
  return tryEach(names, async ({ object, bytes, other }) => {
    const objects = new Map(mirror);
    objects.delete(object);
    const report = await checkMirror(objects.set(other, bytes), true);
    return isNamed(report, [object, other]) ? undefined : `${object} as ${JSON.stringify(other)}: ${report.status}`;
  });
}

async function tryEach<T>(changes: readonly T[], missedOf: (change: T) => Promise<string | undefined>): Promise<Flips> {
  const missed: string[] = [];
  let tried = 0;
  for (const change of picked(changes, SAMPLE, Math.ceil(changes.length / SHARE))) {
    tried += 1;
    const why = await missedOf(change);
    if (why !== undefined) missed.push(why);
  }
  return { possible: changes.length, tried, missed };
}

/** flipped gives a copy with one bit changed. */
export function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
  return changed;
}
