// Resources that send to the hub, named one by one. Fill in the lists, and deploy:
// az deployment sub create -l REGION -p infra/routing.bicepparam
using 'routing.bicep'

param senderRuleId = readEnvironmentVariable(
  'AUDITSEAL_SENDER_RULE',
  '/subscriptions/none/resourceGroups/none/providers/Microsoft.EventHub/namespaces/none/authorizationRules/none'
)
param hubName = 'audit'
param storageAccounts = []
param keyVaults = []
param sqlServers = []
param clusters = []
param webApps = []
param virtualMachines = []
// param machineWorkspace = { id: '/subscriptions/…/workspaces/NAME', location: 'westeurope' }
