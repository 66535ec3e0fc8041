metadata name = 'Right on the encryption key'
metadata description = 'What the ledger account may do with its key. It is given long before the account is made, because a role that was given a moment ago may not work yet.'

import { keys } from '../shared.bicep'

@description('Required. Vault of the key.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Required. Principal that the ledger account fetches the key as.')
@minLength(1)
@maxLength(36)
param principalId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName

  resource encryption 'keys' existing = {
    name: keys.encryption
  }
}

var keyVaultCryptoServiceEncryptionUser = 'e147488a-f6f5-4113-8e2d-b22465e65bf6'

resource mayEncrypt 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::encryption
  name: guid(vault::encryption.id, principalId, keyVaultCryptoServiceEncryptionUser)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      keyVaultCryptoServiceEncryptionUser
    )
    description: 'The ledger account wraps and unwraps its encryption key.'
  }
}
