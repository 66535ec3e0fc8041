import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/pages/markedBlock.ts';
import type { Deployment, Resource } from './templates.ts';

/** Connection is a row of infra/connections.json: what the apps open, and which client opens it. */
export interface Connection {
  readonly name: string;
  readonly from: readonly ('sealer' | 'auditor')[];
  readonly to: string;
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

/** subnetsIn gives the subnets by name, with their address range and security group. */
export function subnetsIn(
  deployment: Deployment,
): Readonly<Record<string, { range: string; group: string; delegatedTo: string[] }>> {
  const [network] = of(deployment, 'virtualNetworks');
  const { subnets } = (network?.properties ?? { subnets: [] }) as unknown as {
    subnets: {
      name: string;
      properties: {
        addressPrefix: string;
        networkSecurityGroup: { id: string };
        delegations?: { properties: { serviceName: string } }[];
      };
    }[];
  };
  return Object.fromEntries(
    subnets.map(({ name, properties }) => [
      name,
      {
        range: properties.addressPrefix,
        group: properties.networkSecurityGroup.id.split('-').at(-1) as string,
        delegatedTo: (properties.delegations ?? []).map((one) => one.properties.serviceName),
      },
    ]),
  );
}

/** endpointsIn gives the private endpoints: of which resource, which part, and the zone that its name is in. */
export function endpointsIn(
  deployment: Deployment,
): { readonly target: string; readonly part: string; readonly zone: string }[] {
  const zones = of(deployment, 'privateEndpoints/privateDnsZoneGroups');
  return of(deployment, 'privateEndpoints').map(({ name, properties }) => {
    const { privateLinkServiceConnections } = properties as unknown as {
      privateLinkServiceConnections: { properties: { privateLinkServiceId: string; groupIds: string[] } }[];
    };
    const [connection] = privateLinkServiceConnections;
    const group = zones.find((one) => one.name === `${name}/default`);
    const zone = /"privateDnsZoneId":"[^"]*\/([^"/]+)"/.exec(JSON.stringify(group?.properties))?.[1] ?? '';
    return {
      target: connection?.properties.privateLinkServiceId ?? '',
      part: connection?.properties.groupIds.join() ?? '',
      zone,
    };
  });
}

/** portsBlock writes who may talk to whom, from the rules of a private network. */
export function portsBlock(deployment: Deployment): string {
  const subnets = Object.entries(subnetsIn(deployment));
  const nameOf = (range: string): string => {
    if (range === '*') return 'anything';
    const subnet = subnets.find(([, one]) => one.range === range)?.[0];
    if (subnet !== undefined) return `subnet \`${subnet}\``;
    return /^\d/.test(range) ? 'ranges that you give' : `service tag \`${range}\``;
  };
  const names = (ranges: readonly string[]): string => [...new Set(ranges.map(nameOf))].join(', ');
  const says = (name: string): string =>
    CONNECTIONS.find((one) => name.endsWith(`-${one.name}`))?.says ?? (name === 'in-operators' ? 'HTTPS' : 'anything');
  const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rules = rulesIn(deployment).map((rule) =>
    row(
      `\`${rule.group}\``,
      rule.direction === 'Inbound' ? 'in' : 'out',
      rule.access === 'Allow' ? 'let through' : 'refused',
      names(rule.from),
      names(rule.to),
      rule.port === '*' ? 'all' : `${rule.port}/${rule.protocol === 'Tcp' ? 'TCP' : rule.protocol}`,
      says(rule.name),
      rule.description,
    ),
  );
  const endpoints = endpointsIn(deployment).map(({ target, part, zone }) =>
    row(`\`${(target.split('/').at(-1) as string).replace(/-?\w{13}$/, '')}\``, part, `\`${zone}\``),
  );
  return [
    '### Rules',
    '',
    'In the order in which they count. Answers to what was let through are let through.',
    '',
    row('at subnet', 'direction', 'is', 'from', 'to', 'port', 'speaks', 'why'),
    row(...Array.from({ length: 8 }, () => '---')),
    ...rules,
    '',
    '### Private endpoints',
    '',
    row('of', 'part', 'DNS zone'),
    row('---', '---', '---'),
    ...endpoints,
  ].join('\n');
}

/** cells gives a page without the padding that the formatter gives its tables. */
export const cells = (page: string): string => page.trim().replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
