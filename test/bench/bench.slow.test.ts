import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--expose-gc', PROGRAM, ...args], {
    encoding: 'utf8',
  });
}

describe('the program', () => {
  test('prints one JSON object with --json', () => {
    const { status, stdout } = bench('--json', '--only', 'operations', '--megabytes', '25');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      machine: { node: process.version },
      megabytes: 25,
      subjects: [{ name: 'operations', notMeasured: [], figures: expect.arrayContaining([]) }],
    });
  });

  test('prints a table for people otherwise, with the machine and the outcome of each bar', () => {
    const { status, stdout } = bench('--only', 'operations', '--megabytes', '25');
    expect(status).toBe(0);
    expect(stdout).toContain(`Node ${process.version}`);
    expect(stdout).toMatch(/creations per segment +bar at most 1, measured 1: met/);
    expect(stdout).toMatch(/3 of 3 bars met\n$/);
  });

  test.each([
    ['--only', 'everything'],
    ['--rounds', '0'],
    ['--megabytes', '0'],
    ['--megabytes', 'x'],
    ['--fast'],
    ['seal'],
  ])('refuses %s %s with status 64 and says what is right', (...args) => {
    const { status, stdout, stderr } = bench(...args);
    expect(status).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain('--only NAME');
  });
});
