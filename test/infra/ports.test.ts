import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { CONNECTIONS, cells, endpointsIn, networkIn, portsBlock, rulesIn } from './support/ports.ts';
import type { SetName } from './support/parameterSets.ts';
import { PRIVATE_ZONES } from './support/serviceRules.ts';
import { describeTemplates } from './support/templates.ts';

/** clientsIn gives what the app's code opens connections with: clients of Azure, and the runtime's own. */
function clientsIn(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    // Commands run on an operator's machine, and the witness is a server of somebody else's.
    .filter((path) => !/[\\/]src[\\/]cli[\\/]|witnessServer\.ts$/.test(path));
  return files.flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    const clients = [...text.matchAll(/(?:from|import\()\s*'(@azure\/[\w-]+|node:(?:https?|net|tls|dgram|http2))'/g)];
    return [...clients.map(([, name]) => name as string), ...(/\bfetch\(/.test(text) ? ['fetch'] : [])];
  });
}

test('every connection that the code opens is listed', () => {
  // The host opens the connections of triggers: its rows have the client `host`.
  const opened = new Set(
    [...clientsIn('src'), ...clientsIn('functions')].filter((name) => name !== '@azure/functions'),
  );
  expect(opened).toContain('@azure/storage-blob');
  const listed = new Set(CONNECTIONS.flatMap(({ clients }) => clients));
  expect([...opened].filter((name) => !listed.has(name))).toEqual([]);
});

describeTemplates('private network', (templates) => {
  test.each<[SetName, readonly string[]]>([
    ['private', []],
    ['privateLinks', ['azuremonitor', 'ResourceManagement']],
  ])('%s: each subnet lets through what is listed for it, once, and refuses the rest', async (set, parts) => {
    const deployment = await templates.evaluate(set);
    const rules = rulesIn(deployment);
    const { range, subnets } = networkIn(deployment);
    const endpoints = subnets['endpoints']?.range as string;
    const from = [range, '198.51.100.0/24'];
    const placeOf = ({ to, privately }: (typeof CONNECTIONS)[number]): string =>
      to === 'endpoints' || parts.includes(privately ?? '') ? endpoints : to === 'witnesses' ? '192.0.2.0/24' : to;
    /** flat gives rules as what they let through, in an order of its own. */
    const flat = (list: readonly { from: readonly string[]; to: string; port: string }[]): string[] =>
      [...new Set(list.map((one) => JSON.stringify(one)))].toSorted();

    expect(Object.keys(subnets)).toEqual(['sealer', 'auditor', 'endpoints']);
    for (const app of ['sealer', 'auditor'] as const) {
      expect(subnets[app]).toMatchObject({ group: app, delegatedTo: ['Microsoft.App/environments'] });
      const opens = rules.filter(({ group, access }) => group === app && access === 'Allow');
      for (const { direction, protocol } of opens) expect([direction, protocol]).toEqual(['Outbound', 'Tcp']);
      const told = opens.map((rule) => ({ from: rule.from, to: rule.to.join(), port: rule.port }));
      const wanted = CONNECTIONS.filter((row) => row.from.includes(app));
      expect(told.map((one) => JSON.stringify(one)).toSorted()).toEqual(
        flat(wanted.map((row) => ({ from, to: placeOf(row), port: String(row.port) }))),
      );
      // Each connection is named by the one rule that lets it through.
      const named = opens.flatMap((rule) => rule.description.split(', ').map((name) => `${name} to ${rule.to.join()}`));
      expect(named.toSorted()).toEqual(wanted.map((row) => `${row.name} to ${placeOf(row)}`).toSorted());
    }
    const opens = rules.filter(({ group, access }) => group === 'endpoints' && access === 'Allow');
    expect(opens.map((rule) => [rule.direction, rule.from, rule.to, rule.port])).toEqual([
      ['Inbound', from, [endpoints], '443'],
      ['Inbound', from, [endpoints], '5671'],
      ['Inbound', ['10.1.0.0/16', '10.2.0.0/16'], [endpoints], '443'],
    ]);
    for (const group of ['sealer', 'auditor', 'endpoints']) {
      for (const direction of ['Inbound', 'Outbound']) {
        const last = rules.filter((rule) => rule.group === group && rule.direction === direction).at(-1);
        expect(last).toMatchObject({
          access: 'Deny',
          protocol: '*',
          from: ['*'],
          to: ['*'],
          port: '*',
          priority: 4096,
        });
      }
    }
  });

  test('no rule lets the auditor through to the port of the hub', async () => {
    const rules = rulesIn(await templates.evaluate('private'));
    expect(rules.filter(({ group, port }) => group === 'auditor' && port === '5671')).toEqual([]);
  });

  const endOf = (id: string): string => id.split('/').at(-1) as string;

  test.each<SetName>(['private', 'privateLinks', 'existing', 'centralZones', 'policyZones', 'production'])(
    '%s: what is closed to the internet has an endpoint, and a name in zones that the network asks',
    async (set) => {
      const deployment = await templates.evaluate(set);
      const closed = deployment.resources.filter(
        ({ type, properties }) =>
          properties?.['publicNetworkAccess'] === 'Disabled' && !type.endsWith('/networkRuleSets'),
      );
      expect(closed).toHaveLength(5);
      const endpoints = endpointsIn(deployment);
      const ofServices = endpoints.filter(({ part }) => ['blob', 'namespace', 'vault'].includes(part));
      expect(ofServices.map(({ target }) => target).toSorted()).toEqual(closed.map(({ id }) => id).toSorted());
      expect(new Set(endpoints.map(({ subnet }) => subnet)).size).toBe(1);

      const made = deployment.resources.filter(({ type }) => type === 'Microsoft.Network/privateDnsZones');
      const links = deployment.resources.filter(({ type }) => type.endsWith('/virtualNetworkLinks'));
      if (set === 'centralZones' || set === 'policyZones') expect([...made, ...links]).toEqual([]);
      for (const { part, subnet, zones } of endpoints) {
        expect([part, zones.map(endOf)]).toEqual([part, set === 'policyZones' ? [] : PRIVATE_ZONES[part]]);
        if (set === 'policyZones') continue;
        if (set === 'centralZones') {
          for (const zone of zones) expect(zone).toMatch(/0000000000aa\/resourceGroups\/rg-dns\/providers\//);
          continue;
        }
        expect(made.map(({ id }) => id)).toEqual(expect.arrayContaining([...zones]));
        for (const zone of zones) {
          const linked = links.filter(({ name }) => name.startsWith(`${endOf(zone)}/`));
          expect(linked.map(({ properties }) => properties?.['virtualNetwork'])).toEqual([
            { id: subnet.replace(/\/subnets\/.*/, '') },
          ]);
        }
      }
    },
  );

  test('with a private link, Azure Monitor takes telemetry of the apps from the network to their own workspace alone', async () => {
    const deployment = await templates.evaluate('privateLinks');
    const of = (type: string) => deployment.resources.filter((one) => one.type === `Microsoft.${type}`);
    const [scope] = of('Insights/privateLinkScopes');
    expect(scope?.properties).toEqual({
      accessModeSettings: { ingestionAccessMode: 'PrivateOnly', queryAccessMode: 'Open' },
    });
    expect(
      of('Insights/privateLinkScopes/scopedResources')
        .map(({ properties }) => properties?.['linkedResourceId'] as string)
        .toSorted(),
    ).toEqual([...of('OperationalInsights/workspaces'), ...of('Insights/components')].map(({ id }) => id).toSorted());
    const parts = endpointsIn(deployment).map(({ part, target }) => [part, target]);
    expect(parts).toContainEqual(['azuremonitor', scope?.id]);
    expect(parts).toContainEqual([
      'ResourceManagement',
      expect.stringMatching(/\/resourceManagementPrivateLinks\/arm$/) as string,
    ]);
  });

  test.each<[SetName, boolean]>([
    ['private', true],
    ['production', true],
    ['privateLinks', false],
  ])('%s: whether what has no endpoint is reached through a NAT gateway: %s', async (set, isExpected) => {
    const deployment = await templates.evaluate(set);
    const gateways = deployment.resources.filter(({ type }) => type === 'Microsoft.Network/natGateways');
    const addresses = deployment.resources.filter(({ type }) => type === 'Microsoft.Network/publicIPAddresses');
    expect([gateways.length, addresses.length]).toEqual(isExpected ? [1, 1] : [0, 0]);
    for (const { properties } of gateways)
      expect(properties).toEqual({ publicIpAddresses: [{ id: addresses[0]?.id }] });
    const { subnets } = networkIn(deployment);
    for (const [name, subnet] of Object.entries(subnets)) {
      expect([name, subnet.hasDefaultOutboundAccess]).toEqual([name, false]);
      expect([name, subnet.natGateway]).toEqual([name, name === 'endpoints' ? undefined : gateways[0]?.id]);
    }
  });

  test('a subnet that somebody adds stays: the network itself names none', async () => {
    const deployment = await templates.evaluate('private');
    const network = deployment.resources.find(({ type }) => type === 'Microsoft.Network/virtualNetworks');
    expect(network?.properties).toEqual({ addressSpace: { addressPrefixes: ['10.90.0.0/24'] } });
    // Half of the range is free for it.
    const taken = Object.values(networkIn(deployment).subnets).map(({ range }) => range);
    expect(taken).toEqual(['10.90.0.0/27', '10.90.0.32/27', '10.90.0.64/27']);
  });

  test('an existing network gets endpoints and apps, and is changed in nothing', async () => {
    const { resources } = await templates.evaluate('centralZones');
    const types = resources.map(({ type }) => type).filter((type) => type.startsWith('Microsoft.Network/'));
    expect([...new Set(types)].toSorted()).toEqual([
      'Microsoft.Network/privateEndpoints',
      'Microsoft.Network/privateEndpoints/privateDnsZoneGroups',
    ]);
  });

  test.each<[string, string, RegExp]>([
    [
      'zones of elsewhere without an existing network',
      "param network = 'private'\nparam dnsZones = 'policy'",
      /asks them/,
    ],
    ['a public deployment with private links', 'param privateMonitor = true', /AUDITSEAL_NETWORK is public/],
    [
      'one subnet of three',
      "param network = 'private'\nparam sealerSubnetId = '/a/b'",
      /takes three subnets: of the sealer, of the auditor, of private endpoints/,
    ],
    [
      'an existing network and a gateway',
      "param network = 'private'\nparam egress = 'natGateway'\nparam sealerSubnetId = '/a/1'\nparam auditorSubnetId = '/a/2'\nparam endpointSubnetId = '/a/3'",
      /brings its own way out/,
    ],
    [
      'an existing network and a private link',
      "param network = 'private'\nparam privateMonitor = true\nparam sealerSubnetId = '/a/1'\nparam auditorSubnetId = '/a/2'\nparam endpointSubnetId = '/a/3'",
      /brings its own private links/,
    ],
  ])('the template refuses %s', async (_, more, says) => {
    const head =
      "using 'main.bicep'\nparam environmentName = 'logs'\nparam location = 'westeurope'\nparam size = 'small'\n";
    await expect(templates.evaluateFile(`${head}${more}\n`)).rejects.toThrow(says);
  });

  test.each<[SetName, readonly string[]]>([
    ['private', ['sealer', 'auditor']],
    ['existing', ['snet-sealer', 'snet-auditor']],
  ])('%s: each app goes out through its own subnet', async (set, subnets) => {
    const { resources } = await templates.evaluate(set);
    const sites = resources.filter(({ type }) => type === 'Microsoft.Web/sites');
    expect(
      sites.map((site) =>
        (
          site as unknown as { properties: { virtualNetworkSubnetId: string } }
        ).properties.virtualNetworkSubnetId.replace(/.*\//, ''),
      ),
    ).toEqual(subnets);
  });

  test('a public deployment has no network', async () => {
    const { resources } = await templates.evaluate('small');
    expect(resources.filter(({ type }) => type.startsWith('Microsoft.Network/'))).toEqual([]);
    for (const { properties } of resources.filter(({ type }) => type === 'Microsoft.Web/sites')) {
      expect(properties?.['virtualNetworkSubnetId']).toBeNull();
    }
  });

  test('docs/ports.md says what is deployed', async () => {
    const written = portsBlock(await templates.evaluate('private'), await templates.evaluate('privateLinks'));
    expect(cells(await readBlock('docs/ports.md', 'ports'))).toBe(cells(written));
  });
});
