metadata name = 'Policies'
metadata description = 'Gives every resource of the subscription, in one region, a diagnostic setting that sends to the hub. A resource sends to a hub of its own region, so another region needs an environment of its own.'

targetScope = 'subscription'

@description('Required. Region of the hub, and so of the resources.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Required. Which logs. audit: what the services call audit logs. allLogs: everything, which can be a hundred times as much.')
@allowed(['audit', 'allLogs'])
param logs string

@description('Required. Members of the initiative whose existing resources are to get their settings now; the others get one when they change. They are the policyDefinitionReferenceIds that az policy set-definition show prints.')
@maxLength(200)
param remediated string[]

@description('Required. Resource group of the pipeline. It is left out: what it logs about sealing would be sealed in turn, for ever.')
@minLength(1)
@maxLength(90)
param pipelineGroupName string

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

// Azure's own initiatives: "Enable audit category group resource logging ... to Event Hub", and the one for all logs.
var initiatives = {
  audit: '1020d527-2764-4230-92cc-7035e4fcf8a7'
  allLogs: '85175a36-2f12-419a-96b4-18d5b0096531'
}

// What the initiatives' policies ask for. The first writes diagnostic settings and reaches the whole subscription; that
// is why routing by policy is off until it is asked for.
var logAnalyticsContributor = '92aaf0da-9dab-42b6-94a3-d43ce8d16293'

resource assignment 'Microsoft.Authorization/policyAssignments@2024-04-01' = {
  name: 'auditseal-${logs}'
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    displayName: 'Auditseal: ${logs} of ${location} to the event hub'
    policyDefinitionId: tenantResourceId('Microsoft.Authorization/policySetDefinitions', initiatives[logs])
    enforcementMode: 'Default'
    notScopes: [subscriptionResourceId('Microsoft.Resources/resourceGroups', pipelineGroupName)]
    parameters: {
      effect: { value: 'DeployIfNotExists' }
      diagnosticSettingName: { value: 'auditseal' }
      resourceLocation: { value: location }
      eventHubAuthorizationRuleId: { value: senderRuleId }
      eventHubName: { value: hubName }
    }
  }
}

resource mayWriteSettings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(assignment.id, logAnalyticsContributor)
  properties: {
    principalId: assignment.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logAnalyticsContributor)
    description: 'Policy writes diagnostic settings.'
  }
}

module mayUseRule 'policyOnHub.bicep' = {
  scope: resourceGroup(pipelineGroupName)
  params: {
    hubNamespaceName: hubNamespaceName
    assignmentName: assignment.name
    principalId: assignment.identity.principalId
  }
}

resource remediations 'Microsoft.PolicyInsights/remediations@2021-10-01' = [
  for reference in remediated: {
    name: guid(assignment.id, reference)
    properties: {
      policyAssignmentId: assignment.id
      policyDefinitionReferenceId: reference
      resourceDiscoveryMode: 'ReEvaluateCompliance'
    }
    dependsOn: [mayWriteSettings, mayUseRule]
  }
]
