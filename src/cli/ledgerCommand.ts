import { defineCommand } from './command.ts';
import type { Command } from './command.ts';
import { checkEstate } from './estate.ts';
import type { CheckedLedger } from './estate.ts';
import type { HelpText } from './help.ts';
import { readLedgerList } from './ledgerList.ts';
import type { ListedLedger } from './ledgerList.ts';
import type { LedgerOptionTable } from './ledgerOptions.ts';
import { printJson } from './output.ts';
import type { Outside } from './outside.ts';
import { parseArguments, usageError } from './usage.ts';
import type { OptionTable, OptionValues } from './usage.ts';
import { named } from '../core/errors.ts';
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
}

/** defineLedgerCommand makes a command whose TARGET is a ledger, or a file that lists several. */
export function defineLedgerCommand<const O extends OptionTable>(
  text: HelpText & { readonly arguments: readonly ['TARGET']; readonly options: O },
  check: LedgerCheck<OptionValues<O>>,
): Command {
  return defineCommand(text, async ({ given: [target], options }, outside) => {
    const isJson = 'json' in options && options.json === true;
    const list = await readLedgerList(target);
    if (list === undefined) return printOne(await check.plan({ target, options }, outside)(), isJson);
    const ofRun = optionsOfRun(target, options, check.ofLedger);
    const planned = list.map((listed) =>
      named(listed.place, () => {
        const { given, options: own } = parseArguments(
          listed.argumentsOf(check.ofLedger),
          text.arguments,
          text.options,
        );
        return { listed, check: check.plan({ target: given[0], options: { ...own, ...ofRun }, listed }, outside) };
      }),
    );
    return checkEstate(planned, check.atOnce, isJson);
  });
}

async function printOne(checked: CheckedLedger, isJson: boolean): Promise<number> {
  if (isJson) printJson(checked.report);
  else checked.print();
  await checked.keep?.();
  return EXIT_STATUS[checked.report.status];
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
