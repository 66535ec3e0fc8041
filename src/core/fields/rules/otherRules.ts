import type { Rule } from '../rule.ts';

/** OTHER_RULES is about what is not Azure's own. */
export const OTHER_RULES: readonly Rule[] = [
  {
    origin: 'GitHub',
    source: 'docs.github.com/enterprise-cloud@latest/admin/monitoring-activity-in-your-enterprise',
    paths: {
      time: ['created_at'],
      operation: ['action'],
      actor: ['actor', 'actor_id'],
      target: ['user', 'repo', 'org', 'team', 'business', 'user_id'],
      resource: ['repo', 'org', 'business'],
      ip: ['actor_ip'],
      correlation: ['request_id'],
    },
  },
  {
    origin: 'Azure DevOps',
    source: 'learn.microsoft.com/azure/devops/organizations/audit/azure-devops-auditing',
    paths: {
      operation: ['actionId'],
      category: ['area'],
      actor: ['actorUPN', 'actorDisplayName', 'actorUserId', 'actorClientId'],
      target: ['projectName', 'scopeDisplayName', 'projectId'],
      ip: ['ipAddress'],
    },
  },
  {
    origin: 'Defender, streamed',
    source: 'learn.microsoft.com/defender-xdr/streaming-api-event-hub',
    paths: { operation: ['properties.actionType'], target: ['properties.fileName', 'properties.title'] },
  },
];
