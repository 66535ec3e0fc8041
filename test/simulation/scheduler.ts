import { Random } from '../support/random.ts';

/** Violation is thrown where something happened that must not, whatever fails. */
export class Violation extends Error {}

/** Process is one life of one host: what it has in memory ends with it, and its clock is its own. */
export interface Process {
  readonly host: number;
  /** by so much its clock is off, in milliseconds */
  skewMs: number;
  isDead: boolean;
  /** until then none of its operations goes on */
  frozenUntil: number;
}

/** What becomes of one operation instead of what it asks for. */
export type OpFault =
  | 'kill-before'
  | 'kill-during'
  | 'kill-after'
  /** its effect takes place, and whoever waits is told something else: a fault, or another answer */
  | { readonly lose: unknown }
  | { readonly answer: unknown }
  | { readonly fail: unknown }
  | { readonly delayMs: number };

/** Op is one request, pause or delivery that a process waits for. */
export interface Op {
  readonly process: Process;
  readonly what: string;
  notBefore: number;
  readonly isReady: () => boolean;
  readonly act: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const always = (): boolean => true;

/** One turn of the real event loop: all that an operation's end sets off has then come to its next await. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How likely the process that went on last goes on again, of 8; schedules differ in it. */
const STICKINESS = [0, 0, 4, 7] as const;

/**
 * Scheduler holds every operation that a simulated part waits for, and decides by its seed which goes on next. There is no other
 * time than its own.
 */
export class Scheduler {
  /** milliseconds since the Unix epoch */
  time: number;
  steps = 0;
  /** decides what happens to an operation that is about to go on */
  faultOf: (op: Op) => OpFault | undefined = () => undefined;
  onKill: (process: Process) => void = () => {};
  readonly #random: Random;
  readonly #stickiness: number;
  #ops: Op[] = [];
  #last: Process | undefined;

  constructor(seed: number, time: number) {
    this.#random = new Random(seed);
    this.#stickiness = this.#random.pick(STICKINESS);
    this.time = time;
  }

  /** do waits until an operation's turn has come, and for what comes of it. A dead process waits for ever. */
  do<T>(process: Process, what: string, act: () => T | Promise<T>, notBefore = this.time): Promise<T> {
    return this.#wait({ process, what, act, notBefore, isReady: always });
  }

  /** sleep lets simulated time pass. */
  sleep(process: Process, what: string, ms: number): Promise<void> {
    return this.do(process, what, () => {}, this.time + ms);
  }

  /** until waits for a state of the simulated world. */
  until(process: Process, what: string, isReady: () => boolean): Promise<void> {
    return this.#wait({ process, what, act: () => {}, notBefore: this.time, isReady });
  }

  #wait<T>(op: Omit<Op, 'resolve' | 'reject'>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!op.process.isDead) this.#ops.push({ ...op, resolve: resolve as Op['resolve'], reject });
    });
  }

  /** kill ends a process: nothing of it goes on. */
  kill(process: Process): void {
    process.isDead = true;
    this.#ops = this.#ops.filter((op) => op.process !== process);
    this.onKill(process);
  }

  /** step lets one operation go on, up to `until`; false if there is none before. */
  async step(until: number): Promise<boolean> {
    const op = this.#next(until);
    if (op === undefined) {
      this.time = Math.max(this.time, until);
      return false;
    }
    this.steps++;
    this.time = Math.max(this.time, op.notBefore) + this.#random.below(60);
    this.#last = op.process;
    const fault = this.faultOf(op);
    if (typeof fault === 'object' && 'delayMs' in fault) {
      op.notBefore = this.time + fault.delayMs;
      return true;
    }
    this.#ops.splice(this.#ops.indexOf(op), 1);
    await this.#perform(op, fault);
    await settle();
    if (fault === 'kill-after') this.kill(op.process);
    return true;
  }

  async #perform(op: Op, fault: Exclude<OpFault, { delayMs: number }> | undefined): Promise<void> {
    if (fault === 'kill-before') {
      this.kill(op.process);
      return;
    }
    if (typeof fault === 'object' && 'fail' in fault) {
      op.reject(fault.fail);
      return;
    }
    try {
      const value = await op.act();
      if (fault === 'kill-during') this.kill(op.process);
      else if (typeof fault === 'object' && 'answer' in fault) op.resolve(fault.answer);
      else if (typeof fault === 'object') op.reject(fault.lose);
      else op.resolve(value);
    } catch (error) {
      op.reject(error);
    }
  }

  /** next picks one of the operations that can go on now, else the first of those that can later. */
  #next(until: number): Op | undefined {
    const startOf = ({ notBefore, process }: Op): number => Math.max(notBefore, process.frozenUntil);
    const ready = this.#ops.filter(({ isReady }) => isReady());
    const now = ready.filter((op) => startOf(op) <= this.time);
    if (now.length > 0) {
      const same = now.filter(({ process }) => process === this.#last);
      const from = same.length > 0 && this.#random.below(8) < this.#stickiness ? same : now;
      return from[this.#random.below(from.length)];
    }
    const [first] = ready.toSorted((a, b) => startOf(a) - startOf(b));
    if (first === undefined || startOf(first) > until) return undefined;
    this.time = Math.max(this.time, startOf(first));
    return first;
  }
}
