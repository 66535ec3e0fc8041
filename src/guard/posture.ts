import type { Drill } from './drill.ts';
import { faultIn } from '../core/errors.ts';
import type {
  AccountFacts,
  ContainerGuard,
  DrillAttempt,
  PosturePromise,
  RoleAssignment,
} from '../core/objects/guard.ts';
import type { CoverageReport } from '../core/objects/coverage.ts';
import type { Finding, FindingCode, PostureReport } from '../core/objects/report.ts';
import type { PolicyReader } from '../ports/guard.ts';
import type { Clock } from '../ports/host.ts';

export interface PostureDeps {
  readonly reader: PolicyReader;
  readonly now: Clock;
}

/** AskedCoverage is what came of asking an estate what is routed. */
export interface AskedCoverage {
  readonly report: CoverageReport;
  readonly findings: readonly Finding[];
  readonly unreadable: PostureReport['unreadable'];
  readonly notChecked: readonly string[];
}

/** PostureExtras is what is asked beside the container's guard, and left out where nothing was. */
export interface PostureExtras {
  readonly drill?: Drill | undefined;
  /** of 'failed' it is only known why */
  readonly coverage?: AskedCoverage | { readonly failed: string } | undefined;
}

/** Built-in roles whose holders may write, overwrite and delete blobs, or give themselves that right. */
const POWERFUL: Readonly<Record<string, string>> = {
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
};

/** roleName gives the name of a role that checkPosture knows, and the id of every other. */
export const roleName = (role: string): string => POWERFUL[role] ?? role;

const NOT_CHECKED = [
  'everything here is what Azure Resource Manager answered, and nobody signed it',
  'management locks of the subscription, custom roles, members of groups and Azure Policy were not looked at',
];

const NO_COVERAGE = 'which resources send their logs to the hub was not asked';
const NO_DRILL = 'no drill was held, so whether the container refuses changes was not tried';

/**
 * checkPosture asks Azure for everything that guards a ledger's container and compares it with what is promised. What it
 * couldn't read makes the outcome `unverified`, if nothing else is wrong. What was asked besides is part of the report.
 */
export async function checkPosture(
  { reader, now }: PostureDeps,
  promise: PosturePromise,
  { drill, coverage }: PostureExtras = {},
): Promise<PostureReport> {
  const { account, container, retentionDays } = promise;
  const asked = coverage !== undefined && 'report' in coverage ? coverage : undefined;
  const unreadable: { object: string; why: string }[] = [...(drill?.unreadable ?? []), ...(asked?.unreadable ?? [])];
  if (coverage !== undefined && 'failed' in coverage) unreadable.push({ object: 'coverage', why: coverage.failed });
  const ask = async <T>(object: string, question: Promise<T>): Promise<T | null> => {
    try {
      return await question;
    } catch (error) {
      unreadable.push({ object, why: faultIn(error).message });
      return null;
    }
  };
  const [guard, settings, locks, roles] = await Promise.all([
    ask(container, reader.guard()),
    ask(account, reader.account()),
    ask(`${account}: locks`, reader.locks()),
    ask(`${account}: roles`, reader.roles()),
  ]);
  const findings = [
    ...(guard === null ? [] : guardFindings(guard, promise)),
    ...(settings === null ? [] : settingFindings(settings, account)),
    ...(locks === null ? [] : lockFindings(locks, account)),
    ...(roles === null ? [] : roleFindings(roles, account)),
    ...drillFindings(drill?.attempts ?? []),
    ...(asked?.findings ?? []),
  ];
  const isViolated = findings.some(({ severity }) => severity === 'error');
  return {
    version: 1,
    kind: 'posture',
    account,
    container,
    time: new Date(now()).toISOString(),
    status: isViolated ? 'violated' : unreadable.length > 0 ? 'unverified' : 'verified',
    retentionDays,
    guard,
    settings,
    locks,
    roles,
    ...(drill !== undefined && { drill: drill.attempts }),
    ...(asked !== undefined && { coverage: asked.report }),
    findings,
    notChecked: [...NOT_CHECKED, ...(drill === undefined ? [NO_DRILL] : []), ...(asked?.notChecked ?? [NO_COVERAGE])],
    unreadable: unreadable.sort((a, b) => (a.object < b.object ? -1 : 1)),
  };
}

const finding = (
  code: FindingCode,
  object: string,
  detail: string,
  severity: Finding['severity'] = 'error',
): Finding => ({ code, severity, object, detail });

function guardFindings({ policy, ...guard }: ContainerGuard, { container, retentionDays }: PosturePromise): Finding[] {
  const found: Finding[] = [];
  if (policy === undefined)
    found.push(
      finding(
        'policy-missing',
        container,
        'the container has no retention policy, so whoever has the rights can change and delete its blobs',
      ),
    );
  else {
    if (policy.state === 'Unlocked')
      found.push(
        finding(
          'policy-unlocked',
          container,
          'the policy is not locked, so whoever has the rights can shorten or remove it',
        ),
      );
    if (policy.days < retentionDays)
      found.push(
        finding(
          'policy-short',
          container,
          `the policy retains for ${policy.days} days, and ${retentionDays} are promised`,
        ),
      );
    if (policy.allowsAppends)
      found.push(finding('account-weak', container, 'the policy allows appends to blobs that exist'));
  }
  if (guard.allowsHoldAppends)
    found.push(finding('account-weak', container, 'the legal hold allows appends to blobs that exist'));
  if (guard.publicAccess !== 'None')
    found.push(finding('account-weak', container, `the container is public (${guard.publicAccess})`));
  return found;
}

/** What an account's settings must be. Where Azure states nothing, its documented default counts. */
function settingFindings(it: AccountFacts, account: string): Finding[] {
  const weak = (isWeak: boolean, detail: string, severity: Finding['severity'] = 'error'): Finding[] =>
    isWeak ? [finding('account-weak', account, detail, severity)] : [];
  const sharedKeys =
    it.keyExpirationDays === undefined
      ? 'without a key expiration policy'
      : `a key expires after ${it.keyExpirationDays} days`;
  const isOpen = it.publicNetworkAccess !== 'Disabled' && it.networkDefaultAction !== 'Deny';
  return [
    ...weak(it.allowSharedKeyAccess !== false, `requests with the account's keys are allowed (${sharedKeys})`),
    ...weak(it.allowBlobPublicAccess !== false, 'containers may be made public'),
    ...weak(it.httpsOnly !== true, 'requests without TLS are allowed'),
    ...weak(
      !isTls(it.minimumTlsVersion),
      `the minimum TLS version is ${it.minimumTlsVersion ?? 'not stated'}, not 1.2`,
    ),
    ...weak(it.allowCrossTenantReplication !== false, 'blobs may be replicated into other tenants'),
    ...weak(isOpen, 'every network may reach the account', 'warning'),
    ...weak(it.infrastructureEncryption !== true, 'infrastructure encryption is off', 'warning'),
  ];
}

const isTls = (version = ''): boolean => version === 'TLS1_2' || version === 'TLS1_3';

const lockFindings = (locks: readonly string[], account: string): Finding[] =>
  locks.some((level) => level === 'CanNotDelete' || level === 'ReadOnly')
    ? []
    : [finding('account-weak', account, 'no management lock keeps the account from being deleted', 'warning')];

const drillFindings = (attempts: readonly DrillAttempt[]): Finding[] =>
  attempts
    .filter(({ outcome }) => outcome === 'done')
    .map(({ object, change, said }) =>
      finding('drill-failed', object, `the drill's attempt to ${change} was not refused: ${said}`),
    );

const roleFindings = (roles: readonly RoleAssignment[], account: string): Finding[] =>
  roles
    .filter(({ role }) => Object.hasOwn(POWERFUL, role))
    .map(({ role, principal }) =>
      finding(
        'account-weak',
        account,
        `${principal} has the role ${roleName(role)}, which may overwrite and delete where no policy refuses it`,
        'warning',
      ),
    );
