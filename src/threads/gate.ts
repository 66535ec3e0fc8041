/** Gate lets one action run at a time. Others wait their turn, so many and so long as it is told. */
export class Gate {
  readonly #mostWaiting: number;
  readonly #waitMs: number;
  readonly #waiting = new Set<() => void>();
  #isTaken = false;

  constructor(mostWaiting: number, waitMs: number) {
    this.#mostWaiting = mostWaiting;
    this.#waitMs = waitMs;
  }

  /** run gives what the action gives, or undefined if its turn didn't come. */
  async run<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.#isTaken && !(await this.#turn())) return undefined;
    this.#isTaken = true;
    try {
      return await action();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }

  #turn(): Promise<boolean> {
    if (this.#waiting.size >= this.#mostWaiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (isTurn: boolean): void => {
        this.#waiting.delete(enter);
        clearTimeout(timer);
        resolve(isTurn);
      };
      const enter = (): void => settle(true);
      const timer = setTimeout(() => settle(false), this.#waitMs);
      this.#waiting.add(enter);
    });
  }
}
