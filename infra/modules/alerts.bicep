metadata name = 'Alerts'
metadata description = 'What wakes somebody up, and the workbook for looking around. Every query is a file of queries/.'

import { tagsOf } from '../shared.bicep'

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

@description('Required. Hours that the hub keeps an event. Half of it without catching up is an alert.')
@minValue(24)
@maxValue(2160)
param hubRetentionHours int

var queries = {
  cost: loadTextContent('../queries/cost.kql')
  findings: loadTextContent('../queries/findings.kql')
  integrateRuns: loadTextContent('../queries/integrateRuns.kql')
  keyUse: loadTextContent('../queries/keyUse.kql')
  losses: loadTextContent('../queries/losses.kql')
  postureRuns: loadTextContent('../queries/postureRuns.kql')
  sealedByPartition: loadTextContent('../queries/sealedByPartition.kql')
  tampering: loadTextContent('../queries/tampering.kql')
  unsealed: loadTextContent('../queries/unsealed.kql')
  verdicts: loadTextContent('../queries/verdicts.kql')
  verifyRuns: loadTextContent('../queries/verifyRuns.kql')
}

// `rows`: the query gives a row for each case, and one is too many. Else it gives one number, which is compared. Windows
// are as long as Azure allows, where what is watched is slow: two days at most.
var rules = [
  {
    key: 'findings'
    title: 'The auditor found something'
    severity: 0
    every: 'PT5M'
    window: 'PT15M'
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
    key: 'unsealed'
    title: 'Sealing is behind: events may expire in the hub'
    severity: 1
    every: 'PT1H'
    window: hubRetentionHours >= 96 ? 'P2D' : hubRetentionHours >= 48 ? 'P1D' : 'PT6H'
    column: 'unsealed'
    operator: 'GreaterThan'
    threshold: 1000
  }
]

// No diagnostic setting exports these metrics, so no query sees them. An alert each, because the criteria of one alert must
// all be met. Senders try again for a while, and then events are lost.
var metrics = [
  { key: 'throttled', name: 'ThrottledRequests', title: 'The hub refuses events: it is too small', severity: 2 }
  { key: 'quota', name: 'QuotaExceededErrors', title: 'The hub refuses events: a quota is used up', severity: 2 }
  { key: 'hubErrors', name: 'ServerErrors', title: 'The hub fails at requests', severity: 3 }
]

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
      description: 'docs/runbook.md says what to do.'
      severity: rule.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: false // a finding doesn't go away because the next quarter of an hour is quiet
      skipQueryValidation: true // the tables appear with the first lines in them
      criteria: {
        allOf: [
          {
            query: queries[rule.key]
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

resource hubNamespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: hubNamespaceName
}

resource measured 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for metric in metrics: {
    name: 'alert-${metric.key}'
    location: 'global'
    tags: tags
    properties: {
      description: metric.title
      severity: metric.severity
      enabled: true
      scopes: [hubNamespace.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true // it tells of the end too, and not again until then
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: metric.key
            metricNamespace: 'Microsoft.EventHub/namespaces'
            metricName: metric.name
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: [{ actionGroupId: people.id }]
    }
  }
]

// The activity log says these within minutes, whoever did it, and whether or not the pipeline itself still runs.
resource watched 'Microsoft.Insights/activityLogAlerts@2020-10-01' = [
  for subject in items(loadJsonContent('../watchedActions.json')): {
    name: 'alert-${subject.key}'
    location: 'global'
    tags: tags
    properties: {
      description: subject.value.title
      enabled: true
      scopes: [resourceGroup().id]
      condition: {
        allOf: [
          { field: 'category', equals: 'Administrative' }
          { anyOf: map(subject.value.operations, name => { field: 'operationName', equals: name }) }
        ]
      }
      actions: { actionGroups: [{ actionGroupId: people.id }] }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'auditseal')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Auditseal'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(
        [
          {
            type: 9
            name: 'time'
            content: {
              version: 'KqlParameterItem/1.0'
              parameters: [
                {
                  id: guid('time')
                  version: 'KqlParameterItem/1.0'
                  name: 'time'
                  type: 4
                  value: { durationMs: 86400000 }
                  typeSettings: {
                    selectableValues: [{ durationMs: 3600000 }, { durationMs: 86400000 }, { durationMs: 604800000 }]
                  }
                }
              ]
              style: 'pills'
            }
          }
        ],
        map(loadJsonContent('../workbook.json'), item => {
          type: 3
          name: item.query
          content: {
            version: 'KqlItem/1.0'
            title: item.title
            query: queries[item.query]
            size: 1
            timeContextFromParameter: 'time'
            queryType: 0
            resourceType: 'microsoft.operationalinsights/workspaces'
            visualization: item.visualization
          }
        })
      )
      fallbackResourceIds: [workspace.id]
    })
  }
}
