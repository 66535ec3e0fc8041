metadata name = 'Vault'
metadata description = 'Key vault with the key that signs checkpoints and, if asked for, the key that the ledger account is encrypted with.'

import { hubName, keys, senderRuleName, tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Required. Tier. Premium keeps the signing key in a hardware module.')
@allowed(['standard', 'premium'])
param sku string

@description('Required. Whether the vault can be reached from the internet. Entra ID decides who gets in.')
param isPublic bool

@description('Required. Whether the vault holds a key for the ledger account.')
param hasEncryptionKey bool

@description('Required. Identity that the ledger account fetches that key as.')
@minLength(3)
@maxLength(128)
param encryptionIdentityName string

@description('Required. Namespace of the event hub, for the vault\'s audit log.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Workspace for the vault\'s audit log.')
@minLength(4)
@maxLength(63)
param workspaceName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource hubNamespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName

  resource sender 'authorizationRules' existing = {
    name: senderRuleName
  }
}

resource encryptionIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: encryptionIdentityName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: vaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: sku }
    enableRbacAuthorization: true
    enablePurgeProtection: true // can't be turned off again; a deleted key comes back for 90 days
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled'
    networkAcls: {
      // The ledger account fetches its key as a trusted service.
      bypass: hasEncryptionKey ? 'AzureServices' : 'None'
      defaultAction: isPublic ? 'Allow' : 'Deny'
      ipRules: []
      virtualNetworkRules: []
    }
  }

  // A second deployment makes no second version: Azure gives back the key that is there.
  resource signer 'keys' = {
    name: keys.signer
    properties: {
      kty: sku == 'premium' ? 'EC-HSM' : 'EC'
      curveName: 'P-256'
      keyOps: ['sign', 'verify']
      attributes: { enabled: true, exportable: false }
    }
  }

  resource encryption 'keys' = if (hasEncryptionKey) {
    name: keys.encryption
    properties: {
      kty: sku == 'premium' ? 'RSA-HSM' : 'RSA'
      keySize: 3072
      keyOps: ['wrapKey', 'unwrapKey']
      attributes: { enabled: true, exportable: false }
    }
  }
}

var keyVaultCryptoServiceEncryptionUser = 'e147488a-f6f5-4113-8e2d-b22465e65bf6'

resource mayEncrypt 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasEncryptionKey) {
  scope: vault::encryption
  name: guid(vault::encryption.id, encryptionIdentity.id, keyVaultCryptoServiceEncryptionUser)
  properties: {
    principalId: encryptionIdentity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      keyVaultCryptoServiceEncryptionUser
    )
    description: 'The ledger account wraps and unwraps its encryption key.'
  }
}

// Who used the keys is part of what the ledger keeps. Signing a checkpoint gives an event, which gives a checkpoint to
// sign: that goes round once in each run of `integrate`, however many events there are, so it doesn't grow.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-ledger-and-log-analytics'
  properties: {
    eventHubAuthorizationRuleId: hubNamespace::sender.id
    eventHubName: hubName
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}
