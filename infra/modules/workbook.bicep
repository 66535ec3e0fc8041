metadata name = 'Workbook'
metadata description = 'For looking around: the queries of workbook.json, one below the other.'

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

@description('Required. Address that the name of a section of the runbook is put behind.')
@minLength(1)
@maxLength(513)
param runbook string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

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
            query: replace(queries[item.query], '{runbook}', runbook)
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
