import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FLEX_SUBNET, RESERVED_ADDRESSES } from '../../test/infra/support/serviceRules.ts';
import { ROOT } from '../pages/markedBlock.ts';
import { askJson, memberOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { plain } from './ledgerPolicy.ts';
import type { Place } from './place.ts';
import { Refusal } from './refusal.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SUBSCRIPTION = String.raw`/subscriptions/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`;
const GROUP = String.raw`${SUBSCRIPTION}/resourceGroups/[\w.()-]{1,90}`;
const idOf = (rest: string): RegExp => new RegExp(`^${GROUP}${rest}$`, 'i');
const SUBNET_ID = idOf(String.raw`/providers/Microsoft\.Network/virtualNetworks/[\w.-]{2,64}/subnets/[\w.-]{1,80}`);
const ARM_LINK_ID = idOf(String.raw`/providers/Microsoft\.Authorization/resourceManagementPrivateLinks/[\w.()-]{1,90}`);
const SUBNETS = ['AUDITSEAL_SEALER_SUBNET', 'AUDITSEAL_AUDITOR_SUBNET', 'AUDITSEAL_ENDPOINT_SUBNET'] as const;
/** The network that is made has three subnets of 32 addresses. */
const LONGEST_RANGE_PREFIX = 25;
/** Ledger, hub, vault, and the storage of two hosts. */
const ENDPOINTS = 5;

/**
 * requireNetwork refuses settings of a private network that contradict each other, and an existing network that the apps can't
 * run in. What it can't judge it prints. It reads, and changes nothing.
 */
export async function requireNetwork(
  tools: Tools,
  place: Place,
  env: Env,
  network: string,
  print: (line: string) => void,
): Promise<void> {
  const zones = env['AUDITSEAL_DNS_ZONES'] || 'own';
  const armLink = env['AUDITSEAL_ARM_PRIVATE_LINK'] ?? '';
  const links = env['AUDITSEAL_PRIVATE_MONITOR'] === 'true' || armLink !== '';
  const given = SUBNETS.filter((name) => (env[name] ?? '') !== '');
  const egress = env['AUDITSEAL_EGRESS'] || (given.length > 0 ? 'none' : 'natGateway');
  if (egress !== 'natGateway' && egress !== 'none')
    throw new Refusal(`AUDITSEAL_EGRESS is ${egress}: it is natGateway or none`);
  if (network === 'public') {
    if (given.length > 0 || zones !== 'own' || links)
      throw new Refusal(
        'subnets, DNS zones and private links are set, and the network is public: run `azd env set AUDITSEAL_NETWORK private`, or clear them',
      );
    return;
  }
  requireId(armLink, ARM_LINK_ID, 'AUDITSEAL_ARM_PRIVATE_LINK', 'a resource management private link');
  if (given.length === 0) {
    requireRange(env['AUDITSEAL_ADDRESS_RANGE'] || '10.90.0.0/24');
    if (zones !== 'own')
      throw new Refusal(
        `AUDITSEAL_DNS_ZONES is ${zones}: zones of elsewhere need an existing network, which asks them before the apps start. Set ${SUBNETS.join(', ')}`,
      );
    return;
  }
  if (given.length < SUBNETS.length)
    throw new Refusal(`an existing network takes three subnets: set ${SUBNETS.join(', ')}`);
  if (egress !== 'none')
    throw new Refusal('an existing network brings its own way out: run `azd env set AUDITSEAL_EGRESS none`');
  if (links)
    throw new Refusal(
      'an existing network brings its own private links: clear AUDITSEAL_PRIVATE_MONITOR and AUDITSEAL_ARM_PRIVATE_LINK',
    );
  await requireExisting(tools, place, env, print);
  if (zones !== 'own' && zones !== 'policy') await requireZones(tools, zones);
}

function requireId(id: string, form: RegExp, name: string, what: string): void {
  if (id !== '' && !form.test(id)) throw new Refusal(`${name} is ${id}: it is the resource id of ${what}`);
}

/** requireRange refuses a range that three subnets don't fit into, or that isn't the beginning of one. */
function requireRange(range: string): void {
  const [, ...digits] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(range) ?? [];
  const [prefix = NaN] = digits.slice(4).map(Number);
  const bytes = digits.slice(0, 4).map(Number);
  const first = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const isRange =
    bytes.length === 4 && bytes.every((byte) => byte < 256) && prefix >= 8 && first % 2 ** (32 - prefix) === 0;
  if (!isRange || prefix > LONGEST_RANGE_PREFIX)
    throw new Refusal(
      `AUDITSEAL_ADDRESS_RANGE is ${range}: it is a range of 128 addresses or more, such as 10.90.0.0/24, and begins where one of its size does`,
    );
}

/** requireExisting refuses subnets that Flex Consumption or private endpoints can't use. */
async function requireExisting(tools: Tools, place: Place, env: Env, print: (line: string) => void): Promise<void> {
  const ids = SUBNETS.map((name) => {
    const id = env[name] ?? '';
    requireId(id, SUBNET_ID, name, 'a subnet');
    return id;
  });
  const networks = new Set(ids.map((id) => id.replace(/\/subnets\/.*/, '').toLowerCase()));
  if (networks.size > 1) throw new Refusal('the three subnets are in different networks: take them from one');
  if (new Set(ids.map((id) => id.toLowerCase())).size < ids.length)
    throw new Refusal(
      'two of the three subnets are the same: each app and the private endpoints take one of their own',
    );
  const networkId = (ids[0] ?? '').replace(/\/subnets\/.*/, '');
  const found = await askJson(tools, ['network', 'vnet', 'show', '--ids', networkId], `what ${networkId} is like`);
  const location = String(memberOf(found, 'location'));
  if (plain(location) !== plain(place.location))
    throw new Refusal(`the network is in ${location}, and the apps are in ${place.location}: both are in one region`);
  const subnets = listIn(found, 'subnets');
  for (const [i, setting] of SUBNETS.entries()) {
    const name = (ids[i] ?? '').replace(/.*\//, '');
    const subnet = subnets.find((one) => String(memberOf(one, 'name')).toLowerCase() === name.toLowerCase());
    if (subnet === undefined) throw new Refusal(`${setting}: the network has no subnet ${name}`);
    const refuse = (why: string): never => {
      throw new Refusal(`${setting}: the subnet ${name} ${why}`);
    };
    if (setting === 'AUDITSEAL_ENDPOINT_SUBNET') requireEndpointSubnet(subnet, refuse, print);
    else requireAppSubnet(subnet, refuse, print);
  }
}

function requireAppSubnet(subnet: unknown, refuse: (why: string) => never, print: (line: string) => void): void {
  const name = String(memberOf(subnet, 'name'));
  if (!FLEX_SUBNET.name.test(name)) refuse('has an underscore in its name, which Flex Consumption refuses');
  const services = listIn(subnet, 'delegations').map((one) => String(memberOf(one, 'serviceName')));
  if (!services.includes(FLEX_SUBNET.delegation))
    refuse(
      `isn't delegated to ${FLEX_SUBNET.delegation}: run \`az network vnet subnet update --ids ${String(memberOf(subnet, 'id'))} --delegations ${FLEX_SUBNET.delegation}\``,
    );
  if (listIn(subnet, 'privateEndpoints').length > 0) refuse('has private endpoints: the app takes one of its own');
  if (addressesOf(subnet) < 2 ** (32 - FLEX_SUBNET.longestPrefix))
    refuse(`has fewer addresses than the 32 (/${FLEX_SUBNET.longestPrefix}) that an app is meant to have`);
  if (!['natGateway', 'routeTable'].some((way) => memberOf(subnet, way, 'id') !== undefined))
    print(
      `auditseal: the subnet ${name} has neither a NAT gateway nor a route table: whether apps in it reach Entra ID, Azure Monitor and Azure Resource Manager can't be told from here`,
    );
}

function requireEndpointSubnet(subnet: unknown, refuse: (why: string) => never, print: (line: string) => void): void {
  const [delegation] = listIn(subnet, 'delegations');
  if (delegation !== undefined)
    refuse(`is delegated to ${String(memberOf(delegation, 'serviceName'))}: private endpoints take one that isn't`);
  const taken = listIn(subnet, 'ipConfigurations').length;
  if (addressesOf(subnet) - RESERVED_ADDRESSES - taken < ENDPOINTS)
    refuse(`has fewer than ${ENDPOINTS} addresses left for private endpoints`);
  if ((memberOf(subnet, 'privateEndpointNetworkPolicies') ?? 'Disabled') === 'Disabled')
    print(
      `auditseal: security rules don't apply to the private endpoints in ${String(memberOf(subnet, 'name'))}: whoever reaches the network reaches them`,
    );
}

/** addressesOf counts the addresses of a subnet, which has one range or several; those of version 6 are none here. */
function addressesOf(subnet: unknown): number {
  const ranges = [memberOf(subnet, 'addressPrefix'), ...listIn(subnet, 'addressPrefixes')]
    .filter((range) => typeof range === 'string')
    .filter((range) => !range.includes(':'));
  return [...new Set(ranges)].reduce((sum, range) => sum + 2 ** (32 - Number(range.replace(/.*\//, ''))), 0);
}

/** requireZones refuses a resource group that lacks a zone. Whether the network asks them, only the network knows. */
async function requireZones(tools: Tools, group: string): Promise<void> {
  if (!idOf('').test(group))
    throw new Refusal(`AUDITSEAL_DNS_ZONES is ${group}: it is own, policy or the resource id of a resource group`);
  const [, , subscription = '', , name = ''] = group.split('/');
  const found = await askJson(
    tools,
    ['network', 'private-dns', 'zone', 'list', '--subscription', subscription, '--resource-group', name],
    `which DNS zones ${name} has`,
  );
  const has = new Set((Array.isArray(found) ? found : []).map((zone) => memberOf(zone, 'name')));
  const all = JSON.parse(await readFile(join(ROOT, 'infra', 'dnsZones.json'), 'utf8')) as Record<string, string[]>;
  const missing = ['blob', 'namespace', 'vault'].flatMap((part) => all[part] ?? []).filter((zone) => !has.has(zone));
  if (missing.length > 0)
    throw new Refusal(`AUDITSEAL_DNS_ZONES: the resource group ${name} has no zone ${missing.join(', ')}`);
}

const listIn = (value: unknown, name: string): readonly unknown[] => {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : [];
};
