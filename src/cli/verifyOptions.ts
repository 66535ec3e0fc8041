import { intervalOptions } from './intervalOptions.ts';
import { LEDGER_OPTIONS } from './ledgerOptions.ts';
import { jsonOption } from './options.ts';
import type { OptionTable, OptionValues } from './usage.ts';

/** VERIFY_OPTIONS is what `auditseal verify` takes. */
export const VERIFY_OPTIONS = {
  quick: {
    type: 'flag',
    meaning:
      'only compare the stored bytes of segments and reports with the SHA-256 and size in their log entries, and check ' +
      'the log itself. No segment is decompressed: what is stored is what was logged; whether that was well-formed is not ' +
      'checked again. Not with --incremental or --since',
  },
  incremental: {
    type: 'flag',
    meaning:
      'continue from the newest report in TARGET that the auditor signed and the log has an entry of, instead of beginning ' +
      'at the first segments. It needs --key and --auditor-key',
  },
  ...intervalOptions('check only the segments'),
  ...LEDGER_OPTIONS.verify,
  threads: {
    type: 'number',
    placeholder: 'N',
    least: 1,
    most: 256,
    meaning: 'how many threads hash (default: one for each processor)',
  },
  json: jsonOption('the report'),
} as const satisfies OptionTable;

/** VerifyOptionValues is what somebody asks of a check. */
export type VerifyOptionValues = OptionValues<typeof VERIFY_OPTIONS>;
