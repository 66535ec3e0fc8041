metadata name = 'Estate'
metadata description = 'Routes a management group: what an initiative of Azure covers sends to the hub of its region, in every subscription below it; what has no region and each activity log sends to one of the hubs. What it does not cover, storage accounts among them, is in docs/sources.md. azd does not deploy it: az deployment mg create --management-group-id GROUP --location REGION --parameters infra/estate.bicepparam.'

targetScope = 'managementGroup'

import { initiativeParameters, initiatives, settingNameFor } from 'shared.bicep'

@export()
@description('A hub, in its region.')
type hubOf = {
  @description('Region of the hub.')
  @minLength(1)
  @maxLength(64)
  location: string
  @description('Authorization rule of the namespace that diagnostic settings send with, as a resource id: AUDITSEAL_SENDER_RULE of the environment.')
  @minLength(1)
  @maxLength(512)
  senderRuleId: string
  @description('Event hub.')
  @minLength(1)
  @maxLength(256)
  hubName: string
}

@description('Required. The hubs, one a region: a resource sends to a hub of its own region only.')
@minLength(1)
@maxLength(40)
param hubs hubOf[]

@description('Required. Region of the hub that resources without a region and the activity logs send to.')
@minLength(1)
@maxLength(64)
param globalLocation string

@description('Optional. Which logs. audit: what the services call audit logs. allLogs: everything, which can be a hundred times as much.')
@allowed(['audit', 'allLogs'])
param logs string = 'audit'

@description('Optional. More resource groups that are left out, as resource ids. Those of the hubs are.')
@maxLength(100)
param excludedGroups string[] = []

@description('Optional. Subscriptions below the management group, by their ids, whose activity logs are sent from now on, and whose resources of the members below get their settings. What comes later gets its setting by itself, and so does what changes.')
@maxLength(200)
param remediatedSubscriptions string[] = []

@description('Optional. Members of the initiative whose existing resources get their settings. They are the policyDefinitionReferenceIds that az policy set-definition show prints.')
@maxLength(200)
param remediated string[] = []

@description('Optional. Managed identities of the auditors, by their principal ids, who ask what is routed: they get the role Reader on the management group.')
@maxLength(40)
param auditors string[] = []

func regionOf(location string) string => replace(toLower(location), ' ', '')

var locations = map(hubs, hub => regionOf(hub.location))
var remediationCount = empty(remediated) ? 0 : length(remediatedSubscriptions) * (length(hubs) + 1)
// Azure takes 800 turns of a loop at most: learn.microsoft.com/azure/azure-resource-manager/bicep/loops
var contradictions = concat(length(union(locations, [])) == length(locations) ? [] : ['Two hubs are in one region: each would get all of its logs.'], contains(locations, regionOf(globalLocation)) ? [] : ['globalLocation is ${globalLocation}, and no hub is there.'], remediationCount <= 800 ? [] : ['${length(remediatedSubscriptions)} subscriptions and ${length(hubs)} hubs make ${remediationCount} remediations, and Azure takes 800: name fewer subscriptions at a time.'])
var routed = empty(contradictions) ? hubs : fail(join(contradictions, ' '))
var chosen = filter(routed, hub => regionOf(hub.location) == regionOf(globalLocation))[0]

// Of the namespace's name: 13 letters and digits. The name of an assignment to a management group has 24 at most.
func tokenOf(senderRuleId string) string => last(split(split(senderRuleId, '/')[8], '-'))

func groupOf(senderRuleId string) string => split(senderRuleId, '/providers/')[0]

// What the pipelines log about sealing would be sealed in turn, for ever.
var leftOut = union(map(routed, hub => groupOf(hub.senderRuleId)), excludedGroups)

var assigned = concat(
  map(
    routed,
    hub => { hub: hub, resourceLocation: regionOf(hub.location), name: 'auditseal-${tokenOf(hub.senderRuleId)}' }
  ),
  // Without the hub's name: of these there is one, whichever hub is chosen.
  [{ hub: chosen, resourceLocation: 'global', name: 'auditseal-global' }]
)

resource assignments 'Microsoft.Authorization/policyAssignments@2024-04-01' = [
  for one in assigned: {
    name: one.name
    location: one.hub.location
    identity: { type: 'SystemAssigned' }
    properties: {
      displayName: 'Auditseal: ${logs} of ${one.resourceLocation} to ${split(one.hub.senderRuleId, '/')[8]}'
      policyDefinitionId: tenantResourceId('Microsoft.Authorization/policySetDefinitions', initiatives[logs])
      enforcementMode: 'Default'
      notScopes: leftOut
      parameters: initiativeParameters(one.hub.senderRuleId, one.hub.hubName, one.resourceLocation)
    }
  }
]

module mayWriteSettings 'modules/routing/policyInManagementGroup.bicep' = [
  for i in range(0, length(assigned)): {
    params: {
      #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
      principalId: assignments[i].identity.principalId
    }
  }
]

module mayUseRule 'modules/routing/policyOnHub.bicep' = [
  for (one, i) in assigned: {
    scope: resourceGroup(split(one.hub.senderRuleId, '/')[2], split(one.hub.senderRuleId, '/')[4])
    params: {
      hubNamespaceName: split(one.hub.senderRuleId, '/')[8]
      #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
      principalId: assignments[i].identity.principalId
    }
  }
]

// Azure's own policies send activity logs to workspaces and to nothing else. A setting that sends some of the categories, or
// to another hub, is not enough: what is there must send all of them here.
resource activityLogs 'Microsoft.Authorization/policyDefinitions@2023-04-01' = {
  name: 'auditseal-activity-log'
  properties: {
    displayName: 'Auditseal: activity logs to a hub'
    description: 'Gives each subscription a diagnostic setting that sends its activity log to an event hub.'
    policyType: 'Custom'
    mode: 'All'
    metadata: { category: 'Monitoring' }
    parameters: {
      settingName: { type: 'String' }
      senderRuleId: { type: 'String' }
      hubName: { type: 'String' }
      hubLocation: { type: 'String' }
    }
    policyRule: loadJsonContent('activityLogPolicy.json')
  }
}

resource activityAssignment 'Microsoft.Authorization/policyAssignments@2024-04-01' = {
  name: 'auditseal-activity-log'
  location: chosen.location
  identity: { type: 'SystemAssigned' }
  properties: {
    displayName: 'Auditseal: activity logs to ${split(chosen.senderRuleId, '/')[8]}'
    policyDefinitionId: activityLogs.id
    enforcementMode: 'Default'
    parameters: {
      settingName: { value: settingNameFor(chosen.senderRuleId) }
      senderRuleId: { value: chosen.senderRuleId }
      hubName: { value: chosen.hubName }
      hubLocation: { value: chosen.location }
    }
  }
}

module activityMayWriteSettings 'modules/routing/policyInManagementGroup.bicep' = {
  params: {
    #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
    principalId: activityAssignment.identity.principalId
  }
}

module activityMayUseRule 'modules/routing/policyOnHub.bicep' = {
  scope: resourceGroup(split(chosen.senderRuleId, '/')[2], split(chosen.senderRuleId, '/')[4])
  params: {
    hubNamespaceName: split(chosen.senderRuleId, '/')[8]
    #disable-next-line what-if-short-circuiting // a role that is named without its principal can't be given to the next one
    principalId: activityAssignment.identity.principalId
  }
}

module activityRemediations 'modules/routing/remediations.bicep' = [
  for id in remediatedSubscriptions: {
    scope: subscription(id)
    params: { policyAssignmentId: activityAssignment.id, references: [''] }
    dependsOn: [activityMayWriteSettings, activityMayUseRule]
  }
]

var remediatedAssignments = flatten(map(
  empty(remediated) ? [] : remediatedSubscriptions,
  id => map(range(0, length(assigned)), i => { subscriptionId: id, assignment: i })
))

module remediations 'modules/routing/remediations.bicep' = [
  for one in remediatedAssignments: {
    scope: subscription(one.subscriptionId)
    params: { policyAssignmentId: assignments[one.assignment].id, references: remediated }
    dependsOn: [mayWriteSettings, mayUseRule]
  }
]

module groupLog 'modules/routing/groupLog.bicep' = {
  params: { senderRuleId: chosen.senderRuleId, hubName: chosen.hubName }
}

var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'

resource readers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in auditors: {
    name: guid(managementGroup().id, principalId, reader)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: tenantResourceId('Microsoft.Authorization/roleDefinitions', reader)
      description: 'Sees which resources send their logs to the hubs.'
    }
  }
]
