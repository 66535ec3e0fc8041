#!/usr/bin/env node
import * as zlib from 'node:zlib';
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

async function main([name = '', ...args]: readonly string[]): Promise<number> {
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
  // Before anything loads that imports it.
  if (typeof zlib.zstdDecompressSync !== 'function') {
    warn(`Node.js ${process.version} can't read Zstandard; use version 22.15 or newer`);
    return EXIT.unknown;
  }
  const { command } = await listed.load();
  if (!args.some(isHelp)) return command.run(args);
  printPage(command.help(width));
  return EXIT.fine;
}

// A reader that has seen enough (head, less) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** A fault of the program must not look like a finding: Node would end with 1. */
function failed(error: unknown): void {
  const [first, ...more] = faultLines(error);
  warn(first);
  for (const line of more) tell(line);
  const isUsage = error instanceof AuditsealError && error.code === 'USAGE';
  process.exitCode = isUsage ? EXIT.usage : EXIT.unknown;
  const [name = ''] = process.argv.slice(2);
  if (isUsage) tell(`auditseal ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ''}--help says how to use it.`);
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
