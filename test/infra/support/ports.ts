import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/pages/markedBlock.ts';
import type { Deployment, Resource } from './templates.ts';

/** Connection is a row of infra/connections.json: what the apps open, and which client opens it. */
export interface Connection {
  readonly name: string;
  readonly from: readonly ('sealer' | 'auditor')[];
  readonly to: string;
  /** part of the private endpoint that can take the place of `to` */
  readonly privately?: 'azuremonitor' | 'ResourceManagement';
  readonly port: number;
  readonly says: string;
  readonly clients: readonly string[];
  readonly why: string;
}

export const CONNECTIONS = JSON.parse(
  readFileSync(join(ROOT, 'infra/connections.json'), 'utf8'),
) as readonly Connection[];

/** Rule is a rule of a security group. */
export interface Rule {
  readonly group: string;
  readonly name: string;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  readonly priority: number;
  readonly protocol: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly port: string;
  readonly description: string;
}

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === `Microsoft.Network/${type}`);

/** rulesIn gives the rules of every security group, in the order in which they count. */
export function rulesIn(deployment: Deployment): Rule[] {
  return of(deployment, 'networkSecurityGroups').flatMap(({ name, properties }) => {
    const { securityRules } = properties as unknown as {
      securityRules: { name: string; properties: Readonly<Record<string, unknown>> }[];
    };
    return securityRules
      .map((rule) => {
        const {
          sourceAddressPrefix,
          sourceAddressPrefixes,
          destinationAddressPrefix,
          destinationAddressPrefixes,
          ...rest
        } = rule.properties;
        const list = (one: unknown, many: unknown): string[] =>
          [one, many].flat().filter((text) => typeof text === 'string');
        return {
          ...(rest as unknown as Pick<Rule, 'direction' | 'access' | 'priority' | 'protocol' | 'description'>),
          group: name.split('-').at(-1) as string,
          name: rule.name,
          from: list(sourceAddressPrefix, sourceAddressPrefixes),
          to: list(destinationAddressPrefix, destinationAddressPrefixes),
          port: rest['destinationPortRange'] as string,
        };
      })
      .toSorted((a, b) => a.priority - b.priority);
  });
}

/** Subnet is a subnet of the network that is made. */
export interface Subnet {
  readonly range: string;
  readonly group: string;
  readonly delegatedTo: readonly string[];
  readonly hasDefaultOutboundAccess: boolean;
  readonly natGateway: string | undefined;
}

/** networkIn gives the network that is made: its range, and the subnets by name. */
export function networkIn(deployment: Deployment): {
  readonly range: string;
  readonly subnets: Readonly<Record<string, Subnet>>;
} {
  const [network] = of(deployment, 'virtualNetworks');
  if (network === undefined) throw new Error('no network is made');
  const { addressSpace } = network.properties as unknown as { addressSpace: { addressPrefixes: [string] } };
  const subnets = of(deployment, 'virtualNetworks/subnets') as unknown as readonly {
    name: string;
    properties: {
      addressPrefix: string;
      defaultOutboundAccess?: boolean;
      networkSecurityGroup: { id: string };
      natGateway?: { id: string } | null;
      delegations?: { properties: { serviceName: string } }[];
    };
  }[];
  return {
    range: addressSpace.addressPrefixes[0],
    subnets: Object.fromEntries(
      subnets.map(({ name, properties }) => [
        name.replace(`${network.name}/`, ''),
        {
          range: properties.addressPrefix,
          group: properties.networkSecurityGroup.id.split('-').at(-1) as string,
          delegatedTo: (properties.delegations ?? []).map((one) => one.properties.serviceName),
          hasDefaultOutboundAccess: properties.defaultOutboundAccess ?? true,
          natGateway: properties.natGateway?.id,
        },
      ]),
    ),
  };
}

/** Endpoint is a private endpoint: of which resource, which part, in which subnet, and the zones that its names are in. */
export interface Endpoint {
  readonly target: string;
  readonly part: string;
  readonly subnet: string;
  readonly zones: readonly string[];
}

/** endpointsIn gives the private endpoints. */
export function endpointsIn(deployment: Deployment): Endpoint[] {
  const groups = of(deployment, 'privateEndpoints/privateDnsZoneGroups');
  return of(deployment, 'privateEndpoints').map(({ name, properties }) => {
    const { privateLinkServiceConnections, subnet } = properties as unknown as {
      privateLinkServiceConnections: { properties: { privateLinkServiceId: string; groupIds: string[] } }[];
      subnet: { id: string };
    };
    const [connection] = privateLinkServiceConnections;
    const { privateDnsZoneConfigs } = (groups.find((one) => one.name === `${name}/default`)?.properties ?? {
      privateDnsZoneConfigs: [],
    }) as unknown as { privateDnsZoneConfigs: { properties: { privateDnsZoneId: string } }[] };
    return {
      target: connection?.properties.privateLinkServiceId ?? '',
      part: connection?.properties.groupIds.join() ?? '',
      subnet: subnet.id,
      zones: privateDnsZoneConfigs.map((config) => config.properties.privateDnsZoneId),
    };
  });
}

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]): string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows,
];

/** ruleRows writes the rules of the security groups, a row each. */
function ruleRows(deployment: Deployment): string[] {
  const { range: whole, subnets } = networkIn(deployment);
  const nameOf = (range: string): string => {
    if (range === '*') return 'anything';
    if (range === whole) return 'the network';
    const subnet = Object.entries(subnets).find(([, one]) => one.range === range)?.[0];
    if (subnet !== undefined) return `subnet \`${subnet}\``;
    return /^\d/.test(range) ? 'ranges that you give' : `service tag \`${range}\``;
  };
  const names = (ranges: readonly string[]): string => [...new Set(ranges.map(nameOf))].join(', ');
  return rulesIn(deployment).map((rule) => {
    // A rule that lets connections through is described by their names.
    const meant = rule.description.split(', ').map((name) => CONNECTIONS.find((one) => one.name === name));
    const known = meant.filter((one) => one !== undefined);
    return row(
      `\`${rule.group}\``,
      rule.direction === 'Inbound' ? 'in' : 'out',
      rule.access === 'Allow' ? 'let through' : 'refused',
      names(rule.from),
      names(rule.to),
      rule.port === '*' ? 'all' : `${rule.port}/${rule.protocol === 'Tcp' ? 'TCP' : rule.protocol}`,
      known.length > 0
        ? [...new Set(known.map(({ says }) => says))].join(', ')
        : rule.name === 'in-operators'
          ? 'HTTPS'
          : 'anything',
      known.length > 0 ? known.map(({ why }) => why).join('; ') : rule.description,
    );
  });
}

const endpointRows = (deployment: Deployment): string[] =>
  endpointsIn(deployment).map(({ target, part, zones }) =>
    row(
      `\`${(target.split('/').at(-1) as string).replace(/-?\w{13}$/, '')}\``,
      part,
      zones.map((zone) => `\`${zone.split('/').at(-1)}\``).join(', '),
    ),
  );

const RULE_HEAD = ['at subnet', 'direction', 'is', 'from', 'to', 'port', 'speaks', 'why'];
const ENDPOINT_HEAD = ['of', 'part', 'DNS zones'];

/** portsBlock writes who may talk to whom, from a private network, and what is otherwise with private links. */
export function portsBlock(deployment: Deployment, linked: Deployment): string {
  const rules = ruleRows(deployment);
  const linkedRules = ruleRows(linked);
  const endpoints = endpointRows(deployment);
  const gone = rulesIn(deployment)
    .flatMap(({ to }) => to)
    .filter((to) => !rulesIn(linked).some((rule) => rule.to.includes(to)));
  return [
    '### Subnets',
    '',
    ...table(
      ['subnet', 'size', 'delegated to', 'way out'],
      Object.entries(networkIn(deployment).subnets).map(([name, { range, delegatedTo, natGateway }]) =>
        row(
          `\`${name}\``,
          range.replace(/.*(?=\/)/, ''),
          delegatedTo.map((service) => `\`${service}\``).join(),
          natGateway === undefined ? 'none' : 'NAT gateway',
        ),
      ),
    ),
    '',
    '### Rules',
    '',
    'In the order in which they count. Answers to what was let through are let through.',
    '',
    ...table(RULE_HEAD, rules),
    '',
    '### Private endpoints',
    '',
    ...table(ENDPOINT_HEAD, endpoints),
    '',
    '### With private links',
    '',
    `With \`AUDITSEAL_PRIVATE_MONITOR\` and \`AUDITSEAL_ARM_PRIVATE_LINK\` these take the place of the rules for ${[...new Set(gone)].map((tag) => `\`${tag}\``).join(' and ')}:`,
    '',
    ...table(
      RULE_HEAD,
      linkedRules.filter((one) => !rules.includes(one)),
    ),
    '',
    ...table(
      ENDPOINT_HEAD,
      endpointRows(linked).filter((one) => !endpoints.includes(one)),
    ),
  ].join('\n');
}

/** cells gives a page without the padding that the formatter gives its tables. */
export const cells = (page: string): string => page.trim().replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
