metadata name = 'Policies'
metadata description = 'Gives every resource of the subscription, in one location, a diagnostic setting that sends to the hub. A resource sends to a hub of its own region, so another region needs an environment of its own; resources without a region may send to any, and take an assignment of their own.'

targetScope = 'subscription'

import { initiativeParameters, initiatives } from '../../shared.bicep'

@description('Required. Token of the environment: another one in the same subscription has assignments of its own.')
@minLength(13)
@maxLength(13)
param token string

@description('Required. Region of the hub, where the assignment has its identity.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Location of the resources: the region of the hub, or global.')
@minLength(1)
@maxLength(64)
param resourceLocation string

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

@description('Required. More resource groups of the subscription that are left out: those of other environments.')
@maxLength(100)
param excludedGroups string[]

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

var isGlobal = resourceLocation == 'global'

resource assignment 'Microsoft.Authorization/policyAssignments@2024-04-01' = {
  name: isGlobal ? 'auditseal-${logs}-global-${token}' : 'auditseal-${logs}-${token}'
  location: location
  identity: { type: 'SystemAssigned' }
  properties: {
    displayName: 'Auditseal: ${logs} of ${resourceLocation} to ${hubNamespaceName}'
    policyDefinitionId: tenantResourceId('Microsoft.Authorization/policySetDefinitions', initiatives[logs])
    enforcementMode: 'Default'
    // What another environment logs about sealing would go round, too: to this hub, and from what is sealed of it to that one.
    notScopes: map(
      union([pipelineGroupName], excludedGroups),
      name => subscriptionResourceId('Microsoft.Resources/resourceGroups', name)
    )
    parameters: initiativeParameters(senderRuleId, hubName, resourceLocation)
  }
}

module mayWriteSettings 'policyInSubscription.bicep' = {
  params: {
    #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
    principalId: assignment.identity.principalId
  }
}

module mayUseRule 'policyOnHub.bicep' = {
  scope: resourceGroup(pipelineGroupName)
  params: {
    hubNamespaceName: hubNamespaceName
    #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
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
      resourceCount: 50000 // the most that Azure takes; 500, if nothing is said
    }
    dependsOn: [mayWriteSettings, mayUseRule]
  }
]
