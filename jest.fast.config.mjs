// `npm run test:fast`: all tests but the slow ones, and of those that only repeat (every bit of every object) a sample.
import { randomInt } from 'node:crypto';
import config from './jest.config.mjs';

const seed = Number(process.env.SAMPLE_SEED ?? randomInt(2 ** 32));
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('SAMPLE_SEED is not a whole number from 0 up');

export default {
  ...config,
  globals: { SAMPLE_SEED: seed },
  testPathIgnorePatterns: ['/node_modules/', '(?<!\\.sampled)\\.slow\\.test\\.ts$'],
  reporters: ['default', ['<rootDir>/test/support/sampleReporter.mjs', { seed }]],
};
