metadata name = 'Event hub'
metadata description = 'The hub that diagnostic settings send to, with a consumer group for each reader.'

import { consumerGroups, hubName, senderRuleName, tagsOf } from '../shared.bicep'

@description('Required. Region. Diagnostic settings of resources in a region need a namespace in the same one.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the namespace.')
@minLength(6)
@maxLength(50)
param namespaceName string

@description('Required. Tier. Standard keeps events for 7 days at most; Premium for 90, on capacity of its own.')
@allowed(['Standard', 'Premium'])
param sku string

@description('Required. Throughput units of Standard, processing units of Premium.')
@minValue(1)
@maxValue(40)
param capacity int

@description('Required. Throughput units that Standard grows to by itself; 0 on Premium, which does not.')
@minValue(0)
@maxValue(40)
param maximumCapacity int

@description('Required. Partitions: the number of chains. On Standard it can never be changed.')
@minValue(1)
@maxValue(32)
param partitions int

@description('Required. Hours that the hub keeps an event. What is not sealed by then is lost, and shows as a gap.')
@minValue(24)
@maxValue(2160)
param retentionHours int

@description('Required. Whether the namespace can be reached from the internet. Entra ID, or the rule below, decides who gets in.')
param isPublic bool

@description('Required. Whether a resource lock keeps the namespace and the hub from being deleted. It also keeps their role assignments, consumer groups and authorization rules from being deleted.')
param isLocked bool

@description('Required. What diagnostic settings may do with the hub, by the key that they send with. Send: what they do. All: what their documentation asks for, with which whoever gets the key can also read events and change the hub.')
@allowed(['Send', 'All'])
param senderRights string

@description('Required. Workspace for the namespace\'s own logs.')
@minLength(4)
@maxLength(63)
param workspaceName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: { name: sku, tier: sku, capacity: capacity }
  properties: {
    minimumTlsVersion: '1.2'
    // Diagnostic settings sign in with a shared access signature and know nothing else, so it must stay on for them.
    // The rule below is the only one that this template makes or uses; the apps come with Entra ID.
    disableLocalAuth: false
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    isAutoInflateEnabled: sku == 'Standard' && maximumCapacity > capacity
    maximumThroughputUnits: sku == 'Standard' && maximumCapacity > capacity ? maximumCapacity : 0
  }

  resource rules 'networkRuleSets' = {
    name: 'default'
    properties: {
      publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
      defaultAction: isPublic ? 'Allow' : 'Deny'
      trustedServiceAccessEnabled: true // Azure Monitor is one, and comes from outside
      ipRules: []
      virtualNetworkRules: []
    }
  }

  // Of the namespace, not of the hub: diagnostic settings take no other. Their documentation asks for Manage and Listen
  // too (https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings#destination-limitations). Those are
  // said to be for making a hub that has no name yet (https://github.com/Azure/azure-cli/issues/24425), and every setting
  // here names the hub. Where Azure refuses a setting, or nothing arrives, senderRights is the way out.
  resource sender 'authorizationRules' = {
    name: senderRuleName
    properties: { rights: senderRights == 'All' ? ['Manage', 'Send', 'Listen'] : ['Send'] }
  }

  resource hub 'eventhubs' = {
    name: hubName
    properties: {
      partitionCount: partitions
      retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionHours }
    }

    resource groups 'consumergroups' = [
      for group in items(consumerGroups): {
        name: group.value
        properties: { userMetadata: 'Read by ${group.key} and by nothing else.' }
      }
    ]
  }
}

// What is in a deleted hub and not yet sealed is lost, and a hub that is made again counts anew.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (isLocked) {
  scope: namespace
  name: 'hub-stays'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds events that are not yet sealed. Every diagnostic setting names it.'
  }
}

// Into Log Analytics and never into the hub: each event about the hub would be one more event.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-log-analytics'
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
