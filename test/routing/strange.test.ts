import {
  ask,
  closeScene,
  countOf,
  openScene,
  scene,
  smallEstate,
  SUBSCRIPTION,
  VAULT,
} from '../support/coverageScene.ts';
import { categoriesAt, settingAt } from '../support/madeUpEstate.ts';

beforeEach(openScene);
afterEach(closeScene);

const gone = (path: RegExp, code = 'ResourceNotFound'): void =>
  scene.resources.stage({ path, status: 404, body: { error: { code, message: 'm' } } });

test('a subscription that is not found while its resources are asked is unreadable, not all gone', async () => {
  smallEstate(false);
  gone(/kv-one\//, 'SubscriptionNotFound');
  const coverage = await ask({ promised: 'all' });
  expect([coverage.unreadable, coverage.findings]).not.toEqual([[], []]);
});

test('nextLink that is no text does not end a list', async () => {
  smallEstate();
  scene.resources.stage({
    path: /descendants$/,
    status: 200,
    body: { value: [{ type: '/subscriptions', name: SUBSCRIPTION }], nextLink: { href: 'x' } },
  });
  expect((await ask({ scopes: ['managementGroups/corp'] })).unreadable).not.toEqual([]);
});

test('a descendant without a type is a fault', async () => {
  smallEstate();
  scene.resources.stage({
    path: /descendants$/,
    status: 200,
    body: { value: [{ type: '/subscriptions', name: SUBSCRIPTION }, { name: 'eeeeeeee-0000-0000-0000-000000000000' }] },
  });
  expect((await ask({ scopes: ['managementGroups/corp'] })).unreadable).not.toEqual([]);
});

test('a setting, a rule, an audit without properties is a fault, and not notRouted', async () => {
  smallEstate();
  scene.resources.stage({ path: /authorizationRules/, status: 200, body: {} });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1 });
});

test('settings without properties are a fault', async () => {
  smallEstate();
  scene.resources.stage({ path: /kv-one\/.*diagnosticSettings$/, status: 200, body: { value: [{ name: 's' }] } });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1 });
});

test.each([
  ['settings', /kv-one\/.*diagnosticSettings$/],
  ['categories', /Categories$/],
  ['permissions', /permissions$/],
  ['hub', /eventhubs\/audit$/],
  ['namespace', /evhns-logs$/],
  ['graph', /ResourceGraph/],
])('{} of %s is never routed', async (_what, path) => {
  smallEstate();
  scene.resources.stage({ path, status: 200, body: {} });
  const coverage = await ask();
  expect([countOf(coverage, 'microsoft.keyvault/vaults')?.routed ?? 0, coverage.unreadable.length > 0]).toEqual([
    0,
    true,
  ]);
});

test('a disabled subscription is asked like others; one that is not found is unreadable', async () => {
  smallEstate(false);
  scene.resources.put(`/subscriptions/${SUBSCRIPTION}`, { properties: { state: 'Disabled' } });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
  gone(/permissions$/, 'SubscriptionNotFound');
  expect((await ask()).unreadable).not.toEqual([]);
});

test('enabled as a text, a setting of logs as an object, a group audit on a type without it', async () => {
  smallEstate(false);
  settingAt(scene.resources, VAULT, [{ category: 'AuditEvent', enabled: 'true' as never }]);
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
  categoriesAt(scene.resources, /\/vaults\//, { AuditEvent: [], Other: [] });
  settingAt(scene.resources, VAULT, [{ categoryGroup: 'audit', enabled: true }]);
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
});
