/** `npm run check`: format, lint with types, dead code, tests. Each runs even if one before it failed. */
import { spawnSync } from 'node:child_process';

const MODULES = 'node_modules';
const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['format', [`${MODULES}/prettier/bin/prettier.cjs`, '--check', '--log-level', 'warn', '.']],
  ['lint and types', [`${MODULES}/oxlint/bin/oxlint`, '--type-aware', '--type-check']],
  ['dead code', [`${MODULES}/knip/bin/knip.js`]],
  ['tests', ['--experimental-vm-modules', `${MODULES}/jest/bin/jest.js`]],
];

let failed = 0;
for (const [name, args] of CHECKS) {
  process.stdout.write(`== ${name}\n`);
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
  });
  if (status === 0) continue;
  failed++;
  process.stdout.write(`== ${name}: FAILED\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
