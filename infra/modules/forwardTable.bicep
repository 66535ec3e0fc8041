metadata name = 'Table of records'
metadata description = 'The table that the auditor hands records on to, in a workspace that may be elsewhere.'

@description('Required. Name of the workspace, in the resource group that this is deployed to.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Plan of the table.')
@allowed(['Analytics', 'Basic', 'Auxiliary'])
param plan string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource table 'Microsoft.OperationalInsights/workspaces/tables@2025-02-01' = {
  parent: workspace
  name: 'AuditsealRecords_CL'
  properties: {
    plan: plan
    schema: {
      name: 'AuditsealRecords_CL'
      columns: map(items(loadJsonContent('../forwardColumns.json')), column => {
        name: column.key
        type: column.value
      })
    }
  }
}
