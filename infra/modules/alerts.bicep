metadata name = 'Alerts'
metadata description = 'What wakes somebody up. Every query is a file of queries/.'

import { tagsOf } from '../shared.bicep'
import { queries } from 'queries.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Workspace that has the logs.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Namespace of the hub.')
@minLength(6)
@maxLength(50)
param hubNamespaceName string

@description('Required. Addresses that get mail. Empty: alerts show in the portal alone.')
@maxLength(20)
param emails string[]

@description('Required. Address that the name of a section of the runbook is put behind.')
@minLength(1)
@maxLength(513)
param runbook string

@description('Required. Hours that the hub keeps an event. Half of it without catching up is an alert.')
@minValue(24)
@maxValue(2160)
param hubRetentionHours int

@description('Required. Object ids of the identities that deploy. What each deployment changes is then looked for in the workspace, where they can be left out, and no longer at the activity log itself. Empty: who deploys is alerted, too.')
@maxLength(10)
param deployers string[]

@description('Required. Whether role assignments, policies and diagnostic settings of the whole subscription are watched too.')
param watchSubscription bool

@description('Required. Diagnostic setting that sends the activity log to the hub and the workspace, as a resource id.')
@minLength(1)
@maxLength(512)
param activityLogSettingId string

@description('Required. Whether that setting is there. Else another environment sends the activity log.')
param routeActivityLog bool

@description('Required. Whether the auditor hands records on.')
param forwards bool

var deploymentsAreKnown = !empty(deployers) && routeActivityLog

func quoted(texts string[]) string => empty(texts) ? '""' : join(map(texts, text => '"${text}"'), ', ')

func operationsIn(scope string) string[] =>
  flatten(map(
    filter(
      items(loadJsonContent('../watchedActions.json')),
      subject => subject.value.exceptDeployers && subject.value.scope == scope
    ),
    subject => subject.value.operations
  ))

var filledIn = {
  '{runbook}': runbook
  '{group}': resourceGroup().name
  '{ofGroup}': quoted(operationsIn('group'))
  '{ofSubscription}': quoted(watchSubscription ? operationsIn('subscription') : [])
  '{deployers}': quoted(deployers)
}
var texts = mapValues(
  queries,
  query => reduce(items(filledIn), query, (text, one) => replace(text, one.key, one.value))
)

// `rows`: the query gives a row for each case, and one is too many. Else it gives one number, which is compared. Windows
// are as long as Azure allows, where what is watched is slow: two days at most.
var rules = [
  {
    key: 'findings'
    title: 'The auditor found something new'
    severity: 0
    every: 'PT15M'
    window: 'PT30M' // each is said once, and lines may come late
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'standing'
    title: 'What the auditor found still stands, or it could not read something'
    severity: 2
    every: 'P1D'
    window: 'P1D'
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'silentSources'
    title: 'A category of records stopped coming'
    severity: 2
    every: 'PT1H'
    window: 'PT2H' // each is said once, and lines may come late
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'losses'
    title: 'Events are lost, or something foreign is in a chain'
    severity: 0
    every: 'PT5M'
    window: 'PT15M'
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'expiring'
    title: 'A partition is held or can\'t be watched, or events that nobody sealed will expire'
    severity: 0
    every: 'PT5M'
    window: 'PT15M'
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'tampering'
    title: 'Somebody tried to delete or to change an object of the ledger'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'keyUse'
    title: 'The signing key was used for something else, or changed'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'verifyRuns'
    title: 'Nothing is verified'
    severity: 1
    every: 'PT1H'
    window: 'PT6H'
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
  }
  {
    key: 'postureRuns'
    title: 'Nobody sees what guards the ledger'
    severity: 1
    every: 'PT1H'
    window: 'P1D'
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
  }
  {
    key: 'recheck'
    title: 'Full rechecks do not get on, or somebody meddles with them'
    severity: 2
    every: 'PT1H'
    window: 'PT2H' // lines may come late
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'integrateRuns'
    title: 'Nothing is integrated'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
  }
  {
    key: 'watchRuns'
    title: 'Nobody asks the hub what it has'
    severity: 1
    every: 'PT15M'
    window: 'PT30M'
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
  }
  {
    key: 'unsealed'
    title: 'Sealing is behind: events may expire in the hub'
    severity: 1
    every: 'PT1H'
    window: hubRetentionHours >= 96 ? 'P2D' : hubRetentionHours >= 48 ? 'P1D' : 'PT6H'
    column: 'unsealed'
    operator: 'GreaterThan'
    threshold: 1000
  }
  {
    key: 'forwardRuns'
    title: 'Records are not handed on, or late'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
  }
  {
    key: 'unforwarded'
    title: 'Records could not be handed on, or handing on began anew'
    severity: 2
    every: 'PT15M'
    window: 'PT30M' // each is said once, and lines may come late
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    key: 'changes'
    title: 'Somebody other than the deployers changed what deployments change'
    severity: 1
    every: 'PT15M'
    window: 'PT30M' // events come up to 20 minutes late
    column: 'rows'
    operator: 'GreaterThan'
    threshold: 0
  }
]

var switches = { changes: deploymentsAreKnown, forwardRuns: forwards, unforwarded: forwards }

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-auditseal'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'auditseal'
    enabled: true
    emailReceivers: [
      for (email, i) in emails: {
        name: 'mail-${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource queried 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.key}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: 'What to do: ${runbook}alert-${toLower(rule.key)}'
      severity: rule.severity
      enabled: switches[?rule.key] ?? true // left out, it would stay as an earlier deployment made it
      scopes: [workspace.id]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: false // a finding doesn't go away because the next quarter of an hour is quiet
      skipQueryValidation: true // the tables appear with the first lines in them
      criteria: {
        allOf: [
          {
            query: texts[rule.key]
            timeAggregation: rule.column == 'rows' ? 'Count' : 'Total'
            metricMeasureColumn: rule.column == 'rows' ? null : rule.column
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

module hubMetrics 'hubMetrics.bicep' = {
  params: {
    tags: tags
    hubNamespaceName: hubNamespaceName
    runbook: runbook
    actionGroupId: people.id
  }
}

module watch 'watch.bicep' = {
  params: {
    tags: tags
    runbook: runbook
    actionGroupId: people.id
    watchSubscription: watchSubscription
    activityLogSettingId: activityLogSettingId
    routeActivityLog: routeActivityLog
    deploymentsAreKnown: deploymentsAreKnown
  }
}
