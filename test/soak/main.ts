/** `npm run soak -- --minutes 60 --seed 1`: see README.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';
import { writePackage } from '../../tools/appPackage.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('soak: expected --minutes NUMBER above 0 and --seed WHOLE NUMBER\n');
  process.exit(64);
}
const appDir = await mkdtemp(join(tmpdir(), 'auditseal-soak-'));
try {
  await writePackage(appDir);
  const say = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  const { counts, faults, codes } = await soak({ appDir, seed, stuckMinutes: 1, milliseconds: minutes * 60_000, say });
  for (const [what, count] of Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    process.stdout.write(`${String(count).padStart(8)}  ${what}\n`);
  process.stdout.write(`findings of the app's own check: ${codes.join(', ') || 'none'}\n`);
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`);
  process.stdout.write(faults.length === 0 ? 'nothing lost, doubled or reordered\n' : `${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await rm(appDir, { recursive: true, force: true });
}
