metadata name = 'Logs of the pipeline itself'
metadata description = 'Log Analytics and Application Insights. What watches the ledger goes here, never into the event hub: the pipeline would seal its own traces for ever.'

import { tagsOf } from '../shared.bicep'

@description('Required. Region.')
@minLength(1)
@maxLength(64)
param location string

@description('Required. Tags of every resource.')
param tags tagsOf

@description('Required. Name of the Log Analytics workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Name of Application Insights.')
@minLength(1)
@maxLength(260)
param insightsName string

@description('Required. Days that logs are kept. What must be kept is in the ledger; these are for operators.')
@minValue(30)
@maxValue(730)
param retentionDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    publicNetworkAccessForIngestion: 'Enabled' // the apps' route to it is allowed by service tag, and Entra ID decides
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true // an instrumentation key alone sends nothing
    DisableIpMasking: false
  }
}
