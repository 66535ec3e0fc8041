import { availableParallelism } from 'node:os';
import { CheckThreads } from '../checkThreads.ts';
import { intervalIn } from '../intervalOptions.ts';
import { defineLedgerCommand } from '../ledgerCommand.ts';
import { LEDGER_OPTIONS } from '../ledgerOptions.ts';
import { LIST_MEANING, TARGET_MEANING } from '../options.ts';
import { usageError } from '../usage.ts';
import { VERIFY_OPTIONS } from '../verifyOptions.ts';
import type { VerifyOptionValues } from '../verifyOptions.ts';

export const command = defineLedgerCommand(
  {
    name: 'verify',
    arguments: ['TARGET'],
    usage: ['TARGET [options]', 'LIST [options]'],
    description: [
      'Recomputes every segment of a ledger from its stored bytes, follows every chain and the log, and says what it ' +
        'found and what it did.',
      'With --from and --to it checks the log in whole and, of the segments, those alone that the log puts into that interval, and how ' +
        'they go on from those around it: so it checks a day of a ledger, or a slice that auditseal mirror made.',
      TARGET_MEANING,
      LIST_MEANING,
    ],
    options: VERIFY_OPTIONS,
    exits: {
      fine: 'verified; with --from and --to, that interval alone, which is complete',
      wrong: 'violated: at least one finding of severity error',
      unknown:
        'unverified: nothing was checked, or something could not be read; or what is sealed of an interval is verified, and it is not complete',
    },
    examples: [
      'auditseal verify ./mirror',
      "auditseal verify 'https://account.blob.core.windows.net/ledger?sv=…&sig=…' --json",
      'auditseal verify https://account.blob.core.windows.net/ledger --since kept/000000000042.json',
      'auditseal verify ./slice --from 2026-11-01 --to 2026-11-22 --key VKEY',
      'auditseal verify estate.json --json',
    ],
  },
  {
    ofLedger: LEDGER_OPTIONS.verify,
    // Each already uses all threads.
    atOnce: 1,
    plan: ({ target, options }) => {
      refuseContradictions(options);
      const interval = intervalIn(options);
      return async () => {
        // Before all else that a check needs is loaded: they load meanwhile.
        const threads = new CheckThreads(options.threads ?? availableParallelism(), options.quick);
        try {
          const { checkLedger } = await import('../checkLedger.ts');
          return await checkLedger(target, options, interval, threads);
        } finally {
          await threads.close();
        }
      };
    },
  },
);

function refuseContradictions(options: VerifyOptionValues): void {
  const { quick, incremental, since, out, from, to } = options;
  if ((from ?? to) !== undefined && (quick || incremental || since !== undefined))
    throw usageError(
      '--from and --to check an interval in full, from no report on: they exclude --quick, --incremental and --since',
    );

  if (incremental && since !== undefined) throw usageError('--since and --incremental exclude each other');
  if (quick && (incremental || since !== undefined))
    throw usageError('--quick begins at the first entry of the log, so it excludes --incremental and --since');
  if (quick && out !== undefined)
    throw usageError('--quick makes no report that a check could go on from, so it excludes --out');
  if (
    incremental &&
    ((options.key.length === 0 && options.policy === undefined) || options['auditor-key'].length === 0)
  )
    throw usageError(
      '--incremental needs --key and --auditor-key: else anybody may have made the report to go on from',
    );
}
