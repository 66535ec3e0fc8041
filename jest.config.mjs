import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';

// Tests start the project's programs some hundred times: compiled once, each starts in a fraction of the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('.cache/compile', import.meta.url));

// What only repeats at length (every bit of every object) is tried in part, another one each time; with TRY_ALL=1 all of it is.
const seed = Number(process.env.SAMPLE_SEED ?? randomInt(2 ** 32));
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('SAMPLE_SEED is not a whole number from 0 up');

export default {
  globals: { SAMPLES: { scale: process.env.TRY_ALL === '1' ? 'whole' : 'usual', seed } },
  reporters: ['default', ['<rootDir>/test/support/sampleReporter.mjs', { seed, command: 'npm test' }]],
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/transform.cjs' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/package/',
    '<rootDir>/tools/node/',
    '<rootDir>/tools/node18/',
    '<rootDir>/tools/node22/',
    '<rootDir>/tools/wasm/',
  ],
  globalSetup: '<rootDir>/test/support/build.mjs',
  // Much of what tests do is to wait for processes of their own.
  maxWorkers: 3,
  testTimeout: 180_000,
};
