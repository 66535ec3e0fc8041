metadata name = 'Audit of the vault'
metadata description = 'Where the audit log of the vault goes. Apart from the vault, because the vault is made before the hub.'

import { hubName, senderRuleName } from '../shared.bicep'

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Required. Namespace of the event hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Workspace.')
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

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
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
