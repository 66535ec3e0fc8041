export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/transform.cjs' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/package/',
    '<rootDir>/tools/node/',
    '<rootDir>/tools/node22/',
  ],
  globalSetup: '<rootDir>/test/support/build.mjs',
  maxWorkers: 2,
  testTimeout: 60_000,
};
