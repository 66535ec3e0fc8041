metadata name = 'Network'
metadata description = 'Virtual network of the apps and of the private endpoints. Everything is refused but what connections.json lists.'

import { hubName, senderRuleName, tagsOf } from '../shared.bicep'

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
var open = filter(connections, row => row.to != 'witnesses' || !empty(witnessRanges))
var toEndpoints = filter(open, row => row.to == 'endpoints')

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
        map(filter(open, row => contains(row.from, app)), row => {
          name: 'out-${row.name}'
          properties: {
            description: row.why
            direction: 'Outbound'
            access: 'Allow'
            priority: 100 + indexOf(map(connections, one => one.name), row.name)
            protocol: 'Tcp'
            sourceAddressPrefix: ranges[app]
            sourcePortRange: '*'
            destinationAddressPrefix: row.to == 'endpoints' ? ranges.endpoints : row.to == 'witnesses' ? null : row.to
            destinationAddressPrefixes: row.to == 'witnesses' ? witnessRanges : null
            destinationPortRange: string(row.port)
          }
        }),
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
      map(toEndpoints, row => {
        name: 'in-${row.name}'
        properties: {
          description: row.why
          direction: 'Inbound'
          access: 'Allow'
          priority: 100 + indexOf(map(connections, one => one.name), row.name)
          protocol: 'Tcp'
          sourceAddressPrefixes: map(row.from, app => ranges[app])
          sourcePortRange: '*'
          destinationAddressPrefix: ranges.endpoints
          destinationPortRange: string(row.port)
        }
      }),
      fromOperators,
      [refuseIn, refuseOut]
    )
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-10-01' = {
  name: networkName
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressRange] }
    subnets: [
      {
        name: 'sealer'
        properties: {
          addressPrefix: ranges.sealer
          defaultOutboundAccess: false
          networkSecurityGroup: { id: appRules[0].id }
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'auditor'
        properties: {
          addressPrefix: ranges.auditor
          defaultOutboundAccess: false
          networkSecurityGroup: { id: appRules[1].id }
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: ranges.endpoints
          defaultOutboundAccess: false
          networkSecurityGroup: { id: endpointRules.id }
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled' // else the rules don't apply to endpoints
        }
      }
    ]
  }
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

var zoneNames = map(items(loadJsonContent('../dnsZones.json')), zone => zone.value)

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zoneNames: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, i) in zoneNames: {
    parent: zones[i]
    name: networkName
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]
