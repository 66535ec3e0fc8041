metadata name = 'Tenant'
metadata description = 'Sends the logs of Entra ID to the hub. It takes a Security Administrator who may also write at the root of the tenant, so azd does not deploy it: az deployment tenant create --location REGION --template-file infra/tenant.bicep --parameters senderRuleId=RULE hubName=audit.'

targetScope = 'tenant'

import { settingNameFor } from 'shared.bicep'

@description('Required. Authorization rule of the namespace that diagnostic settings send with, as a resource id.')
@minLength(1)
@maxLength(512)
param senderRuleId string

@description('Required. Event hub.')
@minLength(1)
@maxLength(256)
param hubName string

@description('Optional. Categories of the logs of Entra ID. Sign-ins, risks and requests to Microsoft Graph take a licence of Entra ID P1 or P2; the last are many, so leave them out where nobody asks who read what.')
@maxLength(30)
param categories string[] = [
  'AuditLogs'
  'SignInLogs'
  'NonInteractiveUserSignInLogs'
  'ServicePrincipalSignInLogs'
  'ManagedIdentitySignInLogs'
  'ProvisioningLogs'
  'RiskyUsers'
  'UserRiskEvents'
  'RiskyServicePrincipals'
  'ServicePrincipalRiskEvents'
  'MicrosoftGraphActivityLogs'
]

resource setting 'Microsoft.AADIAM/diagnosticSettings@2017-04-01' = {
  name: settingNameFor(senderRuleId)
  properties: {
    eventHubAuthorizationRuleId: senderRuleId
    eventHubName: hubName
    logs: [for category in categories: { category: category, enabled: true }]
  }
}
