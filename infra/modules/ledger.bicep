metadata name = 'Ledger'
metadata description = 'Storage account whose container `ledger` takes objects that nobody can change, and whose container `tlog` holds the tiles that can be made again from them.'

import { containers, keys, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the storage account.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Required. Redundancy. After a failover to another region, a lock or an extension of the retention policy may be missing that was made after the last synchronisation.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'])
param sku string

@description('Required. Days that an object is kept after it was made. After the policy is locked it can be raised, five times, and never lowered.')
@minValue(1)
@maxValue(146000)
param retentionDays int

@description('Required. Whether the retention policy is locked. A locked policy refuses every deployment of itself, so it is left out then.')
param isPolicyLocked bool

@description('Required. Days after which segments go to the cool tier.')
@minValue(1)
@maxValue(146000)
param coolAfterDays int

@description('Required. Days after which segments go to the cold tier. They stay readable at once; reading them costs more.')
@minValue(2)
@maxValue(146000)
param coldAfterDays int

@description('Required. Whether the account can be reached from the internet. Entra ID decides who gets in.')
param isPublic bool

@description('Required. Workspace for the account\'s own logs.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Whether each read of the account is logged to Log Analytics. Who read what shows there; most rows are of the apps themselves, and they cost more than the ledger.')
param logsReads bool

@description('Required. Whether Microsoft Defender for Storage watches the account. It costs by account and by transactions.')
param hasDefender bool

@description('Required. Whether the account is encrypted with a key of our own vault. Who takes that key away makes the ledger unreadable, in spite of any retention policy.')
param hasOwnKey bool

@description('Required. Vault of that key.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Required. Identity that the account fetches that key as.')
@minLength(3)
@maxLength(128)
param encryptionIdentityName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource encryptionIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: encryptionIdentityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  identity: hasOwnKey
    ? { type: 'UserAssigned', userAssignedIdentities: { '${encryptionIdentity.id}': {} } }
    : { type: 'None' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD' // copies into it come from accounts of the same tenant; copies out of it go where they may
    allowSharedKeyAccess: false // nobody comes with a key, or with a signature made by one
    defaultToOAuthAuthentication: true
    // Nothing here makes a SAS. Who lets somebody read by one gives it for a day, which a full recheck fits into.
    sasPolicy: { sasExpirationPeriod: '1.00:00:00', expirationAction: 'Block' }
    isHnsEnabled: false // a flat account: no rename, no append by path
    isLocalUserEnabled: false
    isSftpEnabled: false
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
      requireInfrastructureEncryption: true // can only be set when the account is made
      keySource: hasOwnKey ? 'Microsoft.Keyvault' : 'Microsoft.Storage'
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
      }
      identity: hasOwnKey ? { userAssignedIdentity: encryptionIdentity.id } : null
      // Without a version: a new version of the key is taken up by itself.
      keyvaultproperties: hasOwnKey ? { keyname: keys.encryption, keyvaulturi: vault.properties.vaultUri } : null
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    // Neither takes the place of the retention policy: they help where there is none, or it has ended.
    deleteRetentionPolicy: { enabled: true, days: 7, allowPermanentDelete: false }
    containerDeleteRetentionPolicy: { enabled: true, days: 90 }
    // Versions would be kept of the one object that is replaced, `checkpoint` in tlog, every half minute.
    isVersioningEnabled: false
    // Point-in-time restore and last access tracking don't work with retention policies.
    restorePolicy: { enabled: false }
    lastAccessTimeTrackingPolicy: { enable: false }
  }

  resource ledger 'containers' = {
    name: containers.ledger
    properties: { publicAccess: 'None' }

    // Unlocked: it refuses every change and deletion, and it can itself be removed until it is locked. Locking is
    // the command `auditseal lock`; no deployment may do what no deployment can undo.
    resource policy 'immutabilityPolicies' = if (!isPolicyLocked) {
      name: 'default' // the only name that the service takes
      properties: {
        immutabilityPeriodSinceCreationInDays: retentionDays
        allowProtectedAppendWrites: false // objects are block blobs; nothing is ever appended
        allowProtectedAppendWritesAll: false
      }
    }
  }

  resource tlog 'containers' = {
    name: containers.tlog
    properties: { publicAccess: 'None' }
  }
}

// Tiers, and never deletes: nothing is lost here, not even after the retention ends.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'tier-segments'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${containers.ledger}/segments/'] }
            actions: {
              baseBlob: {
                tierToCool: { daysAfterModificationGreaterThan: coolAfterDays }
                tierToCold: { daysAfterModificationGreaterThan: coldAfterDays }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'ledger-stays'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the ledger. With an unlocked policy this lock is all that keeps an owner from deleting the account by mistake.'
  }
  dependsOn: [blobs::ledger::policy, lifecycle]
}

// It watches who asks for what. No scan of malware: that tags blobs, reads each of them, and what a log says is no program.
// Where it is asked for, whatever the subscription has Defender do with storage is overruled; else the subscription decides.
// Left out, it stays as an earlier deployment made it: docs/deploy.md says how to switch it off. Writing it in any case would make
// each first deployment depend on one more resource provider.
resource defender 'Microsoft.Security/defenderForStorageSettings@2025-01-01' = if (hasDefender) {
  scope: account
  name: 'current'
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: { onUpload: { isEnabled: false } }
    sensitiveDataDiscovery: { isEnabled: false }
  }
}

// Into Log Analytics and never into the hub: each object that is sealed would give one more event to seal.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'to-log-analytics'
  properties: {
    workspaceId: workspace.id
    logs: [
      { category: 'StorageRead', enabled: logsReads }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}
