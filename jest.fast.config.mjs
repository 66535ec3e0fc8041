// `npm run test:fast`: all tests but the slow ones, and of those that only repeat (every bit of every object) a small sample.
import config from './jest.config.mjs';

const { seed } = config.globals.SAMPLES;

export default {
  ...config,
  globals: { SAMPLES: { scale: 'fast', seed } },
  testPathIgnorePatterns: ['/node_modules/', '(?<!\\.sampled)\\.slow\\.test\\.ts$'],
  reporters: ['default', ['<rootDir>/test/support/sampleReporter.mjs', { seed, command: 'npm run test:fast' }]],
};
