import { composeHelp } from './help.ts';
import type { HelpText } from './help.ts';
import { AZURE } from './outside.ts';
import type { Outside } from './outside.ts';
import { parseArguments } from './usage.ts';
import type { Input, OptionTable } from './usage.ts';

/** Command is one command of the command line. */
export interface Command {
  readonly text: HelpText;
  readonly help: (width: number) => string;
  /** run does what was asked, prints what came of it and gives the exit status. It throws USAGE for a wrong command line. */
  run(args: readonly string[], outside?: Outside): Promise<number>;
}

/** defineCommand makes a command whose parser and whose help are of one table, so that they can't disagree. */
export function defineCommand<const A extends readonly string[], const O extends OptionTable>(
  text: HelpText & { readonly arguments: A; readonly options: O },
  run: (input: Input<A, O>, outside: Outside) => Promise<number>,
): Command {
  return {
    text,
    help: (width) => composeHelp(text, width),
    run: async (args, outside = AZURE) => run(parseArguments(args, text.arguments, text.options), outside),
  };
}
