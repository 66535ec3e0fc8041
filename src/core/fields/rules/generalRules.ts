import { LEARN } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** In rows of a table, or under `properties` where they are streamed. */
const rows = (...keys: readonly string[]): readonly string[] => keys.flatMap((key) => [key, `properties.${key}`]);

/** GENERAL_RULES is about what many have alike. */
export const GENERAL_RULES: readonly Rule[] = [
  {
    origin: 'resource logs',
    source: `${LEARN}/azure-monitor/platform/resource-logs-schema`,
    paths: {
      time: ['time', 'timestamp', '@timestamp', 'timeGenerated', 'eventTimestamp', 'eventTime', 'createdDateTime'],
      correlation: ['correlationId', 'properties.correlationId', 'operationId', 'activityId'],
      category: ['category', 'properties.category', 'eventCategory'],
      operation: ['operationName', 'properties.operationName', 'eventName'],
      actor: ['identity', 'caller'],
      resource: ['resourceId', '_resourceId', 'resourceUri'],
      result: ['resultType', 'resultSignature', 'status', 'resultStatus', 'properties.resultType'],
      ip: ['callerIpAddress'],
    },
  },
  {
    origin: 'rows of Log Analytics, Defender, Sentinel and Office',
    source: `${LEARN}/azure-monitor/reference/tables-index`,
    paths: {
      time: ['eventTimeString', 'creationTime', 'properties.timestamp'],
      category: ['type', 'recordType', 'workload', 'channel'],
      operation: ['actionType', 'operation', 'activity', 'eventId', 'alertName', 'alertType', 'processName'],
      actor: rows(
        'userPrincipalName',
        'accountUpn',
        'accountName',
        'accountObjectId',
        'initiatingProcessAccountUpn',
        'initiatingProcessAccountName',
        'userId',
        'subjectUserName',
        'account',
      ),
      target: rows(
        'objectName',
        'objectId',
        'targetAccountUpn',
        'targetUserName',
        'deviceName',
        'remoteUrl',
        'computer',
        'compromisedEntity',
      ),
      resource: ['azureResourceId', 'resourceIdentifiers.azureResourceId'],
      ip: [
        ...rows('clientIp', 'remoteIP', 'localIP', 'destinationIPAddress', 'ipAddress'),
        'hostIP',
        'entities.address',
      ],
    },
  },
];
