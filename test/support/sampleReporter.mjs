/** Says, after a fast run that failed, which sample it took, and how to take the same again. */
export default class SampleReporter {
  #seed;

  constructor(_config, { seed }) {
    this.#seed = seed;
  }

  onRunComplete(_contexts, { numFailedTestSuites }) {
    if (numFailedTestSuites === 0) return;
    process.stderr.write(`\nSAMPLE_SEED=${this.#seed} npm run test:fast takes the same samples again.\n`);
  }
}
