#!/usr/bin/env node
import * as zlib from 'node:zlib';
import { AuditsealError } from '../core/errors.ts';
import { print, printable, tell } from './output.ts';
import { usageError } from './usage.ts';

const HELP = `auditseal: checks ledgers of sealed audit logs

  auditseal verify TARGET                    recompute and follow every chain
  auditseal mirror TARGET DIR                copy a ledger to a folder
  auditseal show TARGET PARTITION RECORD     show one record and its hash
  auditseal prove TARGET                     write evidence of one record, which anyone can check
  auditseal check FILE                       check evidence, offline
  auditseal keygen                           make a key for a log to sign with, or show one in Key Vault
  auditseal rebuild-tiles TARGET             make the log's tiles again from the ledger
  auditseal witness OPTIONS                  cosign the checkpoints of other logs
  auditseal lock TARGET                      lock the retention policy for ever, or extend a locked one
  auditseal hold set|clear|list TARGET       legal holds on the container
  auditseal posture TARGET                   compare policy, holds and account with what is promised

TARGET is a mirror folder or a container's URL (of the last three only the URL). auditseal COMMAND --help says more.
Exit status: 0 fine, 1 violated, 2 unverified, 64 wrong usage.
`;

interface Command {
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly help: string;
}

/** Loaded on demand: what fails while a module loads would else end the process with 1, as a finding does. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  async verify() {
    const { verifyCommand: run, verifyHelp: help } = await import('./commands/verify.ts');
    return { run, help };
  },
  async mirror() {
    const { mirrorCommand: run, mirrorHelp: help } = await import('./commands/mirror.ts');
    return { run, help };
  },
  async show() {
    const { showCommand: run, showHelp: help } = await import('./commands/show.ts');
    return { run, help };
  },
  async prove() {
    const { proveCommand: run, proveHelp: help } = await import('./commands/prove.ts');
    return { run, help };
  },
  async check() {
    const { checkCommand: run, checkHelp: help } = await import('./commands/check.ts');
    return { run, help };
  },
  async keygen() {
    const { keygenCommand: run, keygenHelp: help } = await import('./commands/keygen.ts');
    return { run, help };
  },
  async 'rebuild-tiles'() {
    const { rebuildTilesCommand: run, rebuildTilesHelp: help } = await import('./commands/rebuildTiles.ts');
    return { run, help };
  },
  async witness() {
    const { witnessCommand: run, witnessHelp: help } = await import('./commands/witness.ts');
    return { run, help };
  },
  async lock() {
    const { lockCommand: run, lockHelp: help } = await import('./commands/lock.ts');
    return { run, help };
  },
  async hold() {
    const { holdCommand: run, holdHelp: help } = await import('./commands/hold.ts');
    return { run, help };
  },
  async posture() {
    const { postureCommand: run, postureHelp: help } = await import('./commands/posture.ts');
    return { run, help };
  },
};

const EXIT_UNVERIFIED = 2;
const EXIT_USAGE = 64;

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (['', 'help', '--help', '-h'].includes(name)) {
    print(HELP);
    return name === '' ? EXIT_USAGE : 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) throw usageError(`there is no command ${JSON.stringify(name)}; auditseal --help lists them`);
  if (typeof zlib.zstdDecompressSync !== 'function') {
    tell(`auditseal: Node.js ${process.version} can't read Zstandard; version 22.15 or newer can`);
    return EXIT_UNVERIFIED;
  }
  const command = await load();
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
