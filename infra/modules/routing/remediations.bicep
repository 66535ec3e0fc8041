metadata name = 'Remediations'
metadata description = 'Gives the resources of one subscription that are there already what a policy assignment to its management group would give them when they change. Azure evaluates anew what needs it at a subscription, and not at a management group.'

targetScope = 'subscription'

@description('Required. Policy assignment, as a resource id.')
@minLength(1)
@maxLength(512)
param policyAssignmentId string

@description('Required. Members of its initiative: policyDefinitionReferenceIds. An empty text stands for a policy that is no initiative.')
@maxLength(200)
param references string[]

resource remediations 'Microsoft.PolicyInsights/remediations@2021-10-01' = [
  for reference in references: {
    name: guid(subscription().id, policyAssignmentId, reference)
    properties: {
      policyAssignmentId: policyAssignmentId
      policyDefinitionReferenceId: empty(reference) ? null : reference
      resourceDiscoveryMode: 'ReEvaluateCompliance'
      resourceCount: 50000 // the most that Azure takes; 500, if nothing is said
    }
  }
]
