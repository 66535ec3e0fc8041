import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand } from './command.ts';
import type { Command } from './command.ts';
import { checkEstate } from './estate.ts';
import type { CheckedLedger, LedgerOutcome } from './estate.ts';
import { EXIT } from './exits.ts';
import { faultLines } from './fault.ts';
import type { HelpText } from './help.ts';
import { readLedgerList } from './ledgerList.ts';
import type { ListedLedger } from './ledgerList.ts';
import type { LedgerOptionTable } from './ledgerOptions.ts';
import { printJson, printPage, tell, warn } from './output.ts';
import type { Outside } from './outside.ts';
import { targetWithoutSas } from './target.ts';
import { parseArguments, usageError } from './usage.ts';
import type { OptionTable, OptionValues } from './usage.ts';
import { AuditsealError, named } from '../core/errors.ts';
import { standingOf } from '../core/objects/intervalReport.ts';
import { EXIT_STATUS } from '../core/objects/report.ts';

/** AskedLedger is what somebody wants to be checked. */
export interface AskedLedger<O> {
  readonly target: string;
  readonly options: O;
  /** the entry of a list that it is of */
  readonly listed?: ListedLedger;
}

/** LedgerCheck is how a command checks one ledger. */
export interface LedgerCheck<O> {
  /** the options of one ledger */
  readonly ofLedger: LedgerOptionTable;
  /** how many ledgers of a list it checks at one time */
  readonly atOnce: number;
  /** plan throws USAGE for options that contradict each other or miss one. What it gives does the check. */
  plan(asked: AskedLedger<O>, outside: Outside): () => Promise<CheckedLedger>;
  /** keep writes what is kept of one run over all ledgers; `isList` tells whether TARGET was a list */
  keep?(outcomes: readonly LedgerOutcome[], options: O, isList: boolean): Promise<void>;
  /** pauseMs is how long to wait before all is checked again; undefined: it is checked once */
  pauseMs?(options: O): number | undefined;
}

/** defineLedgerCommand makes a command whose TARGET is a ledger, or a file that lists several. */
export function defineLedgerCommand<const O extends OptionTable>(
  text: HelpText & { readonly arguments: readonly ['TARGET']; readonly options: O },
  check: LedgerCheck<OptionValues<O>>,
): Command {
  return defineCommand(text, async ({ given: [target], options }, outside) => {
    const isJson = 'json' in options && options.json === true;
    const list = await readLedgerList(target);
    const pauseMs = check.pauseMs?.(options);
    const once = await planned();
    if (pauseMs === undefined) return once();
    return repeatedly(once, pauseMs, isJson);

    async function planned(): Promise<() => Promise<number>> {
      if (list === undefined) {
        const one = check.plan({ target, options }, outside);
        return async () => {
          const checked = await one();
          printOne(checked, isJson);
          return keeping(EXIT_STATUS[standingOf(checked.report)], async () => {
            await checked.keep?.();
            await check.keep?.([outcomeOf(target, checked)], options, false);
          });
        };
      }
      const ofRun = optionsOfRun(target, options, check.ofLedger);
      const all = list.map((listed) =>
        named(listed.place, () => {
          const { given, options: own } = parseArguments(
            listed.argumentsOf(check.ofLedger),
            text.arguments,
            text.options,
          );
          return { listed, check: check.plan({ target: given[0], options: { ...own, ...ofRun }, listed }, outside) };
        }),
      );
      return async () => {
        const { status, outcomes } = await checkEstate(all, check.atOnce, isJson);
        return keeping(status, async () => check.keep?.(outcomes, options, true));
      };
    }
  });
}

const outcomeOf = (target: string, checked: CheckedLedger): LedgerOutcome => ({
  ledger: '',
  target: targetWithoutSas(target),
  status: standingOf(checked.report),
  checked,
});

/** repeatedly checks again and again, on a terminal on a page that is cleared, until somebody ends it. */
async function repeatedly(check: () => Promise<number>, pauseMs: number, isJson: boolean): Promise<number> {
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  // A reader that has seen enough.
  process.stdout.once('error', () => ended.abort());
  let status: number = EXIT.unknown;
  while (!ended.signal.aborted) {
    if (process.stdout.isTTY && !isJson) printPage(CLEAR);
    try {
      status = await check();
    } catch (error) {
      if (error instanceof AuditsealError && error.code === 'USAGE') throw error;
      // What can't be reached now may be in a minute.
      const [first] = faultLines(error);
      warn(first);
      status = EXIT.unknown;
    }
    await delay(pauseMs, undefined, { signal: ended.signal }).catch(() => {});
  }
  return status;
}

/** ECMA-48: the cursor to the first place, and everything behind it erased. */
const CLEAR = '\u001b[H\u001b[2J';

function printOne(checked: CheckedLedger, isJson: boolean): void {
  if (isJson) printJson(checked.report);
  else checked.print();
}

/** keeping writes what is to be kept, and gives the exit status. Where it can't be written, what is violated stays so, and all else is a fault. */
async function keeping(status: number, keep: () => Promise<void>): Promise<number> {
  try {
    await keep();
    return status;
  } catch (error) {
    if (status !== EXIT.wrong) throw error;
    const [first, ...more] = faultLines(error);
    warn(first);
    more.forEach(tell);
    return status;
  }
}

/** optionsOfRun gives the options that count for all ledgers, and refuses those of one. */
function optionsOfRun<V extends object>(list: string, options: V, ofLedger: LedgerOptionTable): Partial<V> {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined;
    if (isGiven && Object.hasOwn(ofLedger, name))
      throw usageError(
        `--${name} is an option of one ledger, and TARGET is a list of them: put "${name}" into the entries of ${list}`,
      );
  }
  return Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(ofLedger, name))) as Partial<V>;
}
