import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, readBlock } from '../../tools/pages/markedBlock.ts';
import { CONNECTIONS, cells, endpointsIn, portsBlock, rulesIn, subnetsIn } from './support/ports.ts';
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
  test('each subnet lets through what is listed for it, and refuses the rest', async () => {
    const deployment = await templates.evaluate('private');
    const rules = rulesIn(deployment);
    const subnets = subnetsIn(deployment);
    const rangeOf = (name: string): string => subnets[name]?.range as string;
    const to = (name: string): string[] =>
      name === 'endpoints' ? [rangeOf('endpoints')] : name === 'witnesses' ? ['192.0.2.0/24'] : [name];

    expect(Object.keys(subnets)).toEqual(['sealer', 'auditor', 'endpoints']);
    for (const app of ['sealer', 'auditor'] as const) {
      expect(subnets[app]).toMatchObject({ group: app, delegatedTo: ['Microsoft.App/environments'] });
      const opens = rules.filter(({ group, access }) => group === app && access === 'Allow');
      expect(opens.map(({ direction, from, to, port, protocol }) => [direction, from, to, port, protocol])).toEqual(
        CONNECTIONS.filter(({ from }) => from.includes(app)).map((row) => [
          'Outbound',
          [rangeOf(app)],
          to(row.to),
          String(row.port),
          'Tcp',
        ]),
      );
    }
    const opens = rules.filter(({ group, access }) => group === 'endpoints' && access === 'Allow');
    expect(opens.map(({ direction, from, to, port }) => [direction, from, to, port])).toEqual([
      ...CONNECTIONS.filter((row) => row.to === 'endpoints').map((row) => [
        'Inbound',
        row.from.map(rangeOf),
        [rangeOf('endpoints')],
        String(row.port),
      ]),
      ['Inbound', ['10.1.0.0/16', '10.2.0.0/16'], [rangeOf('endpoints')], '443'],
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
      const places = rules
        .filter((rule) => rule.group === group)
        .map(({ direction, priority }) => `${direction} ${priority}`);
      expect(new Set(places).size).toBe(places.length);
    }
    for (const { description } of rules) expect(description.length).toBeLessThanOrEqual(140);
  });

  test('the auditor has no way to the hub', async () => {
    const rules = rulesIn(await templates.evaluate('private'));
    expect(rules.filter(({ group, port }) => group === 'auditor' && port === '5671')).toEqual([]);
  });

  test('what is closed to the internet has an endpoint, and a name in a zone that the network asks', async () => {
    const deployment = await templates.evaluate('private');
    const closed = deployment.resources.filter(
      ({ type, properties }) =>
        properties?.['publicNetworkAccess'] === 'Disabled' && !type.endsWith('/networkRuleSets'),
    );
    const endpoints = endpointsIn(deployment);
    expect(endpoints.map(({ target }) => target).toSorted()).toEqual(closed.map(({ id }) => id).toSorted());
    expect(closed).toHaveLength(5);
    const zoneOf: Readonly<Record<string, string>> = {
      blob: 'privatelink.blob.core.windows.net',
      namespace: 'privatelink.servicebus.windows.net',
      vault: 'privatelink.vaultcore.azure.net',
    };
    for (const { part, zone } of endpoints) expect(zone).toBe(zoneOf[part]);
    const links = deployment.resources.filter(({ type }) => type.endsWith('/virtualNetworkLinks'));
    expect(links.map(({ name }) => name.replace(/\/.*/, '')).toSorted()).toEqual(Object.values(zoneOf).toSorted());
  });

  test('each app goes out through its own subnet', async () => {
    const { resources } = await templates.evaluate('private');
    const sites = resources.filter(({ type }) => type === 'Microsoft.Web/sites');
    expect(
      sites.map((site) =>
        (
          site as unknown as { properties: { virtualNetworkSubnetId: string } }
        ).properties.virtualNetworkSubnetId.replace(/.*\//, ''),
      ),
    ).toEqual(['sealer', 'auditor']);
  });

  test('a public deployment has no network', async () => {
    const { resources } = await templates.evaluate('small');
    expect(resources.filter(({ type }) => type.startsWith('Microsoft.Network/'))).toEqual([]);
    for (const { properties } of resources.filter(({ type }) => type === 'Microsoft.Web/sites')) {
      expect(properties?.['virtualNetworkSubnetId']).toBeNull();
    }
  });

  test('docs/ports.md says what is deployed', async () => {
    const written = portsBlock(await templates.evaluate('private'));
    expect(cells(await readBlock('docs/ports.md', 'ports'))).toBe(cells(written));
  });
});
