import { ARM_OPTIONS, policyOption } from './options.ts';
import type { Option } from './usage.ts';
import { MAX_RETENTION_DAYS } from '../core/limits.ts';

/** LedgerOptionTable is options of one ledger: each of them can stand in its entry of a list. */
export type LedgerOptionTable = Readonly<Record<string, Exclude<Option, { readonly type: 'flag' | 'names' }>>>;

/** DEFAULT_DAYS is how many days a policy must retain where nobody says so. */
export const DEFAULT_DAYS = 365;

/** DEFAULT_SILENT_HOURS and DEFAULT_HEARTBEAT_MINUTES are what the app goes by too, unless its settings say otherwise. */
export const DEFAULT_SILENT_HOURS = 24;
export const DEFAULT_HEARTBEAT_MINUTES = 15;

/** LEDGER_OPTIONS are the options of one ledger, of each command that takes a list of them. All others are of the whole run. */
export const LEDGER_OPTIONS = {
  verify: {
    since: { type: 'file', placeholder: 'FILE', meaning: 'continue from this report, which you kept yourself' },
    key: {
      type: 'texts',
      placeholder: 'VKEY',
      meaning: "a verifier key of the log. Without one, no signature of the log's checkpoints is verified",
    },
    anchor: {
      type: 'file',
      placeholder: 'FILE',
      meaning:
        'a checkpoint that you kept: the log must still contain it. FILE need not exist at first; a check that verifies ' +
        'with a --key writes the newest checkpoint into it',
    },
    'auditor-key': {
      type: 'texts',
      placeholder: 'VKEY',
      meaning:
        "a verifier key of the ledger's auditor, who signs the reports in TARGET; retired ones too. Without one, anybody may " +
        'have filed them, and none is taken for what is known',
    },
    policy: policyOption('the newest checkpoint'),
    tlog: { type: 'target', placeholder: 'DIR|URL', meaning: "where the log's tiles are, if not in TARGET/tlog" },
    ledger: { type: 'text', placeholder: 'NAME', meaning: 'the name that the ledger in TARGET must have' },
    out: {
      type: 'file',
      placeholder: 'FILE',
      meaning: 'write the report to this file too, which must not exist yet: keep it for --since. Not with --quick',
    },
  },
  status: {
    key: {
      type: 'texts',
      placeholder: 'VKEY',
      meaning: 'a verifier key of the log. Without one, nobody vouches for its checkpoint',
    },
    'auditor-key': {
      type: 'texts',
      placeholder: 'VKEY',
      meaning: "a verifier key of the ledger's auditor. Without one, anybody may have filed the reports in TARGET",
    },
    policy: {
      type: 'file',
      placeholder: 'FILE',
      meaning:
        'a policy of c2sp.org/tlog-policy: its witnesses are looked for among those that cosigned, and its log keys count too',
    },
    tlog: { type: 'target', placeholder: 'DIR|URL', meaning: "where the log's tiles are, if not in TARGET/tlog" },
    ledger: { type: 'text', placeholder: 'NAME', meaning: 'the name that the ledger in TARGET must have' },
    'silent-hours': {
      type: 'number',
      placeholder: 'N',
      least: 1,
      most: 8784,
      meaning: `a category is silent after so many hours without a record at the earliest (default: ${DEFAULT_SILENT_HOURS})`,
    },
    expect: {
      type: 'texts',
      placeholder: 'CATEGORY=HOURS',
      meaning: 'a category that must come, and after how many hours without one it is silent; 0 says that it never is',
    },
    'heartbeat-minutes': {
      type: 'number',
      placeholder: 'N',
      least: 1,
      most: 1440,
      meaning: `HEARTBEAT_MINUTES of the app (default: ${DEFAULT_HEARTBEAT_MINUTES})`,
    },
  },
  posture: {
    'retention-days': {
      type: 'number',
      placeholder: 'N',
      least: 1,
      most: MAX_RETENTION_DAYS,
      meaning: `how many days the policy must retain at least (default: ${DEFAULT_DAYS})`,
    },
    ...ARM_OPTIONS,
    scope: {
      type: 'texts',
      placeholder: 'ID',
      meaning:
        'also ask which resources of this subscription, or of managementGroups/NAME, send their logs to --hub; tenant asks ' +
        'about Entra ID. The role Reader on all of it is needed',
    },
    hub: {
      type: 'texts',
      placeholder: 'ID',
      meaning: 'resource id of an event hub; what sends to one of several is routed',
    },
    promised: {
      type: 'text',
      placeholder: 'none|key|all',
      meaning: 'what of it must be routed: else the outcome is violated (default: none, and all else is a warning)',
    },
  },
} as const satisfies Readonly<Record<string, LedgerOptionTable>>;
