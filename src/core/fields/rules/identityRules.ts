import type { Path } from '../pathReader.ts';
import { LEARN } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** Other services have ids of single records in that place, which nobody looks for. */
const URL_START = 'https://';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const OBJECT_ID = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

const claims = (name: 'claims' | 'claim'): readonly Path[] => [
  ['identity', name, `${CLAIMS}upn`],
  ['identity', name, 'upn'],
  ['identity', name, `${CLAIMS}emailaddress`],
  ['identity', name, `${CLAIMS}name`],
  ['identity', name, 'unique_name'],
  ['identity', name, 'name'],
  ['identity', name, `${CLAIMS}spn`],
  ['identity', name, 'appid'],
  ['identity', name, OBJECT_ID],
  ['identity', name, 'oid'],
];

/** IDENTITY_RULES is about who did what to Azure, Entra ID and its keys. */
export const IDENTITY_RULES: readonly Rule[] = [
  {
    origin: 'activity log',
    source: `${LEARN}/azure-monitor/platform/activity-log-schema`,
    paths: {
      actor: [...claims('claims'), 'identity.authorization.evidence.principalId', 'properties.caller'],
      target: ['identity.authorization.scope', 'authorization.scope', 'properties.entity'],
      ip: ['identity.claims.ipaddr', 'httpRequest.clientIpAddress'],
      result: ['properties.statusCode'],
    },
  },
  {
    origin: 'Entra ID, audit',
    source: 'learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities',
    paths: {
      operation: ['properties.activityDisplayName', 'activityDisplayName'],
      actor: [
        'properties.initiatedBy.user.userPrincipalName',
        'properties.initiatedBy.user.displayName',
        'properties.initiatedBy.user.id',
        'properties.initiatedBy.app.displayName',
        'properties.initiatedBy.app.servicePrincipalName',
        'properties.initiatedBy.app.servicePrincipalId',
        'properties.initiatedBy.app.appId',
        'properties.initiatedBy.name',
        'properties.servicePrincipal.name',
      ],
      target: [
        'properties.targetResources.userPrincipalName',
        'properties.targetResources.displayName',
        'properties.targetResources.id',
        'properties.targetResources.groupType',
        'properties.targetResourceName',
        'properties.targetIdentity.displayName',
        'properties.targetIdentity.id',
        'properties.sourceIdentity.displayName',
        'properties.sourceIdentity.id',
      ],
      result: ['properties.result', 'properties.provisioningStatusInfo.status'],
      ip: ['properties.initiatedBy.user.ipAddress'],
    },
  },
  {
    origin: 'Entra ID, sign-ins and risk',
    source: `${LEARN}/azure-monitor/reference/tables/signinlogs`,
    paths: {
      actor: [
        'properties.userPrincipalName',
        'properties.userDisplayName',
        'properties.servicePrincipalName',
        'properties.userId',
        'properties.servicePrincipalId',
        'properties.appDisplayName',
        'properties.appId',
      ],
      target: ['properties.resourceDisplayName', 'properties.resourceId'],
      result: ['properties.status.errorCode', 'properties.riskState'],
      ip: ['properties.ipAddress', 'properties.ipAddressFromResourceProvider'],
    },
  },
  {
    origin: 'Microsoft Graph activity',
    source: `${LEARN}/azure-monitor/reference/tables/microsoftgraphactivitylogs`,
    paths: {
      operation: ['properties.requestMethod'],
      actor: ['properties.userPrincipalObjectID'],
      target: ['properties.requestUri'],
      result: ['properties.responseStatusCode'],
    },
  },
  {
    origin: 'Key Vault',
    source: `${LEARN}/key-vault/general/logging`,
    paths: {
      actor: [...claims('claim')],
      target: [{ path: 'properties.id', only: URL_START }, 'properties.requestUri', 'properties.subjectName'],
      result: ['properties.httpStatusCode'],
    },
  },
];
