import { COMMANDS, overview } from './commands.ts';
import { EXIT } from './exits.ts';
import { faultLines } from './fault.ts';
import { helpWidth } from './help.ts';
import { printPage, tell, warn } from './output.ts';
import { usageError } from './usage.ts';
import { withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };

const isHelp = (arg: string): boolean => arg === '--help' || arg === '-h';

async function run([name = '', ...args]: readonly string[]): Promise<number> {
  const width = helpWidth(process.stdout.columns);
  if (name === '' || name === 'help' || isHelp(name)) {
    printPage(overview(width));
    return name === '' ? EXIT.usage : EXIT.fine;
  }
  if (name === '--version' || name === 'version') {
    printPage(`auditseal ${packageJson.version}, Node.js ${process.version}\n`);
    return EXIT.fine;
  }
  const listed = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (listed === undefined) throw usageError(`there is no command ${JSON.stringify(withoutSecret(name))}`);
  const { command } = await listed.load();
  if (!args.some(isHelp)) return command.run(args);
  printPage(command.help(width));
  return EXIT.fine;
}

/** failed says what went wrong, and gives the exit status: a fault of the program must not look like a finding. */
function failed(error: unknown, name = ''): number {
  const [first, ...more] = faultLines(error);
  warn(first);
  for (const line of more) tell(line);
  const isUsage = error instanceof AuditsealError && error.code === 'USAGE';
  if (isUsage) tell(`auditseal ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ''}--help says how to use it.`);
  return isUsage ? EXIT.usage : EXIT.unknown;
}

/** main runs the command line and gives its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that has seen enough (head, less) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.on('uncaughtException', (error) => process.exit(failed(error, args[0])));
  try {
    return await run(args);
  } catch (error) {
    return failed(error, args[0]);
  }
}
