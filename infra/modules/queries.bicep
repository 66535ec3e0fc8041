metadata name = 'Queries'
metadata description = 'What is asked of the logs, by alerts and by the workbook. A rule whose query fails for a week is disabled by Azure, and a query fails while a table that it reads has no first line yet, or none in 30 days; so each reads its tables beside an empty one of the same columns. Whoever uses one fills in `{runbook}`.'

@export()
@description('The text of each query.')
var queries = {
  changes: loadTextContent('../queries/changes.kql')
  cost: loadTextContent('../queries/cost.kql')
  expiring: loadTextContent('../queries/expiring.kql')
  findings: loadTextContent('../queries/findings.kql')
  forwardRuns: loadTextContent('../queries/forwardRuns.kql')
  forwarding: loadTextContent('../queries/forwarding.kql')
  integrateRuns: loadTextContent('../queries/integrateRuns.kql')
  keyUse: loadTextContent('../queries/keyUse.kql')
  losses: loadTextContent('../queries/losses.kql')
  postureRuns: loadTextContent('../queries/postureRuns.kql')
  recheck: loadTextContent('../queries/recheck.kql')
  sealedByPartition: loadTextContent('../queries/sealedByPartition.kql')
  silentSources: loadTextContent('../queries/silentSources.kql')
  standing: loadTextContent('../queries/standing.kql')
  status: loadTextContent('../queries/status.kql')
  tampering: loadTextContent('../queries/tampering.kql')
  unforwarded: loadTextContent('../queries/unforwarded.kql')
  unsealed: loadTextContent('../queries/unsealed.kql')
  verdicts: loadTextContent('../queries/verdicts.kql')
  verifyRuns: loadTextContent('../queries/verifyRuns.kql')
  watchRuns: loadTextContent('../queries/watchRuns.kql')
}
