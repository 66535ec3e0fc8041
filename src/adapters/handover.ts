/** Handover hands what a library calls back with to whoever iterates: one after the other, and nothing is read ahead. */
export class Handover<T> {
  #given: readonly T[] | undefined;
  #error: unknown;
  #hasFailed = false;
  #isOver = false;
  #taken: (() => void) | undefined;
  #wake: (() => void) | undefined;

  /** give resolves when the items were taken, or nobody will. */
  give(items: readonly T[]): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#given = items;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  /** fail makes take throw, after what was given before. */
  fail(error: unknown): void {
    if (!this.#hasFailed) this.#error = error;
    this.#hasFailed = true;
    this.#wake?.();
  }

  /** take waits for the next items. Who gave the ones before may go on now. */
  async take(): Promise<readonly T[]> {
    this.#taken?.();
    this.#taken = undefined;
    if (this.#given === undefined && !this.#hasFailed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const given = this.#given;
    this.#given = undefined;
    if (given !== undefined) return given;
    throw this.#error;
  }

  /** end lets go of who gives: nobody takes any more. */
  end(): void {
    this.#isOver = true;
    this.#taken?.();
  }
}
