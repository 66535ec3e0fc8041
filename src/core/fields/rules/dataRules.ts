import { LEARN } from '../rule.ts';
import type { Rule } from '../rule.ts';

/** DATA_RULES is about data. */
export const DATA_RULES: readonly Rule[] = [
  {
    origin: 'storage',
    source: `${LEARN}/storage/blobs/monitor-blob-storage-reference`,
    paths: {
      actor: [
        'identity.requester.upn',
        'identity.requester.objectId',
        'identity.requester.appId',
        'identity.delegatedResource.objectId',
        'identity.tokenHash',
      ],
      target: ['uri', 'properties.objectKey', 'properties.accountName'],
      result: ['statusCode', 'statusText', 'properties.statusText'],
    },
  },
  {
    origin: 'SQL auditing',
    source: `${LEARN}/azure-sql/database/audit-log-format`,
    paths: {
      operation: ['properties.action_name', 'properties.action_id'],
      actor: [
        'properties.server_principal_name',
        'properties.session_server_principal_name',
        'properties.database_principal_name',
      ],
      target: [
        'properties.object_name',
        'properties.target_server_principal_name',
        'properties.target_database_principal_name',
        'properties.database_name',
        'properties.server_instance_name',
      ],
      result: ['properties.succeeded'],
      ip: ['properties.client_ip'],
    },
  },
  {
    origin: 'MySQL and PostgreSQL',
    source: `${LEARN}/mysql/flexible-server/concepts-audit-logs`,
    paths: {
      operation: ['properties.event_subclass', 'properties.event_class', 'properties.command_tag'],
      actor: ['properties.user', 'properties.user_name'],
      target: ['properties.db', 'properties.dbname', 'properties.databaseName', 'logicalServerName'],
      result: ['properties.error_code', 'properties.sql_state_code', 'properties.errorLevel'],
      ip: ['properties.ip', 'properties.remote_host'],
    },
  },
  {
    origin: 'Cosmos DB',
    source: `${LEARN}/cosmos-db/monitor-reference`,
    paths: {
      actor: ['properties.aadPrincipalId', 'properties.resourceTokenUserRid'],
      target: ['properties.requestResourceId'],
      result: ['properties.statusCode'],
      ip: ['properties.clientIpAddress'],
      correlation: ['properties.activityId'],
    },
  },
  {
    origin: 'Databricks',
    source: `${LEARN}/databricks/admin/account-settings/audit-logs`,
    paths: {
      operation: ['properties.actionName'],
      actor: ['identity.email', 'identity.subjectName'],
      result: ['properties.response.statusCode'],
      ip: ['properties.sourceIPAddress'],
      correlation: ['properties.requestId'],
    },
  },
];
