metadata name = 'Roles'
metadata description = 'Who may do what: every right of the two apps, of the drill and of the operators on the ledger, the hub and the vault. Rights on the hosts\' own storage are in hostRole.bicep, and on the encryption key in encryptionRole.bicep.'

import { containers, hubName, keys, namesOf, principalsOf } from '../shared.bicep'

@description('Required. Names of all resources.')
param names namesOf

@description('Required. Principals of the identities.')
param principals principalsOf

@description('Required. Object id of the Entra group of the operators; empty for none.')
@maxLength(36)
param operatorGroupId string

@description('Required. Token in the names of the custom roles, which are unique in a tenant.')
@minLength(13)
@maxLength(13)
param token string

@description('Required. Whether to make roles with exactly the rights that are used. If not, the nearest built-in roles are given. What is lost then: the conditions still keep the identities from overwriting and deleting blobs, but Storage Blob Data Contributor also brings the right to delete and change the container itself (a locked policy refuses that, an unlocked one does not) and to make user delegation keys; Key Vault Crypto User also encrypts, unwraps and changes attributes of the signing key, so it could disable it; so it is with the auditor and its key.')
param customRoles bool

@description('Required. Whether the vault holds a secret with an Ed25519 signer key, which the operator puts there.')
param hasSignerSecret bool

// The path conditions are what keeps the two apps apart: both create objects in one container, and neither can create
// one that is the other's to make.
var sealed = ['segments/*', 'batches/*', 'checkpoints/*', 'cosignatures/*', 'actions/*']
var reports = ['reports/*']
var acted = ['actions/*']
var drilled = ['drill/*']
var superseded = ['index/*']

var blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'

// With the built-in role: rights that it has and the custom one has not, refused by condition.
var surplus = {
  create: customRoles ? [] : ['write', 'delete', 'move/action']
  replace: customRoles ? [] : ['move/action']
  drill: customRoles ? [] : ['move/action']
}
var nowhere = ['never']

func without(blobs string, actions string[]) string =>
  '(${join(map(actions, action => '!(ActionMatches{\'${blobs}/${action}\'})'), ' AND ')})'

func under(blobs string, paths string[]) string =>
  '(${join(map(paths, path => '@Resource[${blobs}:path] StringLike \'${path}\''), ' OR ')})'

func onlyUnder(blobs string, actions string[], paths string[]) string =>
  empty(actions) ? '' : '(${without(blobs, actions)} OR ${under(blobs, paths)})'

func both(one string, other string) string => empty(other) ? one : '${one} AND ${other}'

var condition = {
  seal: both(onlyUnder(blobs, ['add/action'], sealed), onlyUnder(blobs, surplus.create, nowhere))
  publish: both(onlyUnder(blobs, ['delete'], superseded), onlyUnder(blobs, surplus.replace, nowhere))
  report: both(onlyUnder(blobs, ['add/action'], reports), onlyUnder(blobs, surplus.create, nowhere))
  act: both(onlyUnder(blobs, ['add/action'], acted), onlyUnder(blobs, surplus.create, nowhere))
  drill: both(
    onlyUnder(blobs, ['read', 'add/action', 'write', 'delete'], drilled),
    onlyUnder(blobs, surplus.drill, nowhere)
  )
}

var roles = [
  {
    key: 'ledgerWriter'
    title: 'Ledger writer'
    description: 'Reads objects and creates new ones. No right to overwrite, delete, tag or tier any.'
    dataActions: ['${blobs}/read', '${blobs}/add/action']
    builtIn: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  }
  {
    key: 'tileWriter'
    title: 'Tile writer'
    description: 'Reads, creates, replaces and deletes objects. Where it is given, a condition keeps it from deleting any but those of the index.'
    dataActions: ['${blobs}/read', '${blobs}/add/action', '${blobs}/write', '${blobs}/delete']
    builtIn: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  }
  {
    key: 'objectReader'
    title: 'Object reader'
    description: 'Reads and lists objects.'
    dataActions: ['${blobs}/read']
    builtIn: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  }
  {
    key: 'drill'
    title: 'Drill'
    description: 'Creates an object, and tries to change and to delete it.'
    dataActions: ['${blobs}/read', '${blobs}/add/action', '${blobs}/write', '${blobs}/delete']
    builtIn: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  }
  {
    key: 'keySigner'
    title: 'Key signer'
    description: 'Reads a public key and signs with it.'
    dataActions: ['Microsoft.KeyVault/vaults/keys/read', 'Microsoft.KeyVault/vaults/keys/sign/action']
    builtIn: '12338af0-0e69-4776-bea7-57ae8d297424' // Key Vault Crypto User
  }
  {
    key: 'keyReader'
    title: 'Key reader'
    description: 'Reads a public key.'
    dataActions: ['Microsoft.KeyVault/vaults/keys/read']
    builtIn: '21090545-7ca7-4776-b22c-e363652d74d2' // Key Vault Reader
  }
  {
    key: 'secretReader'
    title: 'Secret reader'
    description: 'Reads a secret.'
    dataActions: ['Microsoft.KeyVault/vaults/secrets/getSecret/action']
    builtIn: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
  }
]

var roleName = toObject(
  roles,
  role => role.key,
  role => customRoles ? guid(resourceGroup().id, token, role.key) : role.builtIn
)
var eventHubsDataReceiver = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in roles: if (customRoles) {
    name: guid(resourceGroup().id, token, role.key)
    properties: {
      type: 'customRole'
      roleName: 'Auditseal ${role.title} (${token})'
      description: role.description
      permissions: [{ actions: [], notActions: [], dataActions: role.dataActions, notDataActions: [] }]
      assignableScopes: [resourceGroup().id]
    }
  }
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: names.ledger

  resource blobService 'blobServices' existing = {
    name: 'default'

    resource ledger 'containers' existing = {
      name: containers.ledger
    }

    resource tlog 'containers' existing = {
      name: containers.tlog
    }
  }
}

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: names.hubNamespace

  resource hub 'eventhubs' existing = {
    name: hubName
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: names.vault

  resource signer 'keys' existing = {
    name: keys.signer
  }

  resource auditorKey 'keys' existing = {
    name: keys.auditor
  }

  resource secret 'secrets' existing = {
    name: keys.secret
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: names.insights
}

resource sealerSeals 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobService::ledger
  name: guid(account::blobService::ledger.id, principals.sealer, roleName.ledgerWriter)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.ledgerWriter)
    conditionVersion: '2.0'
    condition: condition.seal
    description: 'Creates segments, batches, checkpoints, cosignatures and records of actions.'
  }
  dependsOn: [definitions]
}

resource sealerPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobService::tlog
  name: guid(account::blobService::tlog.id, principals.sealer, roleName.tileWriter)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.tileWriter)
    conditionVersion: '2.0'
    condition: condition.publish
    description: 'Publishes tiles and the newest checkpoint, and deletes what of the index is superseded.'
  }
  dependsOn: [definitions]
}

resource sealerReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace::hub
  name: guid(namespace::hub.id, principals.sealer, eventHubsDataReceiver)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataReceiver)
    description: 'Receives events.'
  }
}

resource sealerSigns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::signer
  name: guid(vault::signer.id, principals.sealer, roleName.keySigner)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keySigner)
    description: 'Signs checkpoints.'
  }
  dependsOn: [definitions]
}

resource sealerReadsAuditorKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::auditorKey
  name: guid(vault::auditorKey.id, principals.sealer, roleName.keyReader)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keyReader)
    description: 'Checks who signed a report before the log takes it in.'
  }
  dependsOn: [definitions]
}

resource sealerReadsSecret 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasSignerSecret) {
  scope: vault::secret
  name: guid(vault::secret.id, principals.sealer, roleName.secretReader)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.secretReader)
    description: 'Reads the Ed25519 signer key.'
  }
  dependsOn: [definitions]
}

resource auditorReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobService::ledger
  name: guid(account::blobService::ledger.id, principals.auditor, roleName.ledgerWriter)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.ledgerWriter)
    conditionVersion: '2.0'
    condition: condition.report
    description: 'Reads everything and creates reports.'
  }
  dependsOn: [definitions]
}

resource auditorReadsTiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobService::tlog
  name: guid(account::blobService::tlog.id, principals.auditor, roleName.objectReader)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.objectReader)
    description: 'Compares tiles with the log.'
  }
  dependsOn: [definitions]
}

resource auditorReadsKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::signer
  name: guid(vault::signer.id, principals.auditor, roleName.keyReader)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keyReader)
    description: 'Checks signatures.'
  }
  dependsOn: [definitions]
}

resource auditorSigns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault::auditorKey
  name: guid(vault::auditorKey.id, principals.auditor, roleName.keySigner)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keySigner)
    description: 'Signs reports.'
  }
  dependsOn: [definitions]
}

resource auditorReadsPosture 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, principals.auditor, reader)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
    description: 'Reads the policy, holds, roles, locks and network rules of the account. Reads no object by it, and no key.'
  }
}

resource drillTries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobService::ledger
  name: guid(account::blobService::ledger.id, principals.drill, roleName.drill)
  properties: {
    principalId: principals.drill
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.drill)
    conditionVersion: '2.0'
    condition: condition.drill
    description: 'Tries to change and to delete what it made, which the policy must refuse.'
  }
  dependsOn: [definitions]
}

resource sealerMeasures 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principals.sealer, monitoringMetricsPublisher)
  properties: {
    principalId: principals.sealer
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    description: 'Sends logs and metrics of the app.'
  }
}

resource auditorMeasures 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principals.auditor, monitoringMetricsPublisher)
  properties: {
    principalId: principals.auditor
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    description: 'Sends logs and metrics of the app.'
  }
}

// A group, and no person: the lock on the account also keeps role assignments from being deleted, so a person who gets a
// role there keeps it. A group can be left.
resource operatorsFile 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: account::blobService::ledger
  name: guid(account::blobService::ledger.id, operatorGroupId, roleName.ledgerWriter)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.ledgerWriter)
    conditionVersion: '2.0'
    condition: condition.act
    description: 'Reads everything, and files what an operator does to the retention policy and to holds.'
  }
  dependsOn: [definitions]
}

resource operatorsReadTiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: account::blobService::tlog
  name: guid(account::blobService::tlog.id, operatorGroupId, roleName.objectReader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.objectReader)
    description: 'Reads tiles and the newest checkpoint.'
  }
  dependsOn: [definitions]
}

resource operatorsReadPosture 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: account
  name: guid(account.id, operatorGroupId, reader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
    description: 'Reads the policy, holds, roles, locks and network rules of the account. Reads no object by it, and no key.'
  }
}

resource operatorsReadKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: vault::signer
  name: guid(vault::signer.id, operatorGroupId, roleName.keyReader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keyReader)
    description: 'Reads the public key, to give it to whoever checks.'
  }
  dependsOn: [definitions]
}

resource operatorsReadAuditorKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: vault::auditorKey
  name: guid(vault::auditorKey.id, operatorGroupId, roleName.keyReader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName.keyReader)
    description: 'Reads the public key, to give it to whoever checks.'
  }
  dependsOn: [definitions]
}
