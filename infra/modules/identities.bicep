metadata name = 'Identities'
metadata description = 'User-assigned identities. What each may do is in roles.bicep; for the encryption key and the hosts\' own storage in encryptionRole.bicep and hostRole.bicep.'

import { tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Names of the identities.')
@minLength(3)
@maxLength(4)
param identityNames string[]

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = [
  for name in identityNames: {
    name: name
    location: location
    tags: tags
  }
]
