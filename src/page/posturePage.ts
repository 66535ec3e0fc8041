import { renderDocument, sign } from './document.ts';
import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { factList, sentenceList, table } from './parts.ts';
import { REPORT_STYLE } from './reportStyle.ts';
import { findingsSection, tableColumn, unreadableSection } from './reportTables.ts';
import { number, plural, time } from './reportValues.ts';
import { STATUS_STYLE } from './statusStyle.ts';
import type { CoverageReport } from '../core/objects/coverage.ts';
import { MAX_EXTENSIONS, extensionsOf } from '../core/objects/guard.ts';
import type { AccountFacts, ContainerGuard, DrillAttempt, RoleAssignment } from '../core/objects/guard.ts';
import type { PostureReport, Status } from '../core/objects/report.ts';

const MEANING: Readonly<Record<Status, { readonly title: string; readonly sentence: string }>> = {
  verified: {
    title: 'As promised',
    sentence: 'Azure was asked what guards the ledger, and all that was promised is so.',
  },
  violated: {
    title: 'Not as promised',
    sentence: 'What guards the ledger is less than was promised, or something that had to be refused went through.',
  },
  unverified: {
    title: 'Not known',
    sentence: 'Azure did not show all of it, so this is neither a pass nor a sign that something is wrong.',
  },
};

/** renderPosture makes the page of a report of kind posture: one HTML text without scripts or outside resources. */
export function renderPosture(report: PostureReport, name: string): string {
  const { title, sentence } = MEANING[report.status];
  return renderDocument({
    title: `${title}: posture report ${name}`,
    subject: 'posture report',
    dated: markup`asked ${time(report.time)}`,
    style: REPORT_STYLE + STATUS_STYLE,
    main: markup`<section class="status ${report.status}" aria-labelledby="status">
${sign(report.status, 'sign')}
<div class="body">
<h1 id="status">${title}</h1>
<p class="lead">${sentence}</p>
<dl class="identity">
<div><dt>Account</dt><dd><code>${untrusted(report.account)}</code></dd></div>
<div><dt>Container</dt><dd><code>${untrusted(report.container)}</code></dd></div>
<div><dt>JSON report</dt><dd><code>${untrusted(name)}</code></dd></div>
</dl>
</div>
</section>
${findingsSection({ ...report, findingsOmitted: 0 })}
${guardSection(report)}
${drillSection(report.drill)}
${accountSection(report)}
${report.coverage === undefined ? markup`` : coverageSection(report.coverage)}
${unreadableSection(report)}
<section class="left-out" aria-labelledby="not-checked">
<h2 id="not-checked">What this doesn’t say</h2>
${sentenceList(report.notChecked)}
</section>`,
  });
}

function guardSection({ guard, retentionDays }: PostureReport): Markup {
  return markup`<section aria-labelledby="guard"><h2 id="guard">What makes it write-once</h2>
${guard === null ? markup`<p>Azure did not say.</p>` : factList(guardFacts(guard, retentionDays))}
${guard?.policy === undefined || guard.policy.history.length === 0 ? '' : historyTable(guard.policy.history)}</section>`;
}

function guardFacts(guard: ContainerGuard, promised: number): [string, Markup | string][] {
  const { policy, tags, allowsHoldAppends, publicAccess } = guard;
  const left = Math.max(0, MAX_EXTENSIONS - extensionsOf(guard));
  const appends = (allows: boolean): string => (allows ? 'allowed' : 'not allowed');
  return [
    ['Retention policy', policy === undefined ? 'None: whoever has the rights can change and delete' : policy.state],
    ['Retains', policy === undefined ? '–' : plural(policy.days, 'day')],
    ['Promised', plural(promised, 'day')],
    ...(policy?.state === 'Locked'
      ? ([['Extensions left', `${number(left)} of ${MAX_EXTENSIONS}`]] as [string, string][])
      : []),
    ['Appends under the policy', policy === undefined ? '–' : appends(policy.allowsAppends)],
    ['Appends under a legal hold', appends(allowsHoldAppends)],
    ['Public access', untrusted(publicAccess)],
    [
      'Legal holds',
      tags.length === 0
        ? 'None'
        : markup`${tags.map(({ tag, time: at, who }, i) => markup`${i === 0 ? '' : markup`<br>`}<code>${untrusted(tag)}</code> by ${untrusted(who)}, ${time(at)}`)}`,
    ],
  ];
}

const historyTable = (history: NonNullable<ContainerGuard['policy']>['history']): Markup =>
  table(
    'What Azure remembers of changes to the policy',
    [tableColumn('', 'Change'), tableColumn('', 'Days'), tableColumn('', 'When'), tableColumn('', 'Who')],
    history.map(
      ({ update, days, time: at, who }) =>
        markup`<tr role="row"><th role="rowheader" scope="row">${untrusted(update)}</th><td role="cell" data-label="Days">${number(days)}</td><td role="cell" data-label="When">${time(at)}</td><td role="cell" data-label="Who">${untrusted(who)}</td></tr>\n`,
    ),
  );

const TONES: Readonly<Record<DrillAttempt['outcome'], string>> = {
  refused: 'verified',
  done: 'error',
  unverified: 'warning',
};

function drillSection(drill: PostureReport['drill']): Markup {
  if (drill === undefined)
    return markup`<section aria-labelledby="drill"><h2 id="drill">Drill</h2><p>None was held: whether the container refuses changes was not tried.</p></section>`;
  return markup`<section aria-labelledby="drill"><h2 id="drill">Drill</h2>
${table(
  'Changes that were tried on canaries, each of which the container must refuse',
  [
    tableColumn('w-time', 'Change'),
    tableColumn('w-time', 'Outcome'),
    tableColumn('', 'The store said'),
    tableColumn('', 'Canary'),
  ],
  drill.map(
    ({ object, change, outcome, said }) =>
      markup`<tr role="row"><th role="rowheader" scope="row">${untrusted(change)}</th><td role="cell" data-label="Outcome"><span class="badge ${TONES[outcome]}">${outcome}</span></td><td role="cell" class="break" data-label="The store said">${untrusted(said)}</td><td role="cell" data-label="Canary"><code class="small">${untrusted(object)}</code></td></tr>\n`,
  ),
)}</section>`;
}

function accountSection({ settings, locks, roles }: PostureReport): Markup {
  const stated = (value: unknown): Markup | string => (value === undefined ? 'not stated' : untrusted(value));
  const rows: [string, Markup | string][] =
    settings === null ? [] : settingRows(settings).map(([term, value]) => [term, stated(value)]);
  const lockRow: [string, Markup | string] = [
    'Management locks',
    locks === null ? 'Azure did not say' : locks.length === 0 ? 'None' : untrusted(locks.join(', ')),
  ];
  return markup`<section aria-labelledby="account"><h2 id="account">The account</h2>
${settings === null ? markup`<p>Azure did not show its settings.</p>` : ''}
${factList([...rows, lockRow])}
${roles === null ? markup`<p>Azure did not show who has which role.</p>` : rolesTable(roles)}</section>`;
}

const settingRows = (it: AccountFacts): [string, unknown][] => [
  ['Requests with account keys', it.allowSharedKeyAccess],
  ['Containers may be public', it.allowBlobPublicAccess],
  ['Replication into other tenants', it.allowCrossTenantReplication],
  ['TLS only', it.httpsOnly],
  ['Least TLS version', it.minimumTlsVersion],
  ['Public network access', it.publicNetworkAccess],
  ['Network rules by default', it.networkDefaultAction],
  ['Infrastructure encryption', it.infrastructureEncryption],
  ['Account keys expire after days', it.keyExpirationDays],
];

const rolesTable = (roles: readonly RoleAssignment[]): Markup =>
  roles.length === 0
    ? markup`<p>Nobody has a role on it.</p>`
    : table(
        'Who has which role on the account or above it, by id',
        [tableColumn('', 'Principal'), tableColumn('', 'Role'), tableColumn('w-object', 'Scope')],
        roles.map(
          ({ role, principal, scope }) =>
            markup`<tr role="row"><th role="rowheader" scope="row"><code class="small">${untrusted(principal)}</code></th><td role="cell" data-label="Role"><code class="small">${untrusted(role)}</code></td><td role="cell" data-label="Scope" class="break"><code class="small">${untrusted(scope)}</code></td></tr>\n`,
        ),
      );

function coverageSection({ types, promised, scopes, findingsOmitted }: CoverageReport): Markup {
  return markup`<section aria-labelledby="coverage"><h2 id="coverage">What is routed to the hub</h2>
<p>Asked about ${untrusted(scopes.join(', '))}; promised: ${promised}. ${findingsOmitted === 0 ? '' : `${plural(findingsOmitted, 'further finding')} not listed.`}</p>
${table(
  'Resources by type',
  [
    tableColumn('w-object', 'Type'),
    tableColumn('numeric', 'Resources'),
    tableColumn('numeric', 'Routed'),
    tableColumn('numeric', 'Partly'),
    tableColumn('numeric', 'Not routed'),
    tableColumn('numeric', 'Not asked'),
  ],
  types.map(
    ({ type, sources, routed, partly, notRouted, notAsked }) =>
      markup`<tr role="row"><th role="rowheader" scope="row"><code class="small">${untrusted(type)}</code></th><td role="cell" class="numeric" data-label="Resources">${number(sources)}</td><td role="cell" class="numeric" data-label="Routed">${number(routed)}</td><td role="cell" class="numeric" data-label="Partly">${number(partly)}</td><td role="cell" class="numeric" data-label="Not routed">${number(notRouted)}</td><td role="cell" class="numeric" data-label="Not asked">${number(notAsked)}</td></tr>\n`,
  ),
)}</section>`;
}
