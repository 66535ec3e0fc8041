import { IDENTITY, messageOf, wrongIn } from '../support/settings.ts';
import { loadConfig } from '../../src/config/config.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-0000000000aa';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/Rg/providers/Microsoft.Storage/storageAccounts/acc`;
const HUB = `/subscriptions/${SUBSCRIPTION}/resourceGroups/Rg/providers/Microsoft.EventHub/namespaces/evhns-x/eventhubs/audit`;
const TOLD = { ...IDENTITY, LEDGER_RESOURCE_ID: ID, RETENTION_DAYS: '1', POSTURE_SCHEDULE: '0 45 5 * * *' };
const ASKED = { ...TOLD, COVERAGE_SCOPES: `${SUBSCRIPTION} managementGroups/corp\ttenant`, COVERAGE_HUBS: HUB };

test('an app asks what is routed where it is told of an estate, and then promises nothing unless told to', () => {
  expect(loadConfig(TOLD).posture).not.toHaveProperty('coverage');
  const coverage = { scopes: [SUBSCRIPTION, 'managementGroups/corp', 'tenant'], hubs: [HUB], promised: 'none' };
  expect(loadConfig(ASKED).posture).toMatchObject({ coverage });
  expect(loadConfig({ ...ASKED, COVERAGE_PROMISED: 'key' }).posture).toMatchObject({ coverage: { promised: 'key' } });
});

test.each<[Record<string, string | undefined>, string, string]>([
  [{ COVERAGE_SCOPES: 'everything' }, 'COVERAGE_SCOPES', 'ids of subscriptions, managementGroups/NAME, or tenant'],
  [{ COVERAGE_SCOPES: '/subscriptions/x' }, 'COVERAGE_SCOPES', 'ids of subscriptions'],
  [{ COVERAGE_HUBS: undefined }, 'COVERAGE_HUBS', 'is missing; expected the resource ids of the hubs'],
  [{ COVERAGE_HUBS: 'audit' }, 'COVERAGE_HUBS', '/providers/Microsoft.EventHub/namespaces/NAMESPACE/eventhubs/HUB'],
  [{ COVERAGE_PROMISED: 'some' }, 'COVERAGE_PROMISED', 'expected none, key or all'],
  [{ LEDGER_RESOURCE_ID: undefined }, 'LEDGER_RESOURCE_ID', 'coverage is part of its posture'],
])('%j is wrong', (changes, name, said) => {
  const env = { ...ASKED, ...changes };
  expect(wrongIn(env)).toEqual([name]);
  expect(messageOf(env)).toContain(said);
});
