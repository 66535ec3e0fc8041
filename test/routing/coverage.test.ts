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
import {
  ACTIVITY,
  HUB,
  NAMESPACE,
  RULE,
  categoriesAt,
  hubAt,
  makeEstate,
  noLogsAt,
  settingAt,
  subscriptionAt,
} from '../support/madeUpEstate.ts';
import type { CoverageQuestion } from '../../src/routing/coverage.ts';

beforeEach(openScene);
afterEach(closeScene);

test('of an estate of 10,000 resources all that is not routed is named, and nothing else', async () => {
  const estate = makeEstate(scene.resources, 10_000);
  const { report, findings, unreadable } = await ask({ scopes: estate.subscriptions });
  expect(unreadable).toEqual([]);
  expect(new Set(findings.map(({ object }) => object))).toEqual(new Set(estate.unrouted.keys()));
  expect(findings).toHaveLength(estate.unrouted.size);
  expect(estate.unrouted.size).toBeGreaterThan(2000);
  for (const { object, detail } of findings)
    expect([object, /go to no hub of this ledger: /.test(detail) ? 'partly' : 'notRouted']).toEqual([
      object,
      estate.unrouted.get(object),
    ]);
  expect(new Set(findings.map(({ code, severity }) => `${code} ${severity}`))).toEqual(new Set(['not-routed warning']));
  const sum = (name: 'sources' | 'routed' | 'partly' | 'notRouted'): number =>
    report.types.reduce((all, one) => all + one[name], 0);
  expect(sum('partly') + sum('notRouted')).toBe(estate.unrouted.size);
  expect(sum('routed')).toBeGreaterThan(1000);
  // Types without logs are asked about once, not for each of their 3,000 resources.
  const asked = [...scene.resources.asked].filter(([path]) =>
    /\/(disks|networkinterfaces)\/.*diagnosticsettings/.test(path),
  );
  expect(asked.length).toBeLessThan(20);
}, 120_000);

describe('what is routed', () => {
  test('a vault that sends its audit log, and the subscription that sends its activity log, are routed', async () => {
    smallEstate();
    const coverage = await ask();
    expect(coverage).toMatchObject({ findings: [], unreadable: [] });
    expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ isKey: true, sources: 1, routed: 1 });
    expect(countOf(coverage, 'microsoft.resources/subscriptions')).toMatchObject({
      isKey: true,
      sources: 1,
      routed: 1,
    });
    expect(coverage.notChecked.join()).toContain('Entra ID');
  });

  test('nothing is routed by a rule that is gone, may not send, or at a hub that takes no keys, is disabled or gone', async () => {
    smallEstate();
    scene.resources.remove(RULE);
    expect(said(await ask())).toContainEqual(
      expect.stringContaining(
        `${VAULT}: its logs go to no hub of this ledger; the setting auditseal sends into nothing: the authorization rule ${RULE} isn't there any more; it is a key service (Key Vault)`,
      ),
    );
    hubAt(scene.resources, { rights: ['Listen'] });
    expect(said(await ask()).join()).toContain('may not send');
    hubAt(scene.resources, { takesKeys: false });
    expect(said(await ask()).join()).toContain('local authentication of');
    hubAt(scene.resources, { status: 'SendDisabled' });
    expect(said(await ask()).join()).toContain('is SendDisabled, not Active');
    hubAt(scene.resources);
    scene.resources.remove(HUB);
    expect(said(await ask()).join()).toContain('there is no hub');
    scene.resources.remove(NAMESPACE);
    expect(said(await ask()).join()).toContain('there is no hub');
  });

  test('what sends to one of several hubs is routed, and what is in a region without one is told so', async () => {
    smallEstate(false);
    const other = HUB.replace('evhns-logs', 'evhns-two');
    scene.resources.put(other.split('/eventhubs/')[0] ?? '', { location: 'West Europe', properties: {} });
    scene.resources.put(other, { properties: { status: 'Active' } });
    const rule = `${other.split('/eventhubs/')[0]}/authorizationRules/r`;
    scene.resources.put(rule, { properties: { rights: ['Send', 'Listen'] } });
    settingAt(scene.resources, VAULT, [{ categoryGroup: 'audit', enabled: true }], { rule });
    scene.resources.put(`${VAULTS}/kv-far`, { location: 'westus' });
    expect(said(await ask({ hubs: [HUB, other] }))).toEqual([
      `${VAULTS}/kv-far: its logs go to no hub of this ledger; no hub that was given is in westus; it is a key service (Key Vault)`,
    ]);
    expect((await ask()).findings.map(({ object }) => object)).toEqual([`${VAULTS}/kv-far`, VAULT]);
  });

  test('a platform telemetry rule sends the logs of the types that its streams name, and of no other', async () => {
    smallEstate(false);
    categoriesAt(scene.resources, /\/strange\//, { Any: [] });
    const rule = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/p`;
    noLogsAt(scene.resources, /\/dataCollectionRules\//);
    const streams = ['Contoso.Odd/strange:Logs-Any'];
    const ruleWith = (flow: object = {}, location = 'West Europe', collected = streams): void =>
      void scene.resources.put(rule, {
        location,
        kind: 'PlatformTelemetry',
        properties: {
          dataSources: { platformTelemetry: [{ name: 'l', streams: collected }] },
          destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
          dataFlows: [{ streams, destinations: ['h'], ...flow }],
        },
      });
    const odd = scene.resources.put(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Contoso.Odd/strange/x`,
      {
        location: 'westeurope',
      },
    ).id;
    for (const id of [odd, VAULT])
      scene.resources.put(`${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
        properties: { dataCollectionRuleId: rule },
      });
    ruleWith();
    expect((await ask()).findings.map(({ object }) => object)).toEqual([VAULT]);
    // What drops some, is of another region, or collects nothing, sends nothing that counts.
    ruleWith({ transformKql: 'source | where Level == "Error"' });
    expect(said(await ask()).join()).toContain('it transforms what it sends, and so may drop some');
    ruleWith({}, 'northeurope');
    expect(said(await ask()).join()).toContain('it is in northeurope, and sends for resources of that region only');
    ruleWith({}, 'westeurope', ['Contoso.Odd/strange:Logs-Other']);
    expect((await ask()).findings.map(({ object }) => object)).toEqual([odd, VAULT]);
  });

  test('of a cluster, what changed something stands in for all that was asked', async () => {
    smallEstate();
    categoriesAt(scene.resources, /\/managedClusters\//, {
      'kube-audit': ['audit'],
      'kube-audit-admin': ['audit'],
      guard: ['audit'],
    });
    const cluster = scene.resources.put(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks`,
    ).id;
    settingAt(scene.resources, cluster, [
      { category: 'kube-audit-admin', enabled: true },
      { category: 'guard', enabled: true },
    ]);
    expect((await ask()).findings).toEqual([]);
  });

  test('what was promised decides about the severity', async () => {
    smallEstate(false);
    categoriesAt(scene.resources, /\/strange\//, { Any: [] });
    const odd = scene.resources.put(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Contoso.Odd/strange/x`,
    ).id;
    const severities = async (promised: CoverageQuestion['promised']): Promise<unknown> =>
      Object.fromEntries((await ask({ promised })).findings.map(({ object, severity }) => [object, severity]));
    expect(await severities('none')).toEqual({ [VAULT]: 'warning', [odd]: 'warning' });
    expect(await severities('key')).toEqual({ [VAULT]: 'error', [odd]: 'warning' });
    expect(await severities('all')).toEqual({ [VAULT]: 'error', [odd]: 'error' });
  });

  test("the pipeline's own resources that would go round are left out, its vault is not", async () => {
    smallEstate();
    const own = NAMESPACE.split('/Microsoft.EventHub')[0] ?? '';
    const subscription = own.split('/')[2] ?? '';
    subscriptionAt(scene.resources, subscription);
    for (const type of [
      'Microsoft.Storage/storageAccounts/st',
      'Microsoft.Web/sites/func',
      'Microsoft.KeyVault/vaults/kv',
    ])
      scene.resources.put(`${own}/${type}`, { location: 'westeurope' });
    const coverage = await ask({ scopes: [subscription] });
    expect(coverage.findings.map(({ object }) => object)).toEqual([`${own}/Microsoft.KeyVault/vaults/kv`]);
    expect(countOf(coverage, 'microsoft.web/sites')).toMatchObject({ sources: 1, leftOut: 1 });
  });

  test('Entra ID is asked when told to: which of its logs are not sent, and what it takes to ask', async () => {
    smallEstate();
    const path = /^\/providers\/microsoft\.aadiam\/diagnosticSettings$/i;
    scene.resources.stage({ path, status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } });
    const refused = await ask({ scopes: [SUBSCRIPTION, 'tenant'] });
    expect(refused.unreadable).toEqual([
      { object: 'Entra ID', why: expect.stringContaining('Security Reader') as unknown },
    ]);
    expect(countOf(refused, 'microsoft.aadiam/tenants')).toMatchObject({ notAsked: 1, routed: 0 });
    const logs = ['AuditLogs', 'SignInLogs'].map((category) => ({ category, enabled: true }));
    const properties = { eventHubAuthorizationRuleId: RULE, eventHubName: 'AUDIT', logs };
    scene.resources.stage({ path, status: 200, body: { value: [{ name: 's', properties }] } });
    expect(said(await ask({ scopes: [SUBSCRIPTION, 'tenant'] }))).toEqual([
      'Entra ID: of its logs these go to no hub of this ledger: NonInteractiveUserSignInLogs, ServicePrincipalSignInLogs, ManagedIdentitySignInLogs; it is a key service (Entra ID)',
    ]);
  });

  test('a management group is resolved to its subscriptions', async () => {
    smallEstate(false);
    scene.resources.stage({
      path: /^\/providers\/Microsoft\.Management\/managementGroups\/corp\/descendants$/,
      status: 200,
      body: {
        value: [
          { type: 'Microsoft.Management/managementGroups', name: 'below' },
          { type: 'Microsoft.Management/managementGroups/subscriptions', name: SUBSCRIPTION.toUpperCase() },
        ],
      },
    });
    const coverage = await ask({ scopes: ['managementGroups/corp', SUBSCRIPTION] });
    expect(coverage.report.subscriptions).toEqual([SUBSCRIPTION]);
    const objects = ({ findings }: Awaited<ReturnType<typeof ask>>): string[] => findings.map(({ object }) => object);
    expect(objects(coverage)).toEqual([VAULT, 'managementGroups/below', 'managementGroups/corp']);
    // What is done to a group itself is in a log of its own.
    settingAt(
      scene.resources,
      '/providers/Microsoft.Management/managementGroups/corp',
      ['Administrative', 'Policy'].map((category) => ({ category, enabled: true })),
    );
    expect(objects(await ask({ scopes: ['managementGroups/corp'] }))).toEqual([VAULT, 'managementGroups/below']);
    const missing = await ask({ scopes: ['managementGroups/nobody'] });
    expect(missing.unreadable).toEqual([
      {
        object: 'managementGroups/nobody',
        why: expect.stringContaining("can't list what is in the management group (404") as unknown,
      },
    ]);
  });
});

test('the activity log is asked category by category', async () => {
  hubAt(scene.resources);
  subscriptionAt(scene.resources, SUBSCRIPTION, false);
  settingAt(
    scene.resources,
    `/subscriptions/${SUBSCRIPTION}`,
    ACTIVITY.slice(0, 6).map((category) => ({ category, enabled: true })),
  );
  expect(said(await ask())).toEqual([
    `/subscriptions/${SUBSCRIPTION}: of its logs these go to no hub of this ledger: Autoscale, ResourceHealth; it is a key service (the activity log)`,
  ]);
});
