import { setImmediate } from 'node:timers/promises';

/** Contender is one way to do some work, timed against others in the same run. */
export interface Contender<Name extends string = string> {
  readonly name: Name;
  /** run does its work of one round, and gives how much that was, in bytes of raw data or in objects; slow rivals may do less */
  readonly run: (round: number) => number | Promise<number>;
}

/** Spread is the middle of what several rounds gave, and how far they lay apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** spreadOf gives the median, least and greatest of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('there is nothing to take the median of');
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]] as [number, number];
  return { median: (low + high) / 2, min, max };
}

/** ratiosOf divides what each round gave by what the same round gave for another. */
export const ratiosOf = (values: readonly number[], others: readonly number[]): number[] =>
  values.map((value, round) => value / (others[round] as number));

/** exponentOf fits value = c * size^exponent: the slope of the line through the logarithms, by least squares. */
export function exponentOf(sizes: readonly number[], values: readonly number[]): number {
  const x = sizes.map(Math.log);
  const y = values.map(Math.log);
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const over = x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return over / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

/** Race is the rates of contenders that ran in turn, A B A B, round by round. */
export class Race<Name extends string> {
  readonly #rates: ReadonlyMap<Name, readonly number[]>;
  readonly #workRates: ReadonlyMap<Name, readonly number[]>;

  constructor(rates: ReadonlyMap<Name, readonly number[]>, workRates: ReadonlyMap<Name, readonly number[]>) {
    this.#rates = rates;
    this.#workRates = workRates;
  }

  /** rates gives a contender's bytes per second in each round. */
  rates(name: Name): readonly number[] {
    return this.#rates.get(name) ?? [];
  }

  /** rate gives a contender's MB (10^6 bytes) per second. */
  rate(name: Name): Spread {
    return spreadOf(this.rates(name).map((rate) => rate / 1e6));
  }

  /** ratio says how many times as fast one was as another: the median of the rounds' ratios, not of the rates. */
  ratio(name: Name, other: Name): Spread {
    return spreadOf(ratiosOf(this.rates(name), this.rates(other)));
  }

  /**
   * workRatio is the ratio by processor time, of all threads of this process, which others on the machine disturb less. It
   * says nothing about work of other processes.
   */
  workRatio(name: Name, other: Name): Spread {
    return spreadOf(ratiosOf(this.#workRates.get(name) ?? [], this.#workRates.get(other) ?? []));
  }

  /** workMs gives the milliseconds of processor time that a contender took for each object. */
  workMs(name: Name): Spread {
    return spreadOf(this.#workMsOf(name));
  }

  /** addedMs gives how many more of them it took than another: the median of the rounds' differences. */
  addedMs(name: Name, other: Name): Spread {
    const others = this.#workMsOf(other);
    return spreadOf(this.#workMsOf(name).map((ms, round) => ms - (others[round] as number)));
  }

  #workMsOf = (name: Name): number[] => (this.#workRates.get(name) ?? []).map((rate) => 1000 / rate);
}

/**
 * race runs each contender once unmeasured, so that code is compiled and files are in memory, then all of them in turn,
 * `rounds` times. What disturbs a shared machine for longer than a moment so meets all of them.
 */
export async function race<Name extends string>(
  contenders: readonly Contender<Name>[],
  rounds: number,
): Promise<Race<Name>> {
  const rates = new Map<Name, number[]>(contenders.map(({ name }) => [name, []]));
  const workRates = new Map<Name, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, run } of contenders) {
      await setImmediate(); // signals are heard
      // Not a full collection: that throws compiled code away, which no steady work would lose.
      globalThis.gc?.({ type: 'minor' });
      const before = process.cpuUsage();
      const started = performance.now();
      const bytes = await run(Math.max(round, 0));
      const seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      rates.get(name)?.push(bytes / seconds);
      workRates.get(name)?.push((bytes / (user + system)) * 1e6);
    }
  }
  return new Race(rates, workRates);
}
