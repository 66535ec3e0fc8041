import type { Command } from './command.ts';
import { composeTable, wrap } from './output.ts';

/** Listed is a command in the overview. */
export interface Listed {
  readonly arguments: string;
  readonly summary: string;
  /** Loaded on demand: nobody waits for the other commands, and what fails while a module loads is caught. */
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** COMMANDS lists the commands by their names. */
export const COMMANDS: Readonly<Record<string, Listed>> = {
  status: {
    arguments: 'TARGET',
    summary: 'say how a ledger stands, and the one thing to do',
    load: () => import('./commands/status.ts'),
  },
  verify: {
    arguments: 'TARGET',
    summary: 'recompute and follow every chain and the log',
    load: () => import('./commands/verify.ts'),
  },
  mirror: {
    arguments: 'TARGET DIR',
    summary: 'copy a ledger to a folder',
    load: () => import('./commands/mirror.ts'),
  },
  find: {
    arguments: 'TARGET',
    summary: 'find records, and say what was searched',
    load: () => import('./commands/find.ts'),
  },
  fields: {
    arguments: 'TARGET',
    summary: 'which values there are to find records by',
    load: () => import('./commands/fields.ts'),
  },
  query: {
    arguments: 'TARGET SQL',
    summary: 'ask the sealed records in SQL, and say what was searched',
    load: () => import('./commands/query.ts'),
  },
  show: {
    arguments: 'TARGET PARTITION RECORD',
    summary: 'show one record and its hash',
    load: () => import('./commands/show.ts'),
  },
  prove: {
    arguments: 'TARGET',
    summary: 'write evidence of one record, which anyone can check',
    load: () => import('./commands/prove.ts'),
  },
  check: {
    arguments: 'FILE…',
    summary: 'check evidence, offline',
    load: () => import('./commands/check.ts'),
  },
  kit: {
    arguments: 'DIR',
    summary: 'make what an auditor gets: evidence or a mirror, and the page that checks it',
    load: () => import('./commands/kit.ts'),
  },
  keygen: {
    arguments: '',
    summary: 'make a key for a log to sign with, or show one that is in Key Vault',
    load: () => import('./commands/keygen.ts'),
  },
  'rebuild-tiles': {
    arguments: 'TARGET',
    summary: "make the log's tiles again from the ledger",
    load: () => import('./commands/rebuildTiles.ts'),
  },
  witness: {
    arguments: '',
    summary: 'cosign the checkpoints of other logs',
    load: () => import('./commands/witness.ts'),
  },
  lock: {
    arguments: 'TARGET',
    summary: 'lock the retention policy for ever, or extend a locked one',
    load: () => import('./commands/lock.ts'),
  },
  hold: {
    arguments: 'set|clear|list TARGET',
    summary: 'set, clear or list legal holds on the container',
    load: () => import('./commands/hold.ts'),
  },
  acknowledge: {
    arguments: 'TARGET',
    summary: 'acknowledge findings that somebody has looked into',
    load: () => import('./commands/acknowledge.ts'),
  },
  doctor: {
    arguments: 'TARGET',
    summary: 'say whether a deployment works, step by step',
    load: () => import('./commands/doctor.ts'),
  },
  posture: {
    arguments: 'TARGET',
    summary: 'compare policy, holds and account with what is promised',
    load: () => import('./commands/posture.ts'),
  },
};

/** overview says what there is, without loading any of it. */
export function overview(width: number): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, { arguments: args, summary }]) => [`  auditseal ${name} ${args}`.trimEnd(), summary] as const,
  );
  return [
    'auditseal: checks ledgers of sealed audit logs',
    composeTable(rows, width),
    wrap(
      'TARGET is a mirror folder or a container\'s URL; lock, hold, acknowledge, doctor and posture take only the URL. status, verify and posture also take a file that lists several ledgers. "auditseal COMMAND --help" says more.',
      width,
    ),
    wrap('"auditseal --version" says which release this is.', width),
    wrap('Exit status: 0 fine, 1 violated, 2 unverified, 64 wrong usage.', width),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}
