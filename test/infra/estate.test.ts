import { MANAGEMENT_GROUP, describeTemplates } from './support/templates.ts';
import type { Deployment, Properties, Resource } from './support/templates.ts';
import { GROUP_CATEGORIES } from '../../src/routing/sources.ts';
import { AUDITORS, EXCLUDED, REMEDIATED, estateParameters, groupOf, ruleOf } from './support/parameterFiles.ts';

const SCOPE = `/providers/Microsoft.Management/managementGroups/${MANAGEMENT_GROUP}`;

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

/** valuesOf gives the parameters of an assignment, by name. */
const valuesOf = (properties: Properties | undefined): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties?.['parameters'] as unknown as Record<string, { value: unknown }>).map(
      ([name, { value }]) => [name, value],
    ),
  );

describeTemplates('estate', (templates) => {
  const evaluate = (): Promise<Deployment> => templates.evaluateFile(estateParameters(), 'managementGroup');

  test('each region sends to its hub, what has no region and the activity logs to the chosen one, and the pipelines are left out', async () => {
    const assignments = of(await evaluate(), 'Microsoft.Authorization/policyAssignments');
    const initiative = '/providers/Microsoft.Authorization/policySetDefinitions/1020d527-2764-4230-92cc-7035e4fcf8a7';
    const initiatives = assignments.filter(({ properties }) => properties?.['policyDefinitionId'] === initiative);
    expect(
      initiatives.map(({ location, properties }) => {
        const { resourceLocation, eventHubAuthorizationRuleId, effect } = valuesOf(properties);
        return [location, resourceLocation, eventHubAuthorizationRuleId, effect];
      }),
    ).toEqual([
      ['westeurope', 'westeurope', ruleOf('aa'), 'DeployIfNotExists'],
      ['northeurope', 'northeurope', ruleOf('bb'), 'DeployIfNotExists'],
      ['westeurope', 'global', ruleOf('aa'), 'DeployIfNotExists'],
    ]);
    for (const { properties, identity } of initiatives) {
      expect(properties?.['notScopes']).toEqual([groupOf('aa'), groupOf('bb'), EXCLUDED]);
      expect(identity).toEqual({ type: 'SystemAssigned' });
    }
    const [activity, ...more] = assignments.filter((one) => !initiatives.includes(one));
    expect(more).toEqual([]);
    expect(valuesOf(activity?.properties)).toEqual({
      settingName: `auditseal-${'aa'.repeat(6)}x`,
      senderRuleId: ruleOf('aa'),
      hubName: 'audit',
      hubLocation: 'westeurope',
    });
    const names = assignments.map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    // Azure takes 24 characters at most in a management group.
    for (const name of names) expect(name.length).toBeLessThanOrEqual(24);
  });

  test('each assignment may write settings below the management group and read the key of its own hub, and no more', async () => {
    const deployment = await evaluate();
    const roles = of(deployment, 'Microsoft.Authorization/roleAssignments');
    const given = (principal: string): string[][] =>
      roles
        .filter(({ properties }) => properties?.['principalId'] === principal)
        .map(({ id, properties }) => [
          id.replace(/\/providers\/Microsoft\.Authorization\/roleAssignments\/.*$/, ''),
          (properties as { roleDefinitionId: string }).roleDefinitionId.replace(/^.*\//, ''),
        ])
        .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    for (const { name, properties } of of(deployment, 'Microsoft.Authorization/policyAssignments')) {
      const { eventHubAuthorizationRuleId, senderRuleId } = valuesOf(properties);
      const rule = String(eventHubAuthorizationRuleId ?? senderRuleId);
      expect(given(`principal of ${name}`)).toEqual([
        [SCOPE, '92aaf0da-9dab-42b6-94a3-d43ce8d16293'],
        [rule.split('/authorizationRules/')[0], 'f526a384-b230-433a-b45c-95f59c4a2dec'],
      ]);
    }
    for (const auditor of AUDITORS) expect(given(auditor)).toEqual([[SCOPE, 'acdd72a7-3385-48ef-bd42-f606fba81ae7']]);
    expect(roles).toHaveLength(4 * 2 + AUDITORS.length);
  });

  test('an activity log counts as sent when all of its categories go to that hub by that rule, and its template sends just them', async () => {
    // As Azure gets it: what begins with a bracket is doubled, so that the policy reads it and not the deployment.
    const { variables } = (await templates.build('estate')) as { variables: Record<string, object> };
    const text = JSON.stringify(variables['$fxv#0']);
    expect(text.match(/"\[(?!\[)(?=[a-z])/g)).toBeNull();
    const policyRule = JSON.parse(text.replaceAll('"[[', '"[')) as {
      if: object;
      then: {
        details: {
          existenceCondition: { allOf: object[] };
          deployment: {
            properties: {
              template: { resources: { properties: { logs: { category: string; enabled: boolean }[] } }[] };
            };
          };
        };
      };
    };
    expect(policyRule.if).toEqual({ field: 'type', equals: 'Microsoft.Resources/subscriptions' });
    const { existenceCondition, deployment } = policyRule.then.details;
    const [setting] = deployment.properties.template.resources;
    const categories = setting?.properties.logs.map(({ category }) => category) ?? [];
    expect(categories).toHaveLength(8);
    expect(setting?.properties.logs.every(({ enabled }) => enabled)).toBe(true);
    const [rule, hub, count] = existenceCondition.allOf;
    expect([rule, hub]).toEqual([
      {
        field: 'Microsoft.Insights/diagnosticSettings/eventHubAuthorizationRuleId',
        equals: "[parameters('senderRuleId')]",
      },
      { field: 'Microsoft.Insights/diagnosticSettings/eventHubName', equals: "[parameters('hubName')]" },
    ]);
    expect(count).toMatchObject({
      count: { where: { allOf: [{ in: categories }, { equals: 'true' }] } },
      greaterOrEquals: categories.length,
    });
    // What azd gives the first subscription sends the same.
    const [own] = of(await templates.evaluate('small'), 'Microsoft.Insights/diagnosticSettings').filter(({ id }) =>
      /^\/subscriptions\/[^/]+\/providers\//.test(id),
    );
    expect(
      ((own as Resource).properties as unknown as { logs: { category: string }[] }).logs.map(
        ({ category }) => category,
      ),
    ).toEqual(categories);
  });

  test('what is there already is remediated in each subscription that is named: Azure refuses to evaluate anew at a management group', async () => {
    const deployment = await evaluate();
    const remediations = of(deployment, 'Microsoft.PolicyInsights/remediations').map(({ id, properties }) => {
      expect(id.startsWith(`/subscriptions/${REMEDIATED}/providers/`)).toBe(true);
      const { policyAssignmentId, policyDefinitionReferenceId, ...rest } = properties as Record<string, string>;
      expect(rest).toEqual({ resourceDiscoveryMode: 'ReEvaluateCompliance', resourceCount: 50_000 });
      return [policyAssignmentId, policyDefinitionReferenceId ?? null];
    });
    const ids = of(deployment, 'Microsoft.Authorization/policyAssignments').map(({ id }) => id);
    const [west, north] = ['aa', 'bb'].map((region) => `${region.repeat(6)}x`);
    const idOf = (name: string): string => ids.find((id) => id.endsWith(`/${name}`)) ?? '';
    expect(remediations).toEqual([
      [idOf('auditseal-activity-log'), null],
      [idOf(`auditseal-${west}`), 'one'],
      [idOf(`auditseal-${north}`), 'one'],
      [idOf('auditseal-global'), 'one'],
    ]);
  });

  test('what is done to the group itself is sent to the chosen hub', async () => {
    const settings = of(await evaluate(), 'Microsoft.Insights/diagnosticSettings').filter(({ id }) =>
      id.startsWith(`${SCOPE}/`),
    );
    expect(settings.map(({ properties }) => properties)).toEqual([
      {
        eventHubAuthorizationRuleId: ruleOf('aa'),
        eventHubName: 'audit',
        logs: GROUP_CATEGORIES.map((category) => ({ category, enabled: true })),
      },
    ]);
  });

  test('two hubs in one region, and a hub for the rest that is not there, are refused', async () => {
    for (const spelling of ['WestEurope', 'West Europe'])
      await expect(templates.evaluateFile(estateParameters(spelling), 'managementGroup')).rejects.toThrow(
        'Two hubs are in one region',
      );
    await expect(templates.evaluateFile(estateParameters('northeurope', 'eastus'), 'managementGroup')).rejects.toThrow(
      'no hub is there',
    );
  });

  test('a region may be spelled as people do, and is assigned as policies compare it', async () => {
    const deployment = await templates.evaluateFile(estateParameters('North Europe', 'West Europe'), 'managementGroup');
    const locations = of(deployment, 'Microsoft.Authorization/policyAssignments').map(
      ({ properties }) => valuesOf(properties)['resourceLocation'],
    );
    expect(locations).toEqual(['westeurope', 'northeurope', 'global', undefined]);
  });

  test('the assignments that there are once are the same ones whichever hub is chosen', async () => {
    const namesWith = async (chosen: string): Promise<string[]> =>
      of(
        await templates.evaluateFile(estateParameters('northeurope', chosen), 'managementGroup'),
        'Microsoft.Authorization/policyAssignments',
      ).map(({ name }) => name);
    expect(await namesWith('northeurope')).toEqual(await namesWith('westeurope'));
  });

  test('more remediations than Azure takes in one loop are refused', async () => {
    const subscriptions = Array.from(
      { length: 200 },
      (_, i) => `'${REMEDIATED.slice(0, -3)}${String(i).padStart(3, '0')}'`,
    );
    const hubs = ['eastus', 'westus', 'uksouth'].map(
      (location) => `{ location: '${location}', senderRuleId: '${ruleOf('cc')}', hubName: 'audit' }`,
    );
    const parameters = estateParameters()
      .replace(`'${REMEDIATED}'`, subscriptions.join(', '))
      .replace('param hubs = [', `param hubs = [\n${hubs.join('\n')}`);
    await expect(templates.evaluateFile(parameters, 'managementGroup')).rejects.toThrow(
      '200 subscriptions and 5 hubs make 1200 remediations',
    );
  });
});
