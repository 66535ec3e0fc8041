// A management group, and the hubs of its regions. Fill in the list, and deploy:
// az deployment mg create --management-group-id GROUP --location REGION --parameters infra/estate.bicepparam
using 'estate.bicep'

param hubs = [
  // { location: 'westeurope', senderRuleId: '/subscriptions/…/namespaces/NAMESPACE/authorizationRules/diagnostic-settings', hubName: 'audit' }
]
param globalLocation = 'westeurope'
param remediatedSubscriptions = []
param auditors = []
