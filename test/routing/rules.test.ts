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
import { HUB, categoriesAt, noLogsAt, settingAt } from '../support/madeUpEstate.ts';

beforeEach(openScene);
afterEach(closeScene);

const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
const gone = (path: RegExp, code = 'ResourceNotFound'): void =>
  scene.resources.stage({ path, status: 404, body: { error: { code, message: 'm' } } });

test("a management group's own activity log is asked or said not to be", async () => {
  smallEstate();
  scene.resources.stage({
    path: /descendants$/,
    status: 200,
    body: { value: [{ type: 'Microsoft.Management/managementGroups/subscriptions', name: SUBSCRIPTION }] },
  });
  const coverage = await ask({ scopes: ['managementGroups/corp'], promised: 'all' });
  const all = JSON.stringify([coverage.findings, coverage.unreadable, coverage.notChecked, coverage.report.types]);
  expect(all).toMatch(/management ?group/i);
});

test.each([['no action groups', { auditActionsAndGroups: [] }]])('SQL audit with %s', async (_what, more) => {
  smallEstate();
  const server = scene.resources.put(`${RG}/Microsoft.Sql/servers/s`, { location: 'westeurope' }).id;
  scene.resources.put(`${server}/auditingSettings/default`, {
    properties: { state: 'Enabled', isAzureMonitorTargetEnabled: true, ...more },
  });
  settingAt(scene.resources, `${server}/databases/master`, [{ category: 'SQLSecurityAuditEvents', enabled: true }]);
  expect(countOf(await ask(), 'microsoft.sql/servers')).toMatchObject({ routed: 0 });
});

test('SQL audit with a predicate, in extendedAuditingSettings', async () => {
  smallEstate();
  const server = scene.resources.put(`${RG}/Microsoft.Sql/servers/s`, { location: 'westeurope' }).id;
  const properties = {
    state: 'Enabled',
    isAzureMonitorTargetEnabled: true,
    auditActionsAndGroups: ['BATCH_COMPLETED_GROUP'],
  };
  scene.resources.put(`${server}/auditingSettings/default`, { properties });
  scene.resources.put(`${server}/extendedAuditingSettings/default`, {
    properties: { ...properties, predicateExpression: "statement = 'select 1'" },
  });
  settingAt(scene.resources, `${server}/databases/master`, [{ category: 'SQLSecurityAuditEvents', enabled: true }]);
  expect(countOf(await ask(), 'microsoft.sql/servers')).toMatchObject({ routed: 0 });
});

test('a SQL server that is deleted between two questions is gone, not unaudited', async () => {
  smallEstate();
  const server = scene.resources.put(`${RG}/Microsoft.Sql/servers/s`, { location: 'westeurope' }).id;
  gone(/auditingSettings/);
  settingAt(scene.resources, `${server}/databases/master`, [{ category: 'SQLSecurityAuditEvents', enabled: true }]);
  expect(countOf(await ask(), 'microsoft.sql/servers')).toMatchObject({ gone: 1, notRouted: 0 });
});

test('associations of a resource of Microsoft.Insights', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/autoscaleSettings\//, { AutoscaleEvaluations: [] });
  noLogsAt(scene.resources, /\/dataCollectionRules\//);
  const stream = 'Microsoft.Insights/autoscaleSettings:Logs-Group-All';
  const rule = scene.resources.put(`${RG}/Microsoft.Insights/dataCollectionRules/p`, {
    location: 'westeurope',
    kind: 'PlatformTelemetry',
    properties: {
      dataSources: { platformTelemetry: [{ name: 'l', streams: [stream] }] },
      destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
      dataFlows: [{ streams: [stream], destinations: ['h'] }],
    },
  }).id;
  const one = scene.resources.put(`${RG}/microsoft.insights/autoscaleSettings/x`, { location: 'westeurope' }).id;
  scene.resources.put(`${one}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: rule },
  });
  expect(countOf(await ask(), 'microsoft.insights/autoscalesettings')).toMatchObject({ routed: 1 });
});

test('an unreadable rule of no consequence does not keep a routed resource from being routed', async () => {
  smallEstate();
  scene.resources.put(`${VAULT}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: `${RG}/Microsoft.Insights/dataCollectionRules/far` },
  });
  scene.resources.stage({
    path: /dataCollectionRules\/far$/,
    status: 403,
    body: { error: { code: 'AuthorizationFailed' } },
  });
  expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ routed: 1 });
});

test('of two hubs of a flow, the one that is there counts', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/strange\//, { Any: [] });
  noLogsAt(scene.resources, /\/dataCollectionRules\//);
  const other = HUB.replace('evhns-logs', 'evhns-gone');
  const stream = 'Contoso.Odd/strange:Logs-Any';
  const rule = scene.resources.put(`${RG}/Microsoft.Insights/dataCollectionRules/p`, {
    location: 'westeurope',
    kind: 'PlatformTelemetry',
    properties: {
      dataSources: { platformTelemetry: [{ name: 'l', streams: [stream] }] },
      destinations: {
        eventHubs: [
          { name: 'g', eventHubResourceId: other },
          { name: 'h', eventHubResourceId: HUB },
        ],
      },
      dataFlows: [{ streams: [stream], destinations: ['g', 'h'] }],
    },
  }).id;
  const one = scene.resources.put(`${RG}/Contoso.Odd/strange/x`, { location: 'westeurope' }).id;
  scene.resources.put(`${one}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: rule },
  });
  expect(countOf(await ask({ hubs: [HUB, other] }), 'contoso.odd/strange')).toMatchObject({ routed: 1 });
});

test('a platform rule of the region of the resource into a hub of another region', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/strange\//, { Any: [] });
  noLogsAt(scene.resources, /\/dataCollectionRules\//);
  const stream = 'Contoso.Odd/strange:Logs-Any';
  const rule = scene.resources.put(`${RG}/Microsoft.Insights/dataCollectionRules/p`, {
    location: 'northeurope',
    kind: 'PlatformTelemetry',
    properties: {
      dataSources: { platformTelemetry: [{ name: 'l', streams: [stream] }] },
      destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
      dataFlows: [{ streams: [stream], destinations: ['h'] }],
    },
  }).id;
  const one = scene.resources.put(`${RG}/Contoso.Odd/strange/x`, { location: 'northeurope' }).id;
  scene.resources.put(`${one}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: rule },
  });
  expect(countOf(await ask(), 'contoso.odd/strange')).toMatchObject({ routed: 0 });
});

test('a platform rule whose source names a named transformation', async () => {
  smallEstate();
  categoriesAt(scene.resources, /\/strange\//, { Any: [] });
  noLogsAt(scene.resources, /\/dataCollectionRules\//);
  const stream = 'Contoso.Odd/strange:Logs-Any';
  const rule = scene.resources.put(`${RG}/Microsoft.Insights/dataCollectionRules/p`, {
    location: 'westeurope',
    kind: 'PlatformTelemetry',
    properties: {
      transformations: [{ name: 't' }],
      dataSources: { platformTelemetry: [{ name: 'l', streams: [stream], transform: 't' }] },
      destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
      dataFlows: [{ streams: [stream], destinations: ['h'], transform: 't' }],
    },
  }).id;
  const one = scene.resources.put(`${RG}/Contoso.Odd/strange/x`, { location: 'westeurope' }).id;
  scene.resources.put(`${one}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: rule },
  });
  expect(countOf(await ask(), 'contoso.odd/strange')).toMatchObject({ routed: 0 });
});
