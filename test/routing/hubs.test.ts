import {
  ask,
  closeScene,
  countOf,
  openScene,
  scene,
  smallEstate,
  SUBSCRIPTION,
  VAULT,
  VAULTS,
} from '../support/coverageScene.ts';
import { HUB, NAMESPACE, RULE, categoriesAt, noLogsAt, settingAt } from '../support/madeUpEstate.ts';

beforeEach(openScene);
afterEach(closeScene);

const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
const AUDIT = [{ category: 'AuditEvent', enabled: true }];
const gone = (path: RegExp, code = 'ResourceNotFound'): void =>
  scene.resources.stage({ path, status: 404, body: { error: { code, message: 'm' } } });

test('a hub in a resource group named eventhubs: storage and apps of the whole subscription are left out', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/sites\//, { AppServiceHTTPLogs: [] });
  scene.resources.put(`${RG}/Microsoft.Web/sites/shop`, { location: 'westeurope' });
  const other = `/subscriptions/${SUBSCRIPTION}/resourceGroups/eventhubs/providers/Microsoft.EventHub/namespaces/evhns-two/eventhubs/audit`;
  const coverage = await ask({ hubs: [HUB, other], promised: 'all' });
  expect(countOf(coverage, 'microsoft.web/sites')).toMatchObject({ leftOut: 0, notRouted: 1 });
});

test('what sends to a hub in a resource group named eventhubs is routed', async () => {
  smallEstate(false);
  const ns = `/subscriptions/${SUBSCRIPTION}/resourceGroups/eventhubs/providers/Microsoft.EventHub/namespaces/evhns-two`;
  noLogsAt(scene.resources, /\/namespaces\//);
  scene.resources.put(ns, { location: 'westeurope', properties: {} });
  scene.resources.put(`${ns}/eventhubs/audit`, { properties: { status: 'Active' } });
  scene.resources.put(`${ns}/authorizationRules/r`, { properties: { rights: ['Send'] } });
  settingAt(scene.resources, VAULT, AUDIT, { rule: `${ns}/authorizationRules/r` });
  expect(countOf(await ask({ hubs: [`${ns}/eventhubs/audit`] }), 'microsoft.keyvault/vaults')).toMatchObject({
    routed: 1,
  });
});

test('a setting that sends out of its region into a hub of another one', async () => {
  smallEstate();
  const far = scene.resources.put(`${VAULTS}/kv-far`, { location: 'westus' }).id;
  settingAt(scene.resources, far, AUDIT);
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ routed: 1, notRouted: 1 });
});

test('a namespace that is disabled takes nothing', async () => {
  smallEstate();
  scene.resources.put(NAMESPACE, {
    location: 'West Europe',
    properties: { status: 'Disabled', provisioningState: 'Failed' },
  });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ routed: 0, notRouted: 1 });
});

test('a rule at the hub itself may send too', async () => {
  smallEstate(false);
  scene.resources.put(`${HUB}/authorizationRules/r`, { properties: { rights: ['Send'] } });
  settingAt(scene.resources, VAULT, AUDIT, { rule: `${HUB}/authorizationRules/r` });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ routed: 1 });
});

test('a subscription of a hub that one may not see is not a hub that is gone', async () => {
  smallEstate();
  for (const path of [/namespaces\/evhns-logs/]) gone(path, 'SubscriptionNotFound');
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notAsked: 1, notRouted: 0 });
});

test('controls: hub of the same name elsewhere, other case, twice, two settings together, empty subscription', async () => {
  smallEstate(false);
  categoriesAt(scene.resources, /\/vaults\//, { AuditEvent: ['audit'], Second: ['audit'] });
  settingAt(scene.resources, VAULT, AUDIT, { name: 'one', rule: RULE.toUpperCase(), hub: 'AUDIT' });
  settingAt(scene.resources, VAULT, [{ category: 'second', enabled: true }], { name: 'two' });
  const coverage = await ask({ scopes: [SUBSCRIPTION, SUBSCRIPTION.toUpperCase()], hubs: [HUB.toUpperCase(), HUB] });
  expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ sources: 1, routed: 1 });
  scene.resources.remove(VAULT);
  expect(await ask()).toMatchObject({ findings: [], unreadable: [] });
});

test('a hub that is given and not there is told, though nothing sends to it', async () => {
  smallEstate();
  const other = HUB.replace('evhns-logs', 'evhns-typo');
  const { findings, unreadable } = await ask({ hubs: [HUB, other] });
  expect([findings, unreadable]).not.toEqual([[], []]);
});
test('a hub in a resource group named providers leaves out no other group', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/sites\//, { AppServiceHTTPLogs: [] });
  scene.resources.put(`${RG}/Microsoft.Web/sites/shop`, { location: 'westeurope' });
  const other = `/subscriptions/${SUBSCRIPTION}/resourceGroups/providers/providers/Microsoft.EventHub/namespaces/evhns-two/eventhubs/audit`;
  expect(countOf(await ask({ hubs: [HUB, other] }), 'microsoft.web/sites')).toMatchObject({ leftOut: 0 });
});

test('the same hub name in another namespace, the same namespace name in another group', async () => {
  smallEstate(false);
  settingAt(scene.resources, VAULT, AUDIT, { rule: RULE.replace('evhns-logs', 'evhns-logz') });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
  settingAt(scene.resources, VAULT, AUDIT, { rule: RULE.replace('rg-logs', 'rg-logz') });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ notRouted: 1 });
});
