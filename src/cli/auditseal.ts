#!/usr/bin/env node
import { AuditsealError } from '../core/errors.ts';
import { mirrorCommand, mirrorHelp } from './mirror.ts';
import { print, printable, tell } from './output.ts';
import { showCommand, showHelp } from './show.ts';
import { usageError } from './usage.ts';
import { verifyCommand, verifyHelp } from './verify.ts';

const HELP = `auditseal: checks ledgers of sealed audit logs

  auditseal verify TARGET                    recompute and follow every chain
  auditseal mirror TARGET DIR                copy a ledger to a folder
  auditseal show TARGET PARTITION RECORD     show one record and its hash

TARGET is a mirror folder or a container's URL. auditseal COMMAND --help says more.
Exit status: 0 fine, 1 violated, 2 unverified, 64 wrong usage.
`;

const COMMANDS: Readonly<Record<string, { run: (args: readonly string[]) => Promise<number>; help: string }>> = {
  verify: { run: verifyCommand, help: verifyHelp },
  mirror: { run: mirrorCommand, help: mirrorHelp },
  show: { run: showCommand, help: showHelp },
};

const EXIT_UNVERIFIED = 2;
const EXIT_USAGE = 64;

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (['', 'help', '--help', '-h'].includes(name)) {
    print(HELP);
    return name === '' ? EXIT_USAGE : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw usageError(`there is no command ${JSON.stringify(name)}; auditseal --help lists them`);
  if (args.includes('--help') || args.includes('-h')) {
    print(command.help);
    return 0;
  }
  return command.run(args);
}

// A reader that has seen enough (head, less) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** A fault of the program must not look like a finding: Node would end with 1. */
function failed(error: unknown): void {
  const isOurs = error instanceof AuditsealError;
  const text = isOurs
    ? error.message
    : `internal fault, please report it: ${error instanceof Error ? error.stack : String(error)}`;
  tell(`auditseal: ${text.split('\n').map(printable).join('\n')}`);
  process.exitCode = isOurs && error.code === 'USAGE' ? EXIT_USAGE : EXIT_UNVERIFIED;
}

process.on('uncaughtException', (error) => {
  failed(error);
  process.exit();
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  failed(error);
}
