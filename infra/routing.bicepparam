// Resources that send to the hub, named one by one. Fill in the lists, and deploy. azd keeps the rule in its own environment,
// so the shell has to get it; without it the compiler refuses:
// export AUDITSEAL_SENDER_RULE=$(azd env get-value AUDITSEAL_SENDER_RULE)
// az deployment sub create --location REGION --parameters infra/routing.bicepparam
using 'routing.bicep'

param senderRuleId = readEnvironmentVariable('AUDITSEAL_SENDER_RULE')
param hubName = 'audit'
param storageAccounts = []
param keyVaults = []
param sqlServers = []
param clusters = []
param webApps = []
param virtualMachines = []
// param machineWorkspace = { id: '/subscriptions/…/workspaces/NAME', location: 'westeurope' }
param platformTelemetry = []
// param hubLocation = 'westeurope'
