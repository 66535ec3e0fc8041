import { LEARN } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** SERVICE_RULES is about what runs and what lets in. */
export const SERVICE_RULES: readonly Rule[] = [
  {
    origin: 'Kubernetes audit',
    source: 'kubernetes.io/docs/reference/config-api/apiserver-audit.v1',
    paths: {
      operation: ['properties.log.verb'],
      actor: ['properties.log.user.username', 'properties.log.impersonatedUser.username', 'properties.log.user.uid'],
      target: [
        'properties.log.objectRef.name',
        'properties.log.objectRef.namespace',
        'properties.log.objectRef.resource',
        'properties.log.requestURI',
      ],
      result: [
        'properties.log.responseStatus.code',
        'properties.log.responseStatus.reason',
        ['properties', 'log', 'annotations', 'authorization.k8s.io/decision'],
      ],
      ip: ['properties.log.sourceIPs'],
      correlation: ['properties.log.auditID'],
    },
  },
  {
    origin: 'App Service',
    source: `${LEARN}/app-service/monitor-app-service-reference`,
    paths: {
      operation: ['properties.csMethod'],
      actor: ['properties.userDisplayName', 'properties.csUsername'],
      target: ['properties.csUriStem', 'properties.csHost'],
      result: ['properties.scStatus'],
      ip: ['properties.cIp', 'properties.userAddress'],
    },
  },
  {
    origin: 'Functions',
    source: `${LEARN}/azure-functions/functions-monitor-log-analytics`,
    paths: { target: ['properties.functionName'], correlation: ['properties.functionInvocationId'] },
  },
  {
    origin: 'gateways and firewalls',
    source: `${LEARN}/frontdoor/monitor-front-door-reference`,
    paths: {
      operation: ['properties.httpMethod', 'properties.method'],
      target: [
        'properties.url',
        'properties.targetUrl',
        'properties.fqdn',
        'properties.queryName',
        'properties.hostName',
        'properties.host',
        'targetResourceId',
      ],
      resource: ['flowLogResourceId'],
      actor: ['properties.apimSubscriptionId'],
      result: ['properties.httpStatusCode', 'properties.httpStatus', 'properties.responseCode', 'properties.action'],
      ip: [
        'properties.clientIp',
        'properties.socketIp',
        'properties.sourceIp',
        'properties.destinationIp',
        'properties.sourceAddress',
        'properties.destinationAddress',
      ],
    },
  },
  {
    origin: 'Event Hubs and Service Bus',
    source: `${LEARN}/event-hubs/monitor-event-hubs-reference`,
    paths: {
      operation: ['activityName'],
      actor: ['authKey'],
      target: ['properties.entityName', 'namespaceName'],
    },
  },
  {
    origin: 'Logic Apps and Data Factory',
    source: `${LEARN}/logic-apps/monitor-workflows-collect-diagnostic-data`,
    paths: {
      target: ['properties.resource.actionName', 'properties.resource.workflowName', 'properties.triggerName'],
      result: ['properties.status', 'properties.code'],
      correlation: ['properties.correlation.clientTrackingId', 'runId'],
    },
  },
  {
    origin: 'Container Registry',
    source: `${LEARN}/container-registry/monitor-container-registry-reference`,
    paths: { target: ['properties.repository', 'properties.loginServer'] },
  },
];
