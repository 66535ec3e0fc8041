import {
  ask,
  closeScene,
  countOf,
  openScene,
  said,
  scene,
  smallEstate,
  SUBSCRIPTION,
  VAULT,
  VAULTS,
} from '../support/coverageScene.ts';
import { HUB, RULE, categoriesAt, noLogsAt, settingAt } from '../support/madeUpEstate.ts';
import { checkPosture } from '../../src/guard/posture.ts';
import type { EstateReader } from '../../src/ports/coverage.ts';
import { askCoverage } from '../../src/routing/coverage.ts';

beforeEach(openScene);
afterEach(closeScene);

const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
const AUDIT = [{ category: 'AuditEvent', enabled: true }];
const gone = (path: RegExp, code = 'ResourceNotFound'): void =>
  scene.resources.stage({ path, status: 404, body: { error: { code, message: 'm' } } });

test('gone first of a type makes others of it gone that are there and unrouted', async () => {
  smallEstate(false);
  scene.resources.put(`${VAULTS}/kv-aaa`);
  gone(/kv-aaa\//);
  const coverage = await ask({ promised: 'all' });
  expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ gone: 1, notRouted: 1 });
});

test('a gone storage service makes the same service of other accounts withoutLogs', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/storageAccounts\//, { StorageRead: ['audit'] });
  for (const n of ['sta', 'stb'])
    scene.resources.put(`${RG}/Microsoft.Storage/storageAccounts/${n}`, { kind: 'StorageV2' });
  gone(/\/sta\//);
  const coverage = await ask({ promised: 'all' });
  expect(said(coverage).filter((one) => one.includes('/stb/'))).toHaveLength(4);
});

test('first resource of a type has no logs (SKU), the others have and are unrouted', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/strange\//, { Any: ['audit'] });
  scene.resources.put(`${RG}/Contoso.Odd/strange/a-basic`);
  scene.resources.put(`${RG}/Contoso.Odd/strange/b-premium`);
  scene.resources.stage({ path: /a-basic\/.*Categories$/, status: 200, body: { value: [] } });
  const coverage = await ask({ promised: 'all' });
  expect(countOf(coverage, 'contoso.odd/strange')).toMatchObject({ withoutLogs: 1, notRouted: 1 });
});

test('first resource of a type has fewer logs: the others are called routed by them', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/strange\//, { Small: ['audit'], Big: ['audit'] });
  const a = scene.resources.put(`${RG}/Contoso.Odd/strange/a-basic`).id;
  const b = scene.resources.put(`${RG}/Contoso.Odd/strange/b-premium`).id;
  categoriesAt(scene.resources, /\/a-basic\//, { Small: ['audit'] });
  for (const id of [a, b]) settingAt(scene.resources, id, [{ category: 'Small', enabled: true }]);
  expect(countOf(await ask(), 'contoso.odd/strange')).toMatchObject({ routed: 1, partly: 1 });
});

test('one refused resource keeps all others of its type from being asked', async () => {
  smallEstate(false);
  scene.resources.put(`${VAULTS}/kv-aaa`);
  scene.resources.stage({
    path: /kv-aaa\//,
    status: 403,
    body: { error: { code: 'DenyAssignmentAuthorizationFailed' } },
  });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1, notRouted: 1 });
});

test('errors beyond 20,000 warnings still violate a promise', async () => {
  const vaults = 3;
  const reader = {
    requireReader: async () => {},
    settings: async (id: string) =>
      /^\/subscriptions\/[^/]+$/.test(id)
        ? [{ name: 's', ruleId: RULE, hubName: 'audit', categories: [], groups: ['allLogs'] }]
        : [],
    categories: async () => [{ name: 'A', groups: ['audit'] }],
    resources: async () => {
      const found = Array.from({ length: 20_000 + vaults }, (_, n) => ({
        id: `${RG}/x/y/${n}`,
        type: n < 20_000 ? 'contoso.odd/strange' : 'microsoft.keyvault/vaults',
        kind: '',
        location: 'westeurope',
      }));
      return { found, total: found.length };
    },
    associations: async () => [],
    hub: async () => ({ location: 'westeurope', takesKeys: true, status: 'Active' }),
    maySend: async () => true,
  } as unknown as EstateReader;
  const coverage = await askCoverage(
    { reader, now: Date.now },
    { scopes: [SUBSCRIPTION], hubs: [HUB], promised: 'key' },
  );
  expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ isKey: true, notRouted: vaults });
  const none = {
    guard: async () => ({
      policy: { state: 'Locked', days: 1, allowsAppends: false },
      allowsHoldAppends: false,
      publicAccess: 'None',
    }),
    account: async () => ({
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      httpsOnly: true,
      minimumTlsVersion: 'TLS1_2',
      allowCrossTenantReplication: false,
      networkDefaultAction: 'Deny',
      infrastructureEncryption: true,
    }),
    locks: async () => ['CanNotDelete'],
    roles: async () => [],
  };
  const report = await checkPosture(
    { reader: none as never, now: Date.now },
    { account: 'a', container: 'c', retentionDays: 1 },
    { coverage },
  );
  expect(report.status).toBe('violated');
});

test('a storage account that is deleted before it is asked is gone, not without logs', async () => {
  smallEstate();
  scene.resources.put(`${RG}/Microsoft.Storage/storageAccounts/sta`, { kind: 'StorageV2' });
  gone(/\/sta\//);
  const coverage = await ask();
  expect(countOf(coverage, 'microsoft.storage/storageaccounts/blobservices')).toMatchObject({
    gone: 1,
    withoutLogs: 0,
  });
});

test('Resource Graph that knows nothing of a subscription in which Resource Manager has resources', async () => {
  smallEstate(false);
  scene.resources.stage({
    path: /ResourceGraph/,
    status: 200,
    body: { totalRecords: 0, data: [], resultTruncated: 'false' },
  });
  const { findings, unreadable } = await ask({ promised: 'all' });
  expect([findings, unreadable]).not.toEqual([[], []]);
});

test('the same row in another case stands in for a missing one', async () => {
  smallEstate();
  const rows = [VAULT, VAULT.toUpperCase()].map((id) => ({
    id,
    type: 'microsoft.keyvault/vaults',
    kind: '',
    location: 'westeurope',
  }));
  scene.resources.stage({ path: /ResourceGraph/, status: 200, body: { totalRecords: 2, data: rows }, times: 1 });
  const coverage = await ask();
  expect([coverage.unreadable.length > 0, countOf(coverage, 'microsoft.keyvault/vaults')?.sources]).not.toEqual([
    false,
    2,
  ]);
});

test('a resource that is deleted between two pages must not hide another', async () => {
  smallEstate();
  const rows = (from: number, to: number): object[] =>
    Array.from({ length: to - from }, (_, n) => ({
      id: `${VAULTS}/kv-${String(n + from).padStart(5, '0')}`,
      type: 'contoso.none/x',
      kind: '',
      location: '',
    }));
  noLogsAt(scene.resources, /\/kv-0/);
  // staged last counts first: page one says 1001 in all; then one is deleted, the page moves, and number 1000 is on neither
  scene.resources.stage({ path: /ResourceGraph/, status: 200, body: { totalRecords: 0, data: [] }, times: 1 }); // associations
  scene.resources.stage({ path: /ResourceGraph/, status: 200, body: { totalRecords: 1000, data: [] }, times: 1 });
  scene.resources.stage({
    path: /ResourceGraph/,
    status: 200,
    body: { totalRecords: 1001, data: rows(0, 1000), $skipToken: '1000' },
    times: 1,
  });
  const coverage = await ask();
  expect(coverage.unreadable).not.toEqual([]);
});

test('a huge list of settings', async () => {
  smallEstate();
  const value = Array.from({ length: 60_000 }, (_, n) => ({
    name: `s${n}`,
    properties: { eventHubAuthorizationRuleId: RULE, eventHubName: `h${n}`, logs: AUDIT, x: 'y'.repeat(300) },
  }));
  scene.resources.stage({ path: /kv-one\/.*diagnosticSettings$/, status: 200, body: { value } });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
}, 60_000);

test('pages of settings, the one that counts on the last; a next page elsewhere or without end', async () => {
  smallEstate(false);
  for (let n = 0; n < 250; n++)
    settingAt(scene.resources, VAULT, AUDIT, { name: `s${String(n)}`, hub: n === 249 ? 'audit' : 'else' });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ routed: 1 });
  const path = /kv-one\/.*diagnosticSettings$/;
  scene.resources.stage({ path, status: 200, body: { value: [], nextLink: 'https://example.org/' } });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1 });
  scene.resources.stage({
    path,
    status: 200,
    body: {
      value: [],
      nextLink: `${scene.stack.gateway.armUrl}${VAULT}/providers/Microsoft.Insights/diagnosticSettings`,
    },
  });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1 });
}, 60_000);
