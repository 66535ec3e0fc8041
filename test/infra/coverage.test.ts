import { loadConfig } from '../../src/config/config.ts';
import { OTHER_HUB } from './support/parameterSets.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment } from './support/templates.ts';

const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000001';

/** settingsOf gives the settings of the app that runs a service. */
function settingsOf({ resources }: Deployment, service: string): Record<string, string> {
  const site = resources.find(
    ({ type, tags }) => type === 'Microsoft.Web/sites' && Object(tags)['azd-service-name'] === service,
  );
  const own = resources.find(({ id }) => id === `${site?.id}/config/appsettings`);
  return (own?.properties ?? {}) as Record<string, string>;
}

const onSubscription = ({ resources }: Deployment): (readonly [unknown, string | undefined])[] =>
  resources
    .filter(
      ({ id, type }) =>
        type === 'Microsoft.Authorization/roleAssignments' && /^\/subscriptions\/[^/]+\/providers\//.test(id),
    )
    .map(({ properties }) => {
      const { principalId, roleDefinitionId } = properties as { principalId: string; roleDefinitionId: string };
      return [principalId, roleDefinitionId.split('/').at(-1)] as const;
    });

describeTemplates('coverage', (templates) => {
  test('the auditor asks about its subscription and hub, with the role Reader, and about nothing else unless told to', async () => {
    const deployment = await templates.evaluate('small');
    const [hub] = deployment.resources.filter(({ type }) => type === 'Microsoft.EventHub/namespaces/eventhubs');
    const { posture } = loadConfig(settingsOf(deployment, 'auditor'));
    expect(posture?.coverage).toEqual({ scopes: [SUBSCRIPTION.split('/')[2]], hubs: [hub?.id], promised: 'none' });
    expect(onSubscription(deployment)).toEqual([
      [expect.stringMatching(/^principal of id-auditor-/), 'acdd72a7-3385-48ef-bd42-f606fba81ae7'],
    ]);
    expect(Object.keys(settingsOf(deployment, 'sealer')).filter((name) => name.startsWith('COVERAGE'))).toEqual([]);
  });

  test('more scopes, other hubs and what is promised are handed on', async () => {
    const deployment = await templates.evaluate('routed');
    const { posture } = loadConfig(settingsOf(deployment, 'auditor'));
    expect(posture?.coverage).toMatchObject({
      scopes: [SUBSCRIPTION.split('/')[2], 'managementGroups/corp', 'tenant'],
      hubs: [expect.stringContaining('/eventhubs/audit'), OTHER_HUB],
      promised: 'key',
    });
  });

  test('switched off, it asks nothing and has no right', async () => {
    const deployment = await templates.evaluate('second');
    expect(loadConfig(settingsOf(deployment, 'auditor')).posture).not.toHaveProperty('coverage');
    expect(onSubscription(deployment).filter(([, role]) => role === 'acdd72a7-3385-48ef-bd42-f606fba81ae7')).toEqual(
      [],
    );
  });
});
