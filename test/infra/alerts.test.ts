import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { DEPLOYERS, OFFERED, RUNBOOK_URL, SETS } from './support/parameterSets.ts';
import type { SetName } from './support/parameterSets.ts';
import { QUERIES } from './support/queries.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

/** filledIn gives a query as it is deployed. */
const filledIn = (text = '', runbook = 'docs/runbook.md#'): string => text.replaceAll('{runbook}', runbook);

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === `Microsoft.Insights/${type}`);

const KINDS = ['scheduledQueryRules', 'metricAlerts', 'activityLogAlerts'];

const isOn = ({ properties }: Resource): boolean => properties?.['enabled'] === true;

interface QueryRule {
  readonly criteria: {
    readonly allOf: { query: string; timeAggregation: string; metricMeasureColumn: string | null }[];
  };
  readonly actions: unknown;
  readonly autoMitigate: boolean;
  readonly skipQueryValidation: boolean;
  readonly enabled: boolean;
}

interface Subject {
  readonly title: string;
  readonly scope: 'group' | 'subscription' | 'activityLogSetting';
  readonly exceptDeployers: boolean;
  readonly operations: readonly string[];
}

const WATCHED = JSON.parse(readFileSync(join(ROOT, 'infra/watchedActions.json'), 'utf8')) as Readonly<
  Record<string, Subject>
>;

/** watchedIn gives what the alerts on the activity log wait for, of those that are switched on. */
const watchedIn = (deployment: Deployment) =>
  of(deployment, 'activityLogAlerts')
    .filter(isOn)
    .map(({ name, properties }) => {
      const { scopes, condition } = properties as unknown as {
        scopes: string[];
        condition: {
          allOf: { field?: string; equals?: string; containsAny?: string[]; anyOf?: { equals: string }[] }[];
        };
      };
      const [category, status, actions, resource, ...more] = condition.allOf;
      expect([category, status?.field, resource?.field ?? 'resourceId', more]).toEqual([
        { field: 'category', equals: 'Administrative' },
        'status',
        'resourceId',
        [],
      ]);
      expect(scopes).toHaveLength(1);
      return {
        name,
        scope: scopes[0],
        statuses: status?.containsAny ?? [],
        operations: (actions?.anyOf ?? []).map(({ equals }) => equals),
        resourceId: resource?.equals,
      };
    });

/** changesIn gives the query for what somebody other than the deployers changed, and the texts that it compares with. */
const changesIn = (deployment: Deployment) => {
  const rule = of(deployment, 'scheduledQueryRules').find(({ name }) => name === 'alert-changes');
  const text = (rule as unknown as { properties: QueryRule }).properties.criteria.allOf[0]?.query ?? '';
  const listAfter = (before: string): string[] => {
    const [, list = ''] = new RegExp(`${before} \\(?("[^"]*"(?:, "[^"]*")*)`).exec(text) ?? [];
    return JSON.parse(`[${list}]`) as string[];
  };
  return { text, listAfter };
};

describeTemplates('alerts', (templates) => {
  test('each asks one of the queries, measures a column of it, and tells the same people', async () => {
    const deployment = await templates.evaluate('production');
    const [people, ...more] = of(deployment, 'actionGroups');
    expect(more).toEqual([]);
    const rules = of(deployment, 'scheduledQueryRules')
      .filter(isOn)
      .map(({ name, properties }) => ({
        name: name.replace('alert-', ''),
        rule: properties as unknown as QueryRule,
      }));
    expect(rules.map(({ name }) => name)).toEqual([
      'findings',
      'standing',
      'silentSources',
      'losses',
      'expiring',
      'tampering',
      'keyUse',
      'verifyRuns',
      'postureRuns',
      'recheck',
      'integrateRuns',
      'watchRuns',
      'unsealed',
    ]);
    for (const { name, rule } of rules) {
      expect(rule).toMatchObject({
        enabled: true,
        autoMitigate: false,
        skipQueryValidation: true,
        actions: { actionGroups: [people?.id] },
      });
      const [criterion] = rule.criteria.allOf;
      expect(criterion?.query).toBe(filledIn(QUERIES.find((query) => query.name === name)?.text));
      const column = criterion?.metricMeasureColumn ?? null;
      expect(criterion?.timeAggregation).toBe(column === null ? 'Count' : 'Total');
      if (column !== null) expect(criterion?.query).toMatch(new RegExp(`(summarize|print) ${column} = `));
    }
  });

  test('metrics that no query sees are watched at the hub itself', async () => {
    const deployment = await templates.evaluate('production');
    const [people] = of(deployment, 'actionGroups');
    const hub = deployment.resources.find(({ type }) => type === 'Microsoft.EventHub/namespaces');
    const watched = of(deployment, 'metricAlerts').map(({ properties }) => {
      expect(properties).toMatchObject({
        enabled: true,
        scopes: [hub?.id],
        actions: [{ actionGroupId: people?.id }],
        criteria: {
          allOf: [{ metricNamespace: 'Microsoft.EventHub/namespaces', operator: 'GreaterThan', threshold: 0 }],
        },
      });
      const { allOf } = (properties as unknown as { criteria: { allOf: { metricName: string }[] } }).criteria;
      return allOf.map(({ metricName }) => metricName).join(' and ');
    });
    expect(watched).toEqual(['ThrottledRequests', 'QuotaExceededErrors', 'ServerErrors']);
  });

  test.each(OFFERED)(
    '%s: what is not sealed shows before half of the time is over that the hub keeps it',
    async (set) => {
      const deployment = await templates.evaluate(set);
      const rule = of(deployment, 'scheduledQueryRules').find(({ name }) => name === 'alert-unsealed');
      const hub = deployment.resources.find(({ type }) => type === 'Microsoft.EventHub/namespaces/eventhubs');
      const { windowSize } = (rule as unknown as { properties: { windowSize: string } }).properties;
      const [, days, hours] = /^P(?:(\d+)D)?(?:T(\d+)H)?$/.exec(windowSize) ?? [];
      const windowHours = Number(days ?? 0) * 24 + Number(hours ?? 0);
      const { retentionTimeInHours } = (
        hub as unknown as { properties: { retentionDescription: { retentionTimeInHours: number } } }
      ).properties.retentionDescription;
      expect(windowHours).toBeGreaterThan(0);
      expect(windowHours * 2).toBeLessThanOrEqual(retentionTimeInHours);
    },
  );

  test('every query is used, in an alert or in the workbook', async () => {
    const deployment = await templates.evaluate('longest');
    const [workbook] = of(deployment, 'workbooks');
    const { serializedData } = (workbook as unknown as { properties: { serializedData: string } }).properties;
    const { items } = JSON.parse(serializedData) as { items: { content: { query?: string } }[] };
    const shown = items.flatMap(({ content }) => content.query ?? []);
    const asked = of(deployment, 'scheduledQueryRules').map(({ name }) => name.replace('alert-', ''));
    const texts = QUERIES.map(({ text }) => filledIn(text, RUNBOOK_URL));
    expect(shown.filter((query) => !texts.includes(query))).toEqual([]);
    expect(
      QUERIES.filter(({ name, text }) => !shown.includes(filledIn(text, RUNBOOK_URL)) && !asked.includes(name)).map(
        ({ name }) => name,
      ),
    ).toEqual([]);
  });

  test('the activity log is watched for what would weaken the ledger, in the group and in the subscription', async () => {
    const deployment = await templates.evaluate('production');
    const group = deployment.resources[0]?.id ?? '';
    const subscription = group.replace(/\/resourceGroups\/.*$/, '');
    const [people] = of(deployment, 'actionGroups');
    const watched = watchedIn(deployment);
    expect(of(deployment, 'activityLogAlerts').filter(isOn)).toHaveLength(Object.keys(WATCHED).length);
    for (const { properties } of of(deployment, 'activityLogAlerts')) {
      expect(properties).toMatchObject({ enabled: true, actions: { actionGroups: [{ actionGroupId: people?.id }] } });
    }
    const at = (scope: string): string[] =>
      watched.filter((one) => one.scope === scope && one.resourceId === undefined).flatMap((one) => one.operations);
    expect(new Set(watched.map(({ scope }) => scope))).toEqual(new Set([group, subscription]));
    const containers = 'Microsoft.Storage/storageAccounts/blobServices/containers';
    const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities';
    expect(at(group)).toEqual(
      expect.arrayContaining([
        ...['write', 'delete', 'lock/action', 'extend/action'].map(
          (end) => `${containers}/immutabilityPolicies/${end}`,
        ),
        `${containers}/setLegalHold/action`,
        `${containers}/clearLegalHold/action`,
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/locks/delete',
        `${identities}/assign/action`,
        `${identities}/federatedIdentityCredentials/write`,
        'Microsoft.Web/sites/publishxml/action',
        'Microsoft.Web/sites/host/listkeys/action',
        'Microsoft.Insights/diagnosticSettings/write',
        'Microsoft.Insights/diagnosticSettings/delete',
        'Microsoft.Insights/scheduledQueryRules/disable/action',
        'Microsoft.Insights/actionGroups/delete',
        'Microsoft.Network/networkSecurityGroups/securityRules/write',
        'Microsoft.KeyVault/vaults/write',
      ]),
    );
    expect(at(subscription)).toEqual(
      expect.arrayContaining([
        'Microsoft.Insights/diagnosticSettings/delete',
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/policyAssignments/write',
        'Microsoft.Authorization/policyAssignments/delete',
        'Microsoft.Authorization/policyExemptions/write',
        'Microsoft.AlertsManagement/actionRules/write',
      ]),
    );
    const [setting] = of(deployment, 'diagnosticSettings').filter(({ id }) =>
      id.startsWith(`${subscription}/providers`),
    );
    expect(watched.filter(({ resourceId }) => resourceId !== undefined)).toEqual([
      expect.objectContaining({
        resourceId: setting?.id,
        scope: subscription,
        operations: ['Microsoft.Insights/diagnosticSettings/write'],
      }),
    ]);
    // One alert more tells of the deletion of alerts on the activity log: no alert need tell of its own.
    const twice = at(group).filter((name, i, all) => all.indexOf(name) !== i);
    expect(twice).toEqual(['Microsoft.Insights/activityLogAlerts/delete']);
    expect(new Set(at(subscription)).size).toBe(at(subscription).length);
    for (const name of watched.flatMap(({ operations }) => operations)) {
      expect(name).toMatch(/^Microsoft\.\w+(\/\w+)+\/(write|delete|action)$/);
    }
  });

  test('an action counts when it has ended; attempts on the retention policy count too', async () => {
    const watched = watchedIn(await templates.evaluate('production'));
    const failing = watched.filter(({ statuses }) => statuses.includes('Failed')).map(({ name }) => name);
    expect(failing).toEqual(['alert-retention']);
    for (const { statuses } of watched) expect(statuses.filter((status) => status !== 'Failed')).toEqual(['Succeeded']);
  });

  test('deployers are left out of what deployments do, and of nothing else', async () => {
    const { resources } = await templates.evaluate('production');
    const types = new Set(resources.map(({ type }) => type.toLowerCase()));
    const isMade = (operation: string): boolean => types.has(operation.toLowerCase().replace(/\/write$/, ''));
    const made = (deployed: boolean): string[] =>
      Object.values(WATCHED)
        .filter((subject) => subject.scope === 'group' && subject.exceptDeployers === deployed)
        .flatMap(({ operations }) => operations);
    expect(made(false).filter(isMade)).toEqual([]);
    // Of these there is no resource in the template: they happen when others are made.
    expect(made(true).filter((operation) => !isMade(operation))).toEqual([
      'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action',
      'Microsoft.Storage/storageAccounts/privateEndpointConnections/write',
    ]);
  });

  test('deployers that are named alert nobody by what deployments do, and everybody else does', async () => {
    const deployment = await templates.evaluate('longest');
    expect(watchedIn(deployment).map(({ name }) => name)).toEqual(
      Object.entries(WATCHED)
        .filter(([, { exceptDeployers }]) => !exceptDeployers)
        .map(([key]) => `alert-${key}`)
        .toSorted(),
    );
    const { text, listAfter } = changesIn(deployment);
    const leftOut = (scope: string): string[] =>
      Object.values(WATCHED)
        .filter((subject) => subject.exceptDeployers && subject.scope === scope)
        .flatMap(({ operations }) => operations)
        .toSorted();
    expect(text).not.toMatch(/[{}]/);
    expect(listAfter('ResourceGroup =~')).toEqual([deployment.resources[0]?.name]);
    expect(listAfter('"[^"]+" and OperationNameValue in~').toSorted()).toEqual(leftOut('group'));
    expect(listAfter('isempty.ResourceGroup. and OperationNameValue in~').toSorted()).toEqual(leftOut('subscription'));
    expect(listAfter('caller !in~')).toEqual(DEPLOYERS);
    // Nothing in the subscription is watched, and a list may not be empty.
    const group = changesIn(await templates.evaluate('private'));
    expect(group.listAfter('isempty.ResourceGroup. and OperationNameValue in~')).toEqual(['']);
    expect(group.listAfter('"[^"]+" and OperationNameValue in~').toSorted()).toEqual(leftOut('group'));
  });

  test('without the activity log deployers can not be told from others, and the subscription is watched only if asked for', async () => {
    const deployment = await templates.evaluate('second');
    const asking = of(deployment, 'scheduledQueryRules').filter(isOn);
    expect(asking.map(({ name }) => name)).not.toContain('alert-changes');
    expect(watchedIn(deployment).map(({ name }) => name)).toEqual(
      Object.entries(WATCHED)
        .filter(([, { scope }]) => scope === 'group')
        .map(([key]) => `alert-${key}`)
        .toSorted(),
    );
  });

  test.each(Object.keys(SETS) as SetName[])(
    '%s: an alert that is not wanted is switched off, not left out',
    async (set) => {
      // No deployment deletes: what an earlier one made, before deployers were named, would go on.
      const namesIn = (deployment: Deployment): string[] =>
        KINDS.flatMap((kind) => of(deployment, kind).map(({ name }) => name));
      expect(namesIn(await templates.evaluate(set))).toEqual(namesIn(await templates.evaluate('production')));
    },
  );

  test('each leads to a section of the runbook, wherever that is', async () => {
    for (const [set, begins] of [
      ['production', 'docs/runbook.md#'],
      ['longest', RUNBOOK_URL],
    ] as const) {
      const deployment = await templates.evaluate(set);
      const alerts = KINDS.flatMap((kind) => of(deployment, kind));
      expect(alerts.length).toBeGreaterThan(25);
      for (const { name, properties } of alerts) {
        const [, link] = JSON.stringify(properties?.['description']).slice(1, -1).split('What to do: ');
        expect(link).toBe(begins + name.toLowerCase());
      }
      expect(JSON.stringify(deployment.resources)).not.toContain('{runbook}');
    }
  });

  test.each([
    ['would break the queries', 'https://wiki/"|take 0'],
    ['the auditor would not start with', 'https://wiki/the runbook'],
    ['nobody sees the end of', 'https://wiki/\\trunbook'],
  ])('an address that %s is refused', async (_why, address) => {
    const said = templates.evaluateFile(
      (await readFile(join(ROOT, 'infra/main.bicepparam'), 'utf8')).replace(
        /^param runbookUrl = .*$/m,
        `param runbookUrl = '${address}'`,
      ),
    );
    await expect(said).rejects.toThrow('AUDITSEAL_RUNBOOK_URL has a quote');
  });

  test('mail goes to who is named', async () => {
    const { resources } = await templates.evaluate('longest');
    const group = resources.find(({ type }) => type === 'Microsoft.Insights/actionGroups');
    expect(group?.properties?.['emailReceivers']).toEqual(
      ['a@example.com', 'b@example.com'].map((emailAddress, i) => ({
        name: `mail-${i}`,
        emailAddress,
        useCommonAlertSchema: true,
      })),
    );
  });
});
