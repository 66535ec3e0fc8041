metadata name = 'Vault'
metadata description = 'Key vault with the key that signs checkpoints, the one that signs reports and, if asked for, the key that the ledger account is encrypted with.'

import { keys, tagsOf } from '../shared.bicep'

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

@description('Required. Tier. Premium keeps the signing keys in a hardware module.')
@allowed(['standard', 'premium'])
param sku string

@description('Required. Whether the vault can be reached from the internet. Entra ID decides who gets in.')
param isPublic bool

@description('Required. Whether a resource lock keeps the vault from being deleted. It also keeps its role assignments from being deleted.')
param isLocked bool

@description('Required. Whether the vault holds a key for the ledger account.')
param hasEncryptionKey bool

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

  // Of its own, so that whoever may sign for the log can sign no report, and the other way round.
  resource auditorKey 'keys' = {
    name: keys.auditor
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
      // Once a year, and no version ever expires: the account takes the newest, and what it wrapped before stays readable.
      rotationPolicy: {
        lifetimeActions: [{ action: { type: 'rotate' }, trigger: { timeAfterCreate: 'P1Y' } }]
      }
    }
  }
}

// Purge protection brings a deleted vault back for 90 days. Until somebody does, nothing is signed and, with the key of the
// ledger account in it, nothing is sealed or read.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (isLocked) {
  scope: vault
  name: 'keys-stay'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the keys that sign checkpoints and reports, and may hold the one that the ledger is encrypted with.'
  }
}
