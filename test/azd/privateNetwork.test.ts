import { requireNetwork } from '../../tools/azd/privateNetwork.ts';
import type { Answer, Tools } from '../../tools/azd/azureTools.ts';
import { faultOf } from '../support/azureCommands.ts';

const PLACE = { environment: 'logs', location: 'westeurope', subscription: '11111111-2222-3333-4444-555555555555' };
const HUB = '/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups';
const NETWORK = `${HUB}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-spoke`;
const SUBNETS = {
  AUDITSEAL_SEALER_SUBNET: `${NETWORK}/subnets/snet-sealer`,
  AUDITSEAL_AUDITOR_SUBNET: `${NETWORK}/subnets/snet-auditor`,
  AUDITSEAL_ENDPOINT_SUBNET: `${NETWORK}/subnets/snet-endpoints`,
};

/** appSubnet is a subnet as `az network vnet show` prints one that an app can use. */
const appSubnet = (name: string, changes: object = {}): object => ({
  name,
  id: `${NETWORK}/subnets/${name}`,
  addressPrefix: '10.1.0.0/27',
  addressPrefixes: ['10.1.0.0/27'],
  delegations: [{ serviceName: 'Microsoft.App/environments' }],
  routeTable: { id: 'rt' },
  privateEndpoints: null,
  ...changes,
});
const endpointSubnet = (changes: object = {}): object => ({
  name: 'snet-endpoints',
  addressPrefix: '10.1.0.64/28',
  delegations: [],
  privateEndpointNetworkPolicies: 'Enabled',
  ...changes,
});
const networkOf = (...subnets: readonly object[]): object => ({ location: 'westeurope', subnets });
const FINE = networkOf(appSubnet('snet-sealer'), appSubnet('snet-auditor'), endpointSubnet());
const ZONES = [
  'privatelink.blob.core.windows.net',
  'privatelink.servicebus.windows.net',
  'privatelink.vaultcore.azure.net',
];

/** check gives what is printed and asked, and throws what is refused. */
async function check(env: Readonly<Record<string, string>>, network = FINE, zones = ZONES, kind = 'private') {
  const calls: string[] = [];
  const printed: string[] = [];
  const tools: Tools = {
    run: (program, args): Promise<Answer> => {
      const line = [program, ...args].join(' ');
      expect([line, faultOf(line)]).toEqual([line, undefined]);
      calls.push(line);
      const answer = args.includes('zone') ? zones.map((name) => ({ name })) : network;
      return Promise.resolve({ code: 0, stdout: JSON.stringify(answer), stderr: '' });
    },
  };
  await requireNetwork(tools, PLACE, env, kind, (line) => void printed.push(line));
  return { calls, printed };
}

describe('a network that is made', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['by default', {}],
    ['with the smallest range', { AUDITSEAL_ADDRESS_RANGE: '10.1.2.128/25' }],
    ['without a way out', { AUDITSEAL_EGRESS: 'none' }],
    [
      'with private links',
      {
        AUDITSEAL_PRIVATE_MONITOR: 'true',
        AUDITSEAL_ARM_PRIVATE_LINK: `${HUB}/rg-arm/providers/Microsoft.Authorization/resourceManagementPrivateLinks/arm`,
      },
    ],
  ])('%s: nothing is asked of Azure', async (_, env) => {
    expect(await check(env)).toEqual({ calls: [], printed: [] });
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a range of 64 addresses', { AUDITSEAL_ADDRESS_RANGE: '10.1.2.0/26' }, /128 addresses or more/],
    [
      'a range that begins in the middle',
      { AUDITSEAL_ADDRESS_RANGE: '10.1.2.64/25' },
      /begins where one of its size does/,
    ],
    ['a range that is an address', { AUDITSEAL_ADDRESS_RANGE: '10.1.2.0' }, /AUDITSEAL_ADDRESS_RANGE is 10\.1\.2\.0:/],
    ['a range with a byte of 256', { AUDITSEAL_ADDRESS_RANGE: '10.256.0.0/24' }, /it is a range/],
    ['a range larger than any network', { AUDITSEAL_ADDRESS_RANGE: '0.0.0.0/4' }, /it is a range/],
    ['an unknown way out', { AUDITSEAL_EGRESS: 'firewall' }, /it is natGateway or none/],
    ['zones of elsewhere', { AUDITSEAL_DNS_ZONES: 'policy' }, /need an existing network.*Set AUDITSEAL_SEALER_SUBNET/],
    [
      'a link that is none',
      { AUDITSEAL_ARM_PRIVATE_LINK: '/x; rm' },
      /the resource id of a resource management private link/,
    ],
    [
      'one subnet of three',
      { AUDITSEAL_AUDITOR_SUBNET: SUBNETS.AUDITSEAL_AUDITOR_SUBNET },
      /takes three subnets: set AUDITSEAL_SEALER_SUBNET/,
    ],
  ])('%s is refused', async (_, env, says) => {
    await expect(check(env)).rejects.toThrow(says);
  });
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['subnets', SUBNETS],
  ['zones', { AUDITSEAL_DNS_ZONES: 'policy' }],
  ['a private link', { AUDITSEAL_PRIVATE_MONITOR: 'true' }],
])('a public deployment with %s is refused', async (_, env) => {
  await expect(check(env, FINE, ZONES, 'public')).rejects.toThrow(/the network is public: run `azd env set/);
});

test('a public deployment needs nothing', async () => {
  expect(await check({}, FINE, ZONES, 'public')).toEqual({ calls: [], printed: [] });
});

describe('an existing network', () => {
  test('that fits is looked at once', async () => {
    expect(await check(SUBNETS)).toEqual({
      calls: [`az network vnet show --ids ${NETWORK} --output json`],
      printed: [],
    });
  });

  test.each<[string, object, RegExp]>([
    ['in another region', { ...FINE, location: 'northeurope' }, /is in northeurope, and the apps are in westeurope/],
    ['without the subnet', networkOf(appSubnet('snet-sealer'), endpointSubnet()), /has no subnet snet-auditor/],
    [
      'with a subnet that is not delegated',
      networkOf(appSubnet('snet-sealer', { delegations: [] }), appSubnet('snet-auditor'), endpointSubnet()),
      /snet-sealer isn't delegated to Microsoft\.App\/environments: run `az network vnet subnet update --ids \/sub/,
    ],
    [
      'with a subnet that is delegated to something else',
      networkOf(
        appSubnet('snet-sealer'),
        appSubnet('snet-auditor', { delegations: [{ serviceName: 'Microsoft.Web/serverFarms' }] }),
        endpointSubnet(),
      ),
      /AUDITSEAL_AUDITOR_SUBNET: the subnet snet-auditor isn't delegated/,
    ],
    [
      'with a subnet of 16 addresses',
      networkOf(
        appSubnet('snet-sealer', { addressPrefix: null, addressPrefixes: ['10.1.0.0/28', 'fd00::/64'] }),
        appSubnet('snet-auditor'),
        endpointSubnet(),
      ),
      /has fewer addresses than the 32/,
    ],
    [
      'with private endpoints in the subnet of an app',
      networkOf(appSubnet('snet-sealer', { privateEndpoints: [{}] }), appSubnet('snet-auditor'), endpointSubnet()),
      /has private endpoints/,
    ],
    [
      'with a delegated subnet for endpoints',
      networkOf(appSubnet('snet-sealer'), appSubnet('snet-auditor'), appSubnet('snet-endpoints')),
      /is delegated to Microsoft\.App\/environments: private endpoints take one that isn't/,
    ],
    [
      'with a full subnet for endpoints',
      networkOf(
        appSubnet('snet-sealer'),
        appSubnet('snet-auditor'),
        endpointSubnet({ ipConfigurations: Array.from({ length: 7 }, () => ({})) }),
      ),
      /fewer than 5 addresses left/,
    ],
  ])('%s is refused', async (_, network, says) => {
    await expect(check(SUBNETS, network)).rejects.toThrow(says);
  });

  test('takes no subnet with an underscore for an app', async () => {
    const network = networkOf(appSubnet('snet_sealer'), appSubnet('snet-auditor'), endpointSubnet());
    const env = { ...SUBNETS, AUDITSEAL_SEALER_SUBNET: `${NETWORK}/subnets/snet_sealer` };
    await expect(check(env, network)).rejects.toThrow(/has an underscore in its name/);
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['an id that is none', { AUDITSEAL_SEALER_SUBNET: 'snet-sealer' }, /AUDITSEAL_SEALER_SUBNET is snet-sealer: it is/],
    [
      'subnets of two networks',
      { AUDITSEAL_ENDPOINT_SUBNET: SUBNETS.AUDITSEAL_ENDPOINT_SUBNET.replace('spoke', 'hub') },
      /in different networks/,
    ],
    [
      'the same subnet twice',
      { AUDITSEAL_AUDITOR_SUBNET: SUBNETS.AUDITSEAL_SEALER_SUBNET.replace('snet', 'SNET') },
      /two of the three subnets are the same/,
    ],
    ['a gateway', { AUDITSEAL_EGRESS: 'natGateway' }, /`azd env set AUDITSEAL_EGRESS none`/],
    ['a private link', { AUDITSEAL_PRIVATE_MONITOR: 'true' }, /brings its own private links/],
    [
      'zones that are no group',
      { AUDITSEAL_DNS_ZONES: 'central' },
      /own, policy or the resource id of a resource group/,
    ],
  ])('%s is refused', async (_, env, says) => {
    await expect(check({ ...SUBNETS, ...env })).rejects.toThrow(says);
  });

  test('what can not be judged is said', async () => {
    const network = networkOf(
      appSubnet('snet-sealer', { routeTable: null }),
      appSubnet('snet-auditor', { routeTable: null, natGateway: { id: 'nat' } }),
      endpointSubnet({ privateEndpointNetworkPolicies: 'Disabled' }),
    );
    const { printed } = await check(SUBNETS, network);
    expect(printed).toEqual([
      expect.stringMatching(/snet-sealer has neither a NAT gateway nor a route table/) as string,
      expect.stringMatching(/security rules don't apply to the private endpoints in snet-endpoints/) as string,
    ]);
  });
});

describe('zones of elsewhere', () => {
  const env = { ...SUBNETS, AUDITSEAL_DNS_ZONES: `${HUB}/rg-dns` };

  test('are looked for', async () => {
    const { calls } = await check(env);
    expect(calls.at(-1)).toBe(
      'az network private-dns zone list --subscription 22222222-2222-3333-4444-555555555555 --resource-group rg-dns --output json',
    );
  });

  test('that are missing are named', async () => {
    await expect(check(env, FINE, ZONES.slice(0, 1))).rejects.toThrow(
      /rg-dns has no zone privatelink\.servicebus\.windows\.net, privatelink\.vaultcore\.azure\.net/,
    );
  });

  test('of a policy are nobody to be asked for', async () => {
    const { calls } = await check({ ...SUBNETS, AUDITSEAL_DNS_ZONES: 'policy' });
    expect(calls).toHaveLength(1);
  });
});
