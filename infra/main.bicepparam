// What azd deploys. Every value comes from the azd environment: `azd env set NAME VALUE`.
using 'main.bicep'

var sizes = loadJsonContent('sizes.json')
var networkAsked = readEnvironmentVariable('AUDITSEAL_NETWORK', '')
var egressAsked = readEnvironmentVariable('AUDITSEAL_EGRESS', '')
var redundancyAsked = readEnvironmentVariable('AUDITSEAL_REDUNDANCY', '')
var daysAsked = readEnvironmentVariable('AUDITSEAL_RETENTION_DAYS', '')
var nodeAsked = readEnvironmentVariable('AUDITSEAL_NODE_VERSION', '')
var waitAsked = readEnvironmentVariable('AUDITSEAL_MAX_WAIT_SECONDS', '')
var integrateAsked = readEnvironmentVariable('AUDITSEAL_INTEGRATE_SCHEDULE', '')

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'auditseal')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param size = readEnvironmentVariable('AUDITSEAL_SIZE', 'small')
param network = empty(networkAsked) ? sizes[size].network : networkAsked
param retentionDays = empty(daysAsked) ? sizes[size].retentionDays : int(daysAsked)
param redundancy = empty(redundancyAsked) ? sizes[size].storageSku : redundancyAsked
param hasDefender = bool(readEnvironmentVariable('AUDITSEAL_DEFENDER', 'false'))
param senderRights = readEnvironmentVariable('AUDITSEAL_SENDER_RIGHTS', 'Send')
param isPolicyLocked = readEnvironmentVariable('AUDITSEAL_POLICY_STATE', 'Unlocked') == 'Locked'
param nodeVersion = empty(nodeAsked) ? loadJsonContent('runtime.json').node : nodeAsked
param customRoles = bool(readEnvironmentVariable('AUDITSEAL_CUSTOM_ROLES', 'true'))
param operatorGroupId = readEnvironmentVariable('AUDITSEAL_OPERATORS', '')
param ledgerOrigin = readEnvironmentVariable('AUDITSEAL_ORIGIN', '')
param watchCoverage = bool(readEnvironmentVariable('AUDITSEAL_COVERAGE', 'true'))
param coverageScopes = filter(
  split(readEnvironmentVariable('AUDITSEAL_COVERAGE_SCOPES', ''), ','),
  scope => !empty(scope)
)
param coverageHubs = filter(split(readEnvironmentVariable('AUDITSEAL_COVERAGE_HUBS', ''), ','), id => !empty(id))
param coveragePromised = readEnvironmentVariable('AUDITSEAL_COVERAGE_PROMISED', 'none')
param hasSignerSecret = bool(readEnvironmentVariable('AUDITSEAL_HAS_SIGNER_SECRET', 'false'))
param verifierKeys = readEnvironmentVariable('AUDITSEAL_VERIFIER_KEYS', '')
param auditorVerifierKeys = readEnvironmentVariable('AUDITSEAL_AUDITOR_VERIFIER_KEYS', '')
param operatorVerifierKeys = readEnvironmentVariable('AUDITSEAL_OPERATOR_VERIFIER_KEYS', '')
param operatorRevokedKeys = readEnvironmentVariable('AUDITSEAL_OPERATOR_REVOKED_KEYS', '')
param witnessPolicy = readEnvironmentVariable('AUDITSEAL_WITNESS_POLICY', '')
param maxWaitSeconds = empty(waitAsked) ? sizes[size].ingest.maxWaitSeconds : int(waitAsked)
param integrateSchedule = empty(integrateAsked) ? sizes[size].integrateSchedule : integrateAsked
param watchSchedule = readEnvironmentVariable('AUDITSEAL_WATCH_SCHEDULE', '50 * * * * *')
param verifySchedule = readEnvironmentVariable('AUDITSEAL_VERIFY_SCHEDULE', '0 15 * * * *')
param postureSchedule = readEnvironmentVariable('AUDITSEAL_POSTURE_SCHEDULE', '0 45 */6 * * *')
param forwardPlan = readEnvironmentVariable('AUDITSEAL_FORWARD', 'none')
param forwardWorkspaceId = readEnvironmentVariable('AUDITSEAL_FORWARD_WORKSPACE', '')
param forwardLocation = readEnvironmentVariable('AUDITSEAL_FORWARD_LOCATION', '')
param forwardFrom = readEnvironmentVariable('AUDITSEAL_FORWARD_FROM', 'now')
param forwardSchedule = readEnvironmentVariable('AUDITSEAL_FORWARD_SCHEDULE', '15 * * * * *')
param heartbeatMinutes = int(readEnvironmentVariable('AUDITSEAL_HEARTBEAT_MINUTES', '15'))
param sourceSilentHours = int(readEnvironmentVariable('AUDITSEAL_SOURCE_SILENT_HOURS', '24'))
param sourcesExpected = readEnvironmentVariable('AUDITSEAL_SOURCES_EXPECTED', '')
param callerRanges = filter(split(readEnvironmentVariable('AUDITSEAL_CALLER_RANGES', ''), ','), range => !empty(range))
param deployerRanges = filter(
  split(readEnvironmentVariable('AUDITSEAL_DEPLOYER_RANGES', ''), ','),
  range => !empty(range)
)
param addressRange = readEnvironmentVariable('AUDITSEAL_ADDRESS_RANGE', '10.90.0.0/24')
param operatorRanges = filter(
  split(readEnvironmentVariable('AUDITSEAL_OPERATOR_RANGES', ''), ','),
  range => !empty(range)
)
param witnessRanges = filter(
  split(readEnvironmentVariable('AUDITSEAL_WITNESS_RANGES', ''), ','),
  range => !empty(range)
)
param appRanges = filter(split(readEnvironmentVariable('AUDITSEAL_APP_RANGES', ''), ','), range => !empty(range))
param egress = empty(egressAsked) ? (empty(sealerSubnetId) ? 'natGateway' : 'none') : egressAsked
param privateMonitor = bool(readEnvironmentVariable('AUDITSEAL_PRIVATE_MONITOR', 'false'))
param armPrivateLinkId = readEnvironmentVariable('AUDITSEAL_ARM_PRIVATE_LINK', '')
param sealerSubnetId = readEnvironmentVariable('AUDITSEAL_SEALER_SUBNET', '')
param auditorSubnetId = readEnvironmentVariable('AUDITSEAL_AUDITOR_SUBNET', '')
param endpointSubnetId = readEnvironmentVariable('AUDITSEAL_ENDPOINT_SUBNET', '')
param dnsZones = readEnvironmentVariable('AUDITSEAL_DNS_ZONES', 'own')
param deployers = filter(split(readEnvironmentVariable('AUDITSEAL_DEPLOYERS', ''), ','), id => !empty(id))
param watchSubscription = bool(readEnvironmentVariable('AUDITSEAL_WATCH_SUBSCRIPTION', 'true'))
param routeActivityLog = bool(readEnvironmentVariable('AUDITSEAL_ROUTE_ACTIVITY_LOG', 'true'))
param routeByPolicy = readEnvironmentVariable('AUDITSEAL_ROUTE_BY_POLICY', 'none')
param routeGlobal = bool(readEnvironmentVariable('AUDITSEAL_ROUTE_GLOBAL', 'true'))
param excludedGroups = filter(
  split(readEnvironmentVariable('AUDITSEAL_EXCLUDED_GROUPS', ''), ','),
  name => !empty(name)
)
param remediated = filter(split(readEnvironmentVariable('AUDITSEAL_REMEDIATED', ''), ','), name => !empty(name))
param runbookUrl = readEnvironmentVariable('AUDITSEAL_RUNBOOK_URL', 'docs/runbook.md')
param alertEmails = filter(
  split(readEnvironmentVariable('AUDITSEAL_ALERT_EMAILS', ''), ','),
  address => !empty(address)
)
