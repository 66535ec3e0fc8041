metadata name = 'Network'
metadata description = 'Virtual network of the apps and of the private endpoints, with a way out. Everything is refused but what connections.json lists.'

import { hubName, partsOf, senderRuleName, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the virtual network, and the beginning of the names of its security groups.')
@minLength(2)
@maxLength(48)
param networkName string

@description('Required. Address range, of 128 addresses at least. Choose one that is free where operators come from.')
@minLength(9)
@maxLength(18)
param addressRange string

@description('Required. Address ranges of operators, in networks that are peered with this one, who may reach the private endpoints.')
@maxLength(100)
param operatorRanges string[]

@description('Required. Address ranges of witnesses. Empty: nothing goes out to the internet.')
@maxLength(100)
param witnessRanges string[]

@description('Required. More address ranges that requests of the apps come from inside the network, as its logs show them.')
@maxLength(100)
param appRanges string[]

@description('Required. Whether the apps go out to Azure\'s public addresses through a NAT gateway.')
param hasNatGateway bool

@description('Required. Parts of private endpoints that take the place of service tags: members of connections.json.')
param privateParts partsOf

@description('Required. Namespace of the event hub, for the logs of the security groups.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Workspace for the logs of the security groups.')
@minLength(4)
@maxLength(63)
param workspaceName string

var connections = loadJsonContent('../connections.json')
var apps = ['sealer', 'auditor']
var ranges = {
  sealer: cidrSubnet(addressRange, 27, 0)
  auditor: cidrSubnet(addressRange, 27, 1)
  endpoints: cidrSubnet(addressRange, 27, 2)
}
// Not the subnets: which of a subnet's addresses Flex Consumption sends from is written nowhere
// (https://github.com/Azure/azure-functions-host/issues/10620), and a rule here stands at one subnet anyway.
var sources = concat([addressRange], appRanges)
var open = map(filter(connections, row => row.to != 'witnesses' || !empty(witnessRanges)), row => {
  ...row
  to: contains(privateParts, row.?privately ?? '') ? 'endpoints' : row.to
})
// A rule knows an address and a port. Connections that have both in common share one.
var targets = union(map(open, row => '${row.to}-${row.port}'), [])
var connectionsTo = toObject(
  targets,
  target => target,
  target => filter(open, row => '${row.to}-${row.port}' == target)
)

var refuseIn = {
  name: 'refuse-in'
  properties: {
    description: 'Nothing else comes in.'
    direction: 'Inbound'
    access: 'Deny'
    priority: 4096
    protocol: '*'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}
var refuseOut = {
  name: 'refuse-out'
  properties: {
    description: 'Nothing else goes out.'
    direction: 'Outbound'
    access: 'Deny'
    priority: 4096
    protocol: '*'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}
var fromOperators = empty(operatorRanges)
  ? []
  : [
      {
        name: 'in-operators'
        properties: {
          description: 'operators verify, and lock, from peered networks'
          direction: 'Inbound'
          access: 'Allow'
          priority: 200
          protocol: 'Tcp'
          sourceAddressPrefixes: operatorRanges
          sourcePortRange: '*'
          destinationAddressPrefix: ranges.endpoints
          destinationPortRange: '443'
        }
      }
    ]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource hubNamespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName

  resource sender 'authorizationRules' existing = {
    name: senderRuleName
  }
}

resource appRules 'Microsoft.Network/networkSecurityGroups@2024-10-01' = [
  for app in apps: {
    name: '${networkName}-${app}'
    location: location
    tags: tags
    properties: {
      securityRules: concat(
        map(
          filter(targets, target => !empty(filter(connectionsTo[target], row => contains(row.from, app)))),
          target => {
            name: 'out-${target}'
            properties: {
              description: join(
                map(filter(connectionsTo[target], row => contains(row.from, app)), row => row.name),
                ', '
              )
              direction: 'Outbound'
              access: 'Allow'
              priority: 100 + indexOf(targets, target)
              protocol: 'Tcp'
              sourceAddressPrefixes: sources
              sourcePortRange: '*'
              destinationAddressPrefix: connectionsTo[target][0].to == 'endpoints'
                ? ranges.endpoints
                : connectionsTo[target][0].to == 'witnesses' ? null : connectionsTo[target][0].to
              destinationAddressPrefixes: connectionsTo[target][0].to == 'witnesses' ? witnessRanges : null
              destinationPortRange: string(connectionsTo[target][0].port)
            }
          }
        ),
        [refuseIn, refuseOut]
      )
    }
  }
]

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2024-10-01' = {
  name: '${networkName}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      map(filter(targets, target => connectionsTo[target][0].to == 'endpoints'), target => {
        name: 'in-${target}'
        properties: {
          description: join(map(connectionsTo[target], row => row.name), ', ')
          direction: 'Inbound'
          access: 'Allow'
          priority: 100 + indexOf(targets, target)
          protocol: 'Tcp'
          sourceAddressPrefixes: sources
          sourcePortRange: '*'
          destinationAddressPrefix: ranges.endpoints
          destinationPortRange: string(connectionsTo[target][0].port)
        }
      }),
      fromOperators,
      [refuseIn, refuseOut]
    )
  }
}

resource outAddress 'Microsoft.Network/publicIPAddresses@2024-10-01' = if (hasNatGateway) {
  name: '${networkName}-out'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' }
}

// Standard stands in one zone, which Azure chooses. StandardV2 spans them, but is refused by some delegated subnets, Web
// Apps among them: https://learn.microsoft.com/azure/nat-gateway/nat-sku#known-limitations
resource natGateway 'Microsoft.Network/natGateways@2024-10-01' = if (hasNatGateway) {
  name: '${networkName}-out'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outAddress.id }] }
}

// No default outbound access, in any API version: from 2025-07-01 on, released after 31 March 2026, that is what a new
// subnet has. For delegated subnets the service decides: https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
//
// Subnets are resources of their own, and the network names none: one that somebody adds stays. Named in the network, the
// next deployment would delete it, or fail because it is in use. In API versions up to 2023-04-01 it would be deleted here
// too: https://techcommunity.microsoft.com/blog/azurenetworkingblog/azure-virtual-network-now-supports-updates-without-subnet-property/4067952
resource network 'Microsoft.Network/virtualNetworks@2024-10-01' = {
  name: networkName
  location: location
  tags: tags
  properties: { addressSpace: { addressPrefixes: [addressRange] } }
}

// One after the other: Azure refuses a change of a network while it makes another one.
@batchSize(1)
resource subnets 'Microsoft.Network/virtualNetworks/subnets@2024-10-01' = [
  for (app, i) in apps: {
    parent: network
    name: app
    properties: {
      addressPrefix: ranges[app]
      defaultOutboundAccess: false
      networkSecurityGroup: { id: appRules[i].id }
      natGateway: hasNatGateway ? { id: natGateway.id } : null
      delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
    }
  }
]

resource endpoints 'Microsoft.Network/virtualNetworks/subnets@2024-10-01' = {
  parent: network
  name: 'endpoints'
  properties: {
    addressPrefix: ranges.endpoints
    defaultOutboundAccess: false
    networkSecurityGroup: { id: endpointRules.id }
    privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled' // else the rules don't apply to endpoints
  }
  dependsOn: [subnets]
}

// Which rule let through or refused how much: into the ledger. They come at set times, whatever is sealed, so sealing
// them gives rise to none. Flow logs themselves go to storage accounts only, never to a hub.
resource appRuleLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = [
  for (app, i) in apps: {
    scope: appRules[i]
    name: 'to-ledger-and-log-analytics'
    properties: {
      eventHubAuthorizationRuleId: hubNamespace::sender.id
      eventHubName: hubName
      workspaceId: workspace.id
      logs: [{ categoryGroup: 'allLogs', enabled: true }]
    }
  }
]

resource endpointRuleLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: endpointRules
  name: 'to-ledger-and-log-analytics'
  properties: {
    eventHubAuthorizationRuleId: hubNamespace::sender.id
    eventHubName: hubName
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}
