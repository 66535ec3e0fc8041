import { FULL_REPORT } from '../support/fullReport.ts';
import { KEY } from '../support/logs.ts';
import { AUDITORS } from '../support/reports.ts';
import { StatusScene, atHour } from '../support/statusScene.ts';
import type { PostureReport } from '../../src/core/objects/report.ts';
import type { StatusReport } from '../../src/core/objects/statusReport.ts';
import { renderPosture } from '../../src/page/posturePage.ts';
import { renderEstate, renderStatus } from '../../src/page/statusPage.ts';
import { askStatus } from '../../src/status/status.ts';

const HOSTILE = 'x"><img src=x onerror=alert(1)>\u202e';

/** hostile puts a text into each member that holds text, but for those that choose what is shown. */
function hostile(value: unknown, name = ''): unknown {
  if (typeof value === 'string')
    return ['status', 'kind', 'mode', 'severity', 'outcome', 'promised', 'state', 'section'].includes(name)
      ? value
      : HOSTILE;
  if (Array.isArray(value)) return value.map((item) => hostile(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, hostile(member, key)]));
}

const POSTURE: PostureReport = {
  version: 1,
  kind: 'posture',
  account: 'a',
  container: 'c',
  time: '2026-11-22T10:00:07.250Z',
  status: 'violated',
  retentionDays: 1,
  guard: {
    policy: {
      state: 'Locked',
      days: 365,
      etag: 'e',
      allowsAppends: false,
      history: [{ update: 'lock', days: 1, time: 't', who: 'w' }],
    },
    allowsHoldAppends: false,
    publicAccess: 'None',
    tags: [{ tag: 'case1', time: 't', who: 'w' }],
  },
  settings: {
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: undefined,
    httpsOnly: true,
    minimumTlsVersion: 'TLS1_2',
    publicNetworkAccess: 'Enabled',
    networkDefaultAction: 'Deny',
    infrastructureEncryption: undefined,
    keyExpirationDays: 90,
  },
  locks: ['l'],
  roles: [{ role: 'r', principal: 'p', scope: 's' }],
  drill: [{ object: 'o', change: 'delete', outcome: 'refused', said: 's' }],
  findings: [{ code: 'account-weak', severity: 'warning', object: 'o', detail: 'd' }],
  notChecked: ['n'],
  unreadable: [{ object: 'o', why: 'w' }],
};

let report: StatusReport;
beforeAll(async () => {
  const scene = new StatusScene();
  await scene.seal(1, [{}]);
  const asked = await askStatus(
    { store: scene.store, tiles: scene.tiles, now: () => atHour(30) },
    {
      verifiers: [KEY.verifierKey],
      auditors: AUDITORS,
      promise: { silentHours: 24, expected: new Map([['Never', 1]]) },
      idleMs: 60_000,
      isCopy: false,
    },
  );
  const affected = { records: 1, from: 't', to: 't', categories: { [HOSTILE]: 1 } };
  const [first, ...findings] = asked.findings;
  report = {
    ...asked,
    findings: [{ ...(first as StatusReport['findings'][number]), affected, report: 'r' }, ...findings],
    unreadable: [{ object: 'o', why: 'w' }],
  };
});

const expectHarmless = (html: string): void => {
  expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;');
  expect(html).not.toMatch(/<script|<img|<link|javascript:|\u202e/i);
};

test('nothing of a status gets into its page, or into that of several ledgers, as anything but text', () => {
  const planted = hostile(report) as StatusReport;
  expectHarmless(renderStatus(planted, { name: HOSTILE, runbook: HOSTILE, reports: 'javascript:' }));
  expectHarmless(
    renderEstate(
      [
        { ledger: HOSTILE, target: HOSTILE, report: planted },
        { ledger: HOSTILE, target: HOSTILE, fault: HOSTILE },
      ],
      HOSTILE,
    ),
  );
});

test('nothing of a posture gets into its page as anything but text', () => {
  expectHarmless(renderPosture(hostile(POSTURE) as PostureReport, HOSTILE));
});

test('the page of several ledgers has the worst status, and those of it first', () => {
  const page = renderEstate(
    [
      { ledger: 'good', target: 't', report: { ...report, status: 'verified', todo: null } },
      { ledger: 'gone', target: 't', fault: 'away' },
      { ledger: 'bad', target: 't', report: { ...report, status: 'violated' } },
    ],
    FULL_REPORT.finished,
  );
  expect(page).toContain('<h1 id="status">Attention</h1>');
  const [, rows = ''] = page.split('Those that need attention first');
  const named = [...rows.matchAll(/<code>(bad|gone|good)<\/code>/g)].map(([, ledger]) => ledger);
  expect(named.slice(0, 3)).toEqual(['bad', 'gone', 'good']);
  expect(page).toContain('1 well, 1 needs attention, 1 not known');
});

test('a page of a copy claims nothing of what may be old', () => {
  const well = { ...report, status: 'verified', todo: null, findings: [] } as const;
  expect(renderStatus(well)).toContain('is older than it may be');
  expect(renderStatus({ ...well, isCopy: true })).not.toContain('is older than it may be');
  expect(renderStatus({ ...well, posture: null })).toContain('What guards the ledger is not known');
});
