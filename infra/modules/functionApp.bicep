metadata name = 'Function app'
metadata description = 'One function app on a Flex Consumption plan, with the storage account of its host. The package is the same for every app; settings decide which functions run.'

import { settingsOf, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the service in azure.yaml, by which azd finds the app.')
@allowed(['sealer', 'auditor'])
param serviceName string

@description('Required. Name of the app.')
@minLength(2)
@maxLength(32)
param appName string

@description('Required. Name of the plan.')
@minLength(1)
@maxLength(40)
param planName string

@description('Required. Storage account of the Functions host: its package, positions of triggers, leases and function keys. No other app gets rights on it.')
@minLength(3)
@maxLength(24)
param hostStorageName string

@description('Required. Queues in that account which the app works off, and writes to.')
@maxLength(2)
param queueNames string[]

@description('Required. Containers in that account which the app keeps things in that can be made again.')
@maxLength(1)
param containerNames string[]

@description('Required. Identity of the app and of its host.')
@minLength(3)
@maxLength(128)
param identityName string

@description('Required. More identities that the app may take.')
@maxLength(3)
param otherIdentityNames string[]

@description('Required. Settings of the app. Those of the host are added here.')
param settings settingsOf

@description('Required. Application Insights that the app and its host report to.')
@minLength(1)
@maxLength(260)
param insightsName string

@description('Required. Workspace for the logs of the host storage.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Version of Node.')
@minLength(2)
@maxLength(8)
param nodeVersion string

@description('Required. Memory of an instance.')
@allowed([512, 2048, 4096])
param memoryMB int

@description('Required. Most instances at a time. More than the hub has partitions are of no use to ingest.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('Required. Functions that always have instances, and how many.')
@maxLength(10)
param alwaysReady { name: string, instanceCount: int }[]

@description('Required. Whether the instances are spread over the zones of the region.')
param zoneRedundant bool

@description('Required. Whether the host storage can be reached from the internet. Entra ID decides who gets in.')
param isPublic bool

@description('Required. Resource id of the subnet that the app goes out through; empty for none.')
@maxLength(512)
param subnetId string

@description('Required. Resource id of the subnet of private endpoints; empty for none.')
@maxLength(512)
param endpointSubnetId string

@description('Required. Resource id of the resource group that has the DNS zones of private endpoints. Empty: there are none, or a policy makes the names.')
@maxLength(256)
param zonesGroupId string

@description('Required. Address ranges that may call the app\'s functions over HTTP. Empty: nobody, if the app is closed; everybody, if not.')
@maxLength(100)
param callerRanges string[]

@description('Required. Whether the app is closed to callers that are in none of the ranges.')
param isClosed bool

@description('Required. Address ranges that may deploy. Empty: any address, with a sign-in of Entra ID; there is no password.')
@maxLength(100)
param deployerRanges string[]

var packageContainer = 'app-package'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: hostStorageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPublic ? 'Allow' : 'Deny'
      ipRules: []
      virtualNetworkRules: []
    }
    encryption: {
      requireInfrastructureEncryption: true
      keySource: 'Microsoft.Storage'
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
      }
    }
  }

  // No soft delete and no versions: the host replaces its positions and leases all the time.
  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: false }
      isVersioningEnabled: false
    }

    resource package 'containers' = {
      name: packageContainer
      properties: { publicAccess: 'None' }
    }

    resource kept 'containers' = [
      for name in containerNames: {
        name: name
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource queueService 'queueServices' = if (!empty(queueNames)) {
    name: 'default'

    resource queues 'queues' = [
      for name in queueNames: {
        name: name
      }
    ]
  }
}

module hostRole 'hostRole.bicep' = {
  params: {
    hostStorageName: storage.name
    queueNames: queueNames
    #disable-next-line what-if-short-circuiting // see principalsOf; a module of its own, so that what-if leaves out nothing else
    principalId: identity.properties.principalId
  }
  dependsOn: [storage::queueService::queues]
}

module hostEndpoint 'privateEndpoint.bicep' = if (!empty(endpointSubnetId)) {
  params: {
    location: location
    tags: tags
    targetName: hostStorageName
    targetId: storage.id
    groupId: 'blob'
    subnetId: endpointSubnetId
    zonesGroupId: zonesGroupId
  }
}

module queueEndpoint 'privateEndpoint.bicep' = if (!empty(endpointSubnetId) && !empty(queueNames)) {
  params: {
    location: location
    tags: tags
    targetName: hostStorageName
    targetId: storage.id
    groupId: 'queue'
    subnetId: endpointSubnetId
    zonesGroupId: zonesGroupId
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: appName
  location: location
  tags: union(tags, { 'azd-service-name': serviceName })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: toObject(
      concat([identityName], otherIdentityNames),
      name => resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', name),
      name => {}
    )
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled' // azd deploys through it; the rules below say who gets in
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: memoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady
      }
    }
    // Flex Consumption refuses a site with members that it doesn't know, such as ftpsState: there is no FTP to switch off.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: isClosed || !empty(callerRanges) ? 'Deny' : 'Allow'
      ipSecurityRestrictions: [
        for (range, i) in callerRanges: {
          name: 'caller-${i}'
          action: 'Allow'
          ipAddress: range
          priority: 100 + i
        }
      ]
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: empty(deployerRanges) ? 'Allow' : 'Deny'
      scmIpSecurityRestrictions: [
        for (range, i) in deployerRanges: {
          name: 'deployer-${i}'
          action: 'Allow'
          ipAddress: range
          priority: 100 + i
        }
      ]
    }
  }
  dependsOn: [storage::blobs::package, hostRole, hostEndpoint, queueEndpoint]

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: {
      ...settings
      AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.properties.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: storage::blobs
  name: 'to-log-analytics'
  properties: {
    workspaceId: workspace.id
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}
