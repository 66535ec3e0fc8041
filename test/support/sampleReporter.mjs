/** Says, after a run that failed, which samples it took, and how to take the same again. */
export default class SampleReporter {
  #seed;
  #command;

  constructor(_config, { seed, command }) {
    this.#seed = seed;
    this.#command = command;
  }

  onRunComplete(_contexts, { numFailedTestSuites }) {
    if (numFailedTestSuites === 0) return;
    process.stderr.write(`\nSAMPLE_SEED=${this.#seed} ${this.#command} takes the same samples again.\n`);
  }
}
