metadata name = 'Watch'
metadata description = 'Alerts on the activity log, by the lists of watchedActions.json. They fire within minutes, whoever acted, and whether or not the pipeline itself still runs: no workspace and no setting that somebody could take away lies between.'

import { tagsOf } from '../shared.bicep'

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Address that the name of a section of the runbook is put behind.')
@minLength(1)
@maxLength(513)
param runbook string

@description('Required. Action group, as a resource id.')
@minLength(1)
@maxLength(512)
param actionGroupId string

@description('Required. Whether lists of the whole subscription are watched too.')
param watchSubscription bool

@description('Required. Diagnostic setting that sends the activity log, as a resource id.')
@minLength(1)
@maxLength(512)
param activityLogSettingId string

@description('Required. Whether that setting is there. Else another environment sends the activity log.')
param routeActivityLog bool

@description('Required. Whether what deployments change is watched elsewhere, by who did it.')
param deploymentsAreKnown bool

var scopes = {
  group: resourceGroup().id
  subscription: subscription().id
  activityLogSetting: subscription().id
}
var isWatched = {
  group: true
  subscription: watchSubscription
  activityLogSetting: routeActivityLog
}

// All are deployed, and switched off where they aren't wanted: no deployment takes away what it leaves out, so an alert that
// an earlier one made would go on. What sends the activity log is watched here in any case: who turns it off would turn off the query with it. A scope is the beginning of resource ids, so what is in the subscription is watched with it. An action is logged when it
// begins and when it ends: only the end counts. Conditions know equal values and no others, so none can leave out a caller.
resource watched 'Microsoft.Insights/activityLogAlerts@2020-10-01' = [
  for subject in items(loadJsonContent('../watchedActions.json')): {
    name: 'alert-${subject.key}'
    location: 'global'
    tags: tags
    properties: {
      description: '${subject.value.title}. What to do: ${runbook}alert-${toLower(subject.key)}'
      enabled: isWatched[subject.value.scope] && !(subject.value.exceptDeployers && deploymentsAreKnown)
      scopes: [scopes[subject.value.scope]]
      condition: {
        allOf: concat(
          [
            { field: 'category', equals: 'Administrative' }
            { field: 'status', containsAny: subject.value.attempts ? ['Succeeded', 'Failed'] : ['Succeeded'] }
            { anyOf: map(subject.value.operations, name => { field: 'operationName', equals: name }) }
          ],
          subject.value.scope == 'activityLogSetting' ? [{ field: 'resourceId', equals: activityLogSettingId }] : []
        )
      }
      actions: { actionGroups: [{ actionGroupId: actionGroupId }] }
    }
  }
]
