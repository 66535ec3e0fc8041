/** `npm run soak -- --minutes 60 --seed 1`: see README.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TICK_MS, soak } from './soak.ts';
import { writePackage } from '../../tools/appPackage.ts';

const USAGE = 'npm run soak -- --minutes NUMBER --seed WHOLE_NUMBER\n';

/** given reads the arguments; undefined if they are wrong. */
function given(args: string[]): { readonly minutes: number; readonly seed: number } | undefined {
  const option = (fallback: string): { type: 'string'; default: string } => ({ type: 'string', default: fallback });
  try {
    const { values } = parseArgs({ args, options: { minutes: option('10'), seed: option('1') } });
    const { minutes, seed } = values;
    const isRight = /^\d{1,6}(\.\d{1,6})?$/.test(minutes) && Number(minutes) > 0 && /^\d{1,15}$/.test(seed);
    return isRight ? { minutes: Number(minutes), seed: Number(seed) } : undefined;
  } catch {
    return undefined;
  }
}

const options = given(process.argv.slice(2));
if (options === undefined) {
  process.stderr.write(USAGE);
  process.exit(64);
}
const { minutes, seed } = options;
const appDir = await mkdtemp(join(tmpdir(), 'auditseal-soak-'));
try {
  await writePackage(appDir);
  const say = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  const { counts, faults, codes } = await soak({
    appDir,
    seed,
    stuckMinutes: 1,
    ticks: Math.ceil((minutes * 60_000) / TICK_MS),
    say,
  });
  for (const [what, count] of Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    process.stdout.write(`${String(count).padStart(8)}  ${what}\n`);
  process.stdout.write(`findings of the app's own check: ${codes.join(', ') || 'none'}\n`);
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`);
  process.stdout.write(faults.length === 0 ? 'nothing lost, doubled or reordered\n' : `${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await rm(appDir, { recursive: true, force: true });
}
