import { AuditsealError } from '../../src/core/errors.ts';
import type { Fault, FaultKind } from './plan.ts';
import type { Op, OpFault } from './scheduler.ts';

const away = {
  store: new AuditsealError('STORE_UNAVAILABLE', 'simulated'),
  hub: new AuditsealError('HUB_UNAVAILABLE', 'simulated'),
  key: new AuditsealError('SIGNER_UNAVAILABLE', 'simulated'),
};
const SLOW_MS = 280_000;

/** What a fault of each kind makes of an operation; those that aren't here happen to the world. */
const AT_OPERATION: Partial<Record<FaultKind, readonly [what: RegExp, does: (dice: number) => OpFault]>> = {
  'host killed before an operation': [/./, () => 'kill-before'],
  'host killed during an operation': [/^(store|tiles|hub|key|trigger\.move)/, () => 'kill-during'],
  'host killed after an operation': [/^(store|tiles|hub|key|trigger\.move)/, () => 'kill-after'],
  'store answer lost': [/^store\./, () => ({ lose: away.store })],
  'store says its own write exists': [/^store\.create$/, () => ({ answer: 'exists' })],
  'store fails': [/^store\./, () => ({ fail: away.store })],
  'store slow': [/^store\./, (dice) => ({ delayMs: dice % SLOW_MS })],
  'tiles fail': [/^tiles\./, (dice) => (dice % 2 === 0 ? { fail: away.store } : { lose: away.store })],
  'key fails': [/^key\./, () => ({ fail: away.key })],
  'hub fails': [/^hub\./, () => ({ fail: away.hub })],
  'hub slow': [/^hub\./, (dice) => ({ delayMs: dice % SLOW_MS })],
  'reading ends early': [/^hub\.read$/, () => ({ answer: [] })],
};

/** What fails for as long as it lasts. */
const WHILE: Partial<Record<FaultKind, readonly [what: RegExp, fault: OpFault]>> = {
  'store away': [/^store\./, { fail: away.store }],
  'hub away': [/^hub\./, { fail: away.hub }],
};
const LONGEST_MS = 900_000;

/** ArmedFaults is the faults whose time has come and whose operation hasn't. */
export class ArmedFaults {
  #armed: { readonly fault: Fault; left: number }[] = [];
  #lasting: { readonly what: RegExp; readonly fault: OpFault; readonly until: number }[] = [];
  readonly #took: (fault: Fault) => void;

  constructor(took: (fault: Fault) => void) {
    this.#took = took;
  }

  /** arm takes a fault that happens at an operation; false for the others. */
  arm(fault: Fault, now: number): boolean {
    const lasting = WHILE[fault.kind];
    if (lasting !== undefined) {
      const [what, does] = lasting;
      this.#lasting.push({ what, fault: does, until: now + (fault.dice % LONGEST_MS) });
      this.#took(fault);
      return true;
    }
    if (AT_OPERATION[fault.kind] === undefined) return false;
    this.#armed.push({ fault, left: fault.skip });
    return true;
  }

  /** at says what happens to an operation. */
  at({ process, what }: Op, now: number): OpFault | undefined {
    if (process.host < 0) return undefined;
    const lasting = this.#lasting.find((it) => now < it.until && it.what.test(what));
    if (lasting !== undefined) return lasting.fault;
    for (const armed of this.#armed) {
      const { fault } = armed;
      const [pattern, does] = AT_OPERATION[fault.kind] as [RegExp, (dice: number) => OpFault];
      // Which host it is counts only for what happens to a host.
      const isHere = !fault.kind.startsWith('host') || process.host === fault.host;
      if (!isHere || !pattern.test(what)) continue;
      if (armed.left-- > 0) continue;
      this.#armed = this.#armed.filter((it) => it !== armed);
      this.#took(fault);
      return does(fault.dice);
    }
    return undefined;
  }

  clear(): void {
    this.#armed = [];
    this.#lasting = [];
  }
}
