import type { SetName } from './support/parameterSets.ts';
import { networkIn, rulesIn } from './support/ports.ts';
import { FLEX_SUBNET, RESERVED_ADDRESSES, SECURITY_RULE } from './support/serviceRules.ts';
import { describeTemplates } from './support/templates.ts';

const OWN_NETWORKS = ['private', 'privateLinks', 'production', 'longest'] as const satisfies readonly SetName[];

describeTemplates('service rules of networks', (templates) => {
  test.each(OWN_NETWORKS)(
    '%s: subnets of apps are as Flex Consumption wants them, and endpoints have room',
    async (set) => {
      const deployment = await templates.evaluate(set);
      const subnets = Object.entries(networkIn(deployment).subnets);
      const sizeOf = (range: string): number => 2 ** (32 - Number(range.replace(/.*\//, '')));
      const apps = subnets.filter(([, { delegatedTo }]) => delegatedTo.length > 0);
      expect(apps).toHaveLength(2);
      for (const [name, { range, delegatedTo }] of apps) {
        expect(name).toMatch(FLEX_SUBNET.name);
        expect(delegatedTo).toEqual([FLEX_SUBNET.delegation]);
        expect(sizeOf(range)).toBeGreaterThanOrEqual(2 ** (32 - FLEX_SUBNET.longestPrefix));
      }
      const others = subnets.filter(([, { delegatedTo }]) => delegatedTo.length === 0);
      const endpoints = deployment.resources.filter(({ type }) => type === 'Microsoft.Network/privateEndpoints');
      const ids = new Set(
        endpoints.map(({ properties }) => (properties as unknown as { subnet: { id: string } }).subnet.id),
      );
      expect([...ids].map((id) => id.replace(/.*\//, ''))).toEqual(others.map(([name]) => name));
      expect(sizeOf(others[0]?.[1].range ?? '/32') - RESERVED_ADDRESSES).toBeGreaterThanOrEqual(endpoints.length);
    },
  );

  test.each(OWN_NETWORKS)('%s: security rules say what a rule may say, each in a place of its own', async (set) => {
    const rules = rulesIn(await templates.evaluate(set));
    expect(rules.length).toBeGreaterThan(10);
    for (const { name, description, priority } of rules) {
      expect(name).toMatch(SECURITY_RULE.name);
      expect(description.length).toBeLessThanOrEqual(SECURITY_RULE.longestDescription);
      expect(priority).toBeGreaterThanOrEqual(SECURITY_RULE.leastPriority);
      expect(priority).toBeLessThanOrEqual(SECURITY_RULE.greatestPriority);
    }
    const unique = (of: (rule: (typeof rules)[number]) => string): number => new Set(rules.map(of)).size;
    expect(unique((rule) => `${rule.group} ${rule.name}`)).toBe(rules.length);
    expect(unique((rule) => `${rule.group} ${rule.direction} ${rule.priority}`)).toBe(rules.length);
  });
});
