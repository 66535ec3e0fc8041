import { EXPECTATION, parseExpectation } from '../../config/sources.ts';
import { INTEGRATION_DELAY_MS } from '../../core/limits.ts';
import type { StatusReport } from '../../core/objects/statusReport.ts';
import { MINUTE_MS } from '../../core/units.ts';
import { renderEstate, renderStatus } from '../../page/statusPage.ts';
import { isRunbook } from '../../page/statusValues.ts';
import type { StatusLinks } from '../../page/statusValues.ts';
import type { SourcePromise } from '../../status/sources.ts';
import { askStatus } from '../../status/status.ts';
import type { LedgerOutcome } from '../estate.ts';
import { replaceFile } from '../files.ts';
import { ledgerIn, readTrust, trustedVerifiers } from '../keys.ts';
import { defineLedgerCommand } from '../ledgerCommand.ts';
import { DEFAULT_HEARTBEAT_MINUTES, DEFAULT_SILENT_HOURS, LEDGER_OPTIONS } from '../ledgerOptions.ts';
import { LIST_MEANING, TARGET_MEANING, jsonOption } from '../options.ts';
import { printStatus } from '../statusReport.ts';
import { refuseSlice, shellWord } from '../sliceFolder.ts';
import { hasTiles, openTarget, openTiles } from '../target.ts';
import { isUrl, unusable, usageError } from '../usage.ts';
import type { OptionTable, OptionValues } from '../usage.ts';

const OPTIONS = {
  ...LEDGER_OPTIONS.status,
  html: { type: 'file', placeholder: 'FILE', meaning: 'write it as a page too; the file is replaced' },
  runbook: {
    type: 'text',
    placeholder: 'URL',
    meaning: 'where docs/runbook.md can be read, for the links of the page',
  },
  reports: {
    type: 'text',
    placeholder: 'URL',
    meaning: "where the ledger's reports can be read as pages, for the links of the page: what goes before their names",
  },
  watch: {
    type: 'number',
    placeholder: 'SECONDS',
    least: 5,
    most: 86_400,
    meaning: 'ask again and again, with so many seconds between, until Ctrl-C',
  },
  json: jsonOption('the report'),
} as const satisfies OptionTable;

export const command = defineLedgerCommand(
  {
    name: 'status',
    arguments: ['TARGET'],
    usage: ['TARGET [options]', 'LIST [options]'],
    description: [
      'Says how a ledger stands, and the one thing to do: what the newest reports found, how old everything is, what comes ' +
        'from where and what fell silent. It looks into no segment: that is what verify does. It reads the newest reports and entries of the log, and not the whole ledger.',
      TARGET_MEANING,
      LIST_MEANING,
    ],
    options: OPTIONS,
    exits: {
      fine: 'all well, or a source fell silent, which is a warning',
      wrong: 'something needs attention: at least one finding of severity error',
      unknown: 'not known: no check is filed, nobody vouches for it, or something could not be read',
    },
    examples: [
      'auditseal status ./mirror --key VKEY --auditor-key VKEY',
      'auditseal status https://account.blob.core.windows.net/ledger --key VKEY --auditor-key VKEY --html status.html',
      'auditseal status estate.json --watch 60',
    ],
  },
  {
    ofLedger: LEDGER_OPTIONS.status,
    atOnce: 4,
    plan: ({ target, options }, { now }) => {
      const promise = promiseIn(options);
      for (const name of ['runbook', 'reports'] as const)
        if (!isRunbook(options[name] ?? '/'))
          throw usageError(`--${name} must be a URL that begins with http:// or https://, or a path`);
      return async () => {
        const trust = await readTrust(options);
        const { auditors } = trust;
        const ledger = ledgerIn(options.ledger, auditors);
        const store = await openTarget(target);
        await refuseSlice(
          target,
          store,
          trust.logKeys,
          (options) => `What can be said of it: auditseal verify ${shellWord(target)} ${options}`,
        );
        const isApart = options.tlog !== undefined || isUrl(target) || (await hasTiles(target));
        const tiles = isApart ? await openTiles(target, options.tlog) : undefined;
        const { 'heartbeat-minutes': heartbeat = DEFAULT_HEARTBEAT_MINUTES } = options;
        const report = await askStatus(
          { store, now, ...(tiles !== undefined && { tiles }) },
          {
            verifiers: trustedVerifiers(trust),
            auditors,
            promise,
            idleMs: heartbeat * MINUTE_MS + INTEGRATION_DELAY_MS,
            isCopy: !isUrl(target),
          },
        );
        refuseOther(ledger, report);
        return { report, print: () => printStatus(report) };
      };
    },
    keep: async (outcomes, { html, runbook, reports }, isList) => {
      const links = { ...(runbook !== undefined && { runbook }), ...(reports !== undefined && { reports }) };
      if (html !== undefined) await replaceFile('--html', html, pageOf(outcomes, links, isList));
    },
    pauseMs: ({ watch }) => (watch === undefined ? undefined : watch * 1000),
  },
);

function promiseIn({ expect, 'silent-hours': hours }: OptionValues<typeof OPTIONS>): SourcePromise {
  const expected = new Map<string, number>();
  for (const text of expect) {
    const parsed = parseExpectation(text);
    if (parsed === undefined) throw usageError(`--expect must be ${EXPECTATION}`);
    expected.set(...parsed);
  }
  return { silentHours: hours ?? DEFAULT_SILENT_HOURS, expected };
}

/** Whoever holds one place could show a copy of another ledger there. */
function refuseOther(ledger: string | undefined, report: StatusReport): void {
  if (ledger !== undefined && report.ledger !== ledger)
    throw unusable(`TARGET is of the ledger ${report.ledger ?? 'without a name'}, and ${ledger} was asked for`);
}

function pageOf(outcomes: readonly LedgerOutcome[], links: StatusLinks, isList: boolean): Buffer {
  const known = outcomes.flatMap(({ checked }) => (checked?.report.kind === 'status' ? [checked.report] : []));
  const [first] = known;
  if (!isList && first !== undefined) return Buffer.from(renderStatus(first, links));
  const all = outcomes.map(({ ledger, target, checked, fault }) =>
    checked?.report.kind === 'status'
      ? { ledger, target, report: checked.report }
      : { ledger, target, fault: fault ?? 'it could not be asked' },
  );
  return Buffer.from(renderEstate(all, new Date().toISOString(), links));
}
