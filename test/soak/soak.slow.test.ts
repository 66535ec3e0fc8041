import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { soak } from './soak.ts';
import { writePackage } from '../../tools/appPackage.ts';
import { runNode } from '../support/program.ts';

const KNOWN = ['hub-recreated', 'sequence-gap'];

test('hosts are killed, requests fail, the hub moves and is created again, events can’t be handed over: nothing is lost', async () => {
  const appDir = await mkdtemp(join(tmpdir(), 'auditseal-app-'));
  try {
    await writePackage(appDir);
    const { counts, faults, codes } = await soak({
      appDir,
      seed: 7,
      stuckMinutes: 0,
      ticks: 150,
      say: () => {},
    });
    expect(faults).toEqual([]);
    expect(codes.filter((code) => !KNOWN.includes(code))).toEqual([]);
    expect(counts['hosts killed']).toBeGreaterThan(0);
    expect(counts['events']).toBeGreaterThan(500);
  } finally {
    await rm(appDir, { recursive: true, force: true });
  }
}, 600_000);

test.each([[['--help']], [['--minutes']], [['--minutes', '0']], [['--minutes=']], [['--seed', '1.5']], [['60']]])(
  '%j is refused',
  async (args) => {
    const { code, stdout, stderr } = await runNode(['test/soak/main.ts', ...args]);
    expect([code, stdout, stderr]).toEqual([64, '', 'npm run soak -- --minutes NUMBER --seed WHOLE_NUMBER\n']);
  },
);
