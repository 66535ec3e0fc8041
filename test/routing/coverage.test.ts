import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import {
  ACTIVITY,
  HUB,
  NAMESPACE,
  RULE,
  hubAt,
  makeEstate,
  settingAt,
  subscriptionAt,
  categoriesAt,
  noLogsAt,
} from '../support/madeUpEstate.ts';
import { ArmEstate } from '../../src/adapters/armEstate.ts';
import type { CoverageCount } from '../../src/core/objects/coverage.ts';
import { askCoverage } from '../../src/routing/coverage.ts';
import type { Coverage, CoverageDeps, CoverageQuestion } from '../../src/routing/coverage.ts';
import type { ArmResources } from '../../local/arm/resources.ts';

const SUBSCRIPTION = 'dddddddd-0000-0000-0000-000000000000';
const VAULTS = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults`;
const VAULT = `${VAULTS}/kv-one`;

let stack: Stack;
let resources: ArmResources;
beforeEach(async () => {
  stack = await startStack();
  resources = stack.gateway.resources;
});
afterEach(() => stack.close());

const ask = async (question: Partial<CoverageQuestion> = {}, deps: Partial<CoverageDeps> = {}): Promise<Coverage> =>
  askCoverage(
    {
      reader: new ArmEstate({ endpoint: stack.gateway.armUrl, token: async () => Promise.resolve('token') }),
      now: Date.now,
      ...deps,
    },
    { scopes: [SUBSCRIPTION], hubs: [HUB], promised: 'none', ...question },
  );

const countOf = ({ report }: Coverage, type: string): Partial<CoverageCount> | undefined =>
  report.types.find((one) => one.type === type);

const said = ({ findings }: Coverage): string[] => findings.map(({ object, detail }) => `${object}: ${detail}`);

/** a small estate: one vault, whose logs are sent, or not */
function smallEstate(isRouted = true): void {
  hubAt(resources);
  subscriptionAt(resources, SUBSCRIPTION);
  categoriesAt(resources, /\/vaults\//, { AuditEvent: ['audit'], Other: [] });
  resources.put(VAULT, { location: 'westeurope' });
  if (isRouted) settingAt(resources, VAULT, [{ category: 'AuditEvent', enabled: true }]);
}

test('of an estate of 10,000 resources all that is not routed is named, and nothing else', async () => {
  const estate = makeEstate(resources, 10_000);
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
  const asked = [...resources.asked].filter(([path]) => /\/(disks|networkinterfaces)\/.*diagnosticsettings/.test(path));
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
    resources.remove(RULE);
    expect(said(await ask())).toContainEqual(
      expect.stringContaining(
        `${VAULT}: its logs go to no hub of this ledger; the setting auditseal sends into nothing: the authorization rule ${RULE} isn't there any more; it is a key service (Key Vault)`,
      ),
    );
    hubAt(resources, { rights: ['Listen'] });
    expect(said(await ask()).join()).toContain('may not send');
    hubAt(resources, { takesKeys: false });
    expect(said(await ask()).join()).toContain('local authentication of');
    hubAt(resources, { status: 'SendDisabled' });
    expect(said(await ask()).join()).toContain('is SendDisabled, not Active');
    hubAt(resources);
    resources.remove(HUB);
    expect(said(await ask()).join()).toContain('there is no hub');
    resources.remove(NAMESPACE);
    expect(said(await ask()).join()).toContain('there is no hub');
  });

  test('what sends to one of several hubs is routed, and what is in a region without one is told so', async () => {
    smallEstate(false);
    const other = HUB.replace('evhns-logs', 'evhns-two');
    resources.put(other.split('/eventhubs/')[0] ?? '', { location: 'northeurope', properties: {} });
    resources.put(other, { properties: { status: 'Active' } });
    const rule = `${other.split('/eventhubs/')[0]}/authorizationRules/r`;
    resources.put(rule, { properties: { rights: ['Send', 'Listen'] } });
    settingAt(resources, VAULT, [{ categoryGroup: 'audit', enabled: true }], { rule });
    resources.put(`${VAULTS}/kv-far`, { location: 'westus' });
    expect(said(await ask({ hubs: [HUB, other] }))).toEqual([
      `${VAULTS}/kv-far: its logs go to no hub of this ledger; no hub that was given is in westus; it is a key service (Key Vault)`,
    ]);
    expect((await ask()).findings.map(({ object }) => object)).toEqual([`${VAULTS}/kv-far`, VAULT]);
  });

  test('a platform telemetry rule sends the logs of the types that its streams name, and of no other', async () => {
    smallEstate(false);
    categoriesAt(resources, /\/strange\//, { Any: [] });
    const rule = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/p`;
    noLogsAt(resources, /\/dataCollectionRules\//);
    const streams = ['Contoso.Odd/strange:Logs-Any'];
    const ruleWith = (flow: object = {}, location = 'West Europe', collected = streams): void =>
      void resources.put(rule, {
        location,
        kind: 'PlatformTelemetry',
        properties: {
          dataSources: { platformTelemetry: [{ name: 'l', streams: collected }] },
          destinations: { eventHubs: [{ name: 'h', eventHubResourceId: HUB }] },
          dataFlows: [{ streams, destinations: ['h'], ...flow }],
        },
      });
    const odd = resources.put(`/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Contoso.Odd/strange/x`, {
      location: 'westeurope',
    }).id;
    for (const id of [odd, VAULT])
      resources.put(`${id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
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
    categoriesAt(resources, /\/managedClusters\//, {
      'kube-audit': ['audit'],
      'kube-audit-admin': ['audit'],
      guard: ['audit'],
    });
    const cluster = resources.put(
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks`,
    ).id;
    settingAt(resources, cluster, [
      { category: 'kube-audit-admin', enabled: true },
      { category: 'guard', enabled: true },
    ]);
    expect((await ask()).findings).toEqual([]);
  });

  test('what was promised decides about the severity', async () => {
    smallEstate(false);
    categoriesAt(resources, /\/strange\//, { Any: [] });
    const odd = resources.put(`/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Contoso.Odd/strange/x`).id;
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
    subscriptionAt(resources, subscription);
    for (const type of [
      'Microsoft.Storage/storageAccounts/st',
      'Microsoft.Web/sites/func',
      'Microsoft.KeyVault/vaults/kv',
    ])
      resources.put(`${own}/${type}`, { location: 'westeurope' });
    const coverage = await ask({ scopes: [subscription] });
    expect(coverage.findings.map(({ object }) => object)).toEqual([`${own}/Microsoft.KeyVault/vaults/kv`]);
    expect(countOf(coverage, 'microsoft.web/sites')).toMatchObject({ sources: 1, leftOut: 1 });
  });

  test('Entra ID is asked when told to: which of its logs are not sent, and what it takes to ask', async () => {
    smallEstate();
    const path = /^\/providers\/microsoft\.aadiam\/diagnosticSettings$/i;
    resources.stage({ path, status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } });
    const refused = await ask({ scopes: [SUBSCRIPTION, 'tenant'] });
    expect(refused.unreadable).toEqual([
      { object: 'Entra ID', why: expect.stringContaining('Security Reader') as unknown },
    ]);
    expect(countOf(refused, 'microsoft.aadiam/tenants')).toMatchObject({ notAsked: 1, routed: 0 });
    const logs = ['AuditLogs', 'SignInLogs'].map((category) => ({ category, enabled: true }));
    const properties = { eventHubAuthorizationRuleId: RULE, eventHubName: 'AUDIT', logs };
    resources.stage({ path, status: 200, body: { value: [{ name: 's', properties }] } });
    expect(said(await ask({ scopes: [SUBSCRIPTION, 'tenant'] }))).toEqual([
      'Entra ID: of its logs these go to no hub of this ledger: NonInteractiveUserSignInLogs, ServicePrincipalSignInLogs, ManagedIdentitySignInLogs; it is a key service (Entra ID)',
    ]);
  });

  test('a management group is resolved to its subscriptions', async () => {
    smallEstate(false);
    resources.stage({
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
    expect(coverage.findings.map(({ object }) => object)).toEqual([VAULT]);
    const missing = await ask({ scopes: ['managementGroups/nobody'] });
    expect(missing.unreadable).toEqual([
      {
        object: 'managementGroups/nobody',
        why: expect.stringContaining("can't list what is in the management group (404") as unknown,
      },
    ]);
  });
});

describe('what could not be asked is never taken for routed', () => {
  const unreadable = async (question?: Partial<CoverageQuestion>, deps?: Partial<CoverageDeps>): Promise<string> => {
    const coverage = await ask(question, deps);
    expect(coverage.findings).toEqual([]);
    return coverage.unreadable.map(({ object, why }) => `${object}: ${why}`).join('\n');
  };

  test.each([
    ['some resource groups only', [{ actions: ['Microsoft.KeyVault/vaults/read'] }], 'the role Reader'],
    ['all but something', [{ actions: ['*'], notActions: ['Microsoft.KeyVault/*'] }], 'the role Reader'],
    ['nothing', [], 'the role Reader'],
  ])(
    'of a subscription in which one may read %s: lists leave out what may not be seen',
    async (_what, value, expected) => {
      smallEstate();
      resources.stage({ path: /\/permissions$/i, status: 200, body: { value } });
      expect(await unreadable()).toContain(expected);
      expect(countOf(await ask(), 'microsoft.resources/subscriptions')).toMatchObject({ notAsked: 1, routed: 0 });
    },
  );

  test.each<[string, RegExp, number, object, string]>([
    [
      'a subscription that is not there',
      /\/permissions$/i,
      404,
      { error: { code: 'SubscriptionNotFound' } },
      '404 SubscriptionNotFound',
    ],
    ['Resource Graph without rows', /ResourceGraph/, 200, { totalRecords: 1 }, 'the answer holds no rows'],
    [
      'Resource Graph cut off',
      /ResourceGraph/,
      200,
      { totalRecords: 5, data: [], resultTruncated: 'true' },
      'gave 0 of 5 rows',
    ],
    [
      'Resource Graph with a hostile id',
      /ResourceGraph/,
      200,
      { totalRecords: 1, data: [{ id: '/a/../b', type: 't' }] },
      'an id that is none',
    ],
    [
      'settings refused',
      /kv-one\/.*diagnosticSettings$/,
      403,
      { error: { code: 'AuthorizationFailed' } },
      "can't read the diagnostic settings (403 AuthorizationFailed): whoever asks needs the role Reader",
    ],
    ['settings that are no list', /kv-one\/.*diagnosticSettings$/, 200, { value: 'x' }, 'the answer holds no list'],
    ['categories that are garbage', /diagnosticSettingsCategories$/, 200, { value: [1, 2] }, 'no list of objects'],
    ['categories of no kind', /diagnosticSettingsCategories$/, 200, { value: [{ name: 'x' }] }, "none of Azure's"],
    [
      'a provider that is not registered',
      /kv-one\/.*diagnosticSettings$/,
      409,
      { error: { code: 'MissingSubscriptionRegistration', message: 'm' } },
      'az provider register',
    ],
  ])('%s', async (_what, path, status, body, expected) => {
    smallEstate();
    resources.stage({ path, status, body });
    expect(await unreadable()).toContain(expected);
  });

  test('throttled for a while, everything is asked again; throttled for long, it says so', async () => {
    smallEstate();
    resources.stage({ path: /ResourceGraph|kv-one/, status: 429, headers: { 'retry-after': '1' }, times: 3 });
    expect(await ask()).toMatchObject({ findings: [], unreadable: [] });
    resources.stage({ path: /ResourceGraph/, status: 429, headers: { 'retry-after': '3600' } });
    expect(await unreadable()).toContain('too many questions (429)');
  }, 90_000);

  test('what lies beyond a bound of resources or of time is counted as not asked', async () => {
    smallEstate();
    for (let n = 0; n < 20; n++) {
      const id = resources.put(`${VAULTS}/kv-${n}`, { location: 'westeurope' }).id;
      settingAt(resources, id, [{ category: 'AuditEvent', enabled: true }]);
    }
    expect(await unreadable({}, { mostResources: 8 })).toContain('13 of its 21 resources were not asked');
    let calls = 0;
    const late = await ask({}, { now: () => (calls++ < 10 ? 0 : 1e12), budgetMs: 1000 });
    expect(late.unreadable).toEqual([
      {
        object: expect.stringMatching(/^\d+ of microsoft\.keyvault\/vaults$/) as unknown,
        why: expect.stringContaining('the time that may be spent on asking was over') as unknown,
      },
    ]);
    const { sources, routed, notAsked } = countOf(late, 'microsoft.keyvault/vaults') as CoverageCount;
    expect(sources).toBe(21);
    expect(routed + notAsked).toBe(21);
    expect(notAsked).toBeGreaterThan(5);
  });

  test('a resource that is deleted between two questions is counted as gone', async () => {
    smallEstate();
    resources.put(`${VAULTS}/kv-gone`);
    resources.stage({
      path: /kv-gone\/.*diagnosticSettings$/,
      status: 404,
      body: { error: { code: 'ResourceNotFound' } },
    });
    const coverage = await ask();
    expect(coverage).toMatchObject({ findings: [], unreadable: [] });
    expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ sources: 2, routed: 1, gone: 1 });
  });

  test('a 404 that says nothing of what is missing is no sign that something is gone', async () => {
    smallEstate();
    resources.stage({ path: /kv-one\/.*diagnosticSettings$/, status: 404, body: {} });
    expect(await unreadable()).toContain("can't read the diagnostic settings (404)");
  });

  test('a row that Resource Graph repeats stands in for none that is missing, and pages without an end are given up', async () => {
    smallEstate();
    const body = { totalRecords: 2, data: [{ id: VAULT, type: 't' }], $skipToken: 'again' };
    resources.stage({ path: /ResourceGraph/, status: 200, body });
    expect(await unreadable()).toContain('gave 1 of 2 rows');
  });

  test('a name with spaces, signs and letters of any script is asked for under that name', async () => {
    smallEstate();
    const id = resources.put(`${VAULTS}/Überwachung - 100% #1?`, { location: 'westeurope' }).id;
    settingAt(resources, id, [{ category: 'AuditEvent', enabled: true }]);
    expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ sources: 2, routed: 2 });
  });

  test('a type that has categories and takes no settings has nothing to send', async () => {
    smallEstate();
    categoriesAt(resources, /\/disks\//, { Odd: [] });
    const disk = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/disks/d`;
    resources.put(disk);
    noLogsAt(resources, /\/disks\/never/);
    resources.stage({
      path: /disks\/d\/.*diagnosticSettings$/,
      status: 400,
      body: { code: 'ResourceTypeNotSupported' },
    });
    const coverage = await ask();
    expect(coverage).toMatchObject({ findings: [], unreadable: [] });
    expect(countOf(coverage, 'microsoft.compute/disks')).toMatchObject({ withoutLogs: 1 });
  });
});

test('the activity log is asked category by category', async () => {
  hubAt(resources);
  subscriptionAt(resources, SUBSCRIPTION, false);
  settingAt(
    resources,
    `/subscriptions/${SUBSCRIPTION}`,
    ACTIVITY.slice(0, 6).map((category) => ({ category, enabled: true })),
  );
  expect(said(await ask())).toEqual([
    `/subscriptions/${SUBSCRIPTION}: of its logs these go to no hub of this ledger: Autoscale, ResourceHealth; it is a key service (the activity log)`,
  ]);
});
