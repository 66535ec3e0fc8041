import { LEARN } from '../../fields/rule.ts';
import { fold } from '../../fields/fold.ts';
import { storageActivity } from '../activities.ts';
import { OTHER } from '../classes.ts';
import type { Mapped, Mapping } from '../mapping.ts';
import { actorOf, endpointOf, given, requestOf, responseOf, urlOf, userOf } from '../parts.ts';
import type { Attributes } from '../parts.ts';
import type { RecordView } from '../record.ts';

/** OCSF's numbers of kinds of data stores. */
const STORES = { database: { type_id: 1, type: 'Database' }, databucket: { type_id: 2, type: 'Databucket' } } as const;
/** OCSF's numbers of kinds of databases and of buckets. */
const RELATIONAL = { type_id: 1, type: 'Relational' } as const;
const NOSQL = { type_id: 6, type: 'NoSQL' } as const;
const AZURE_BLOB = { type_id: 2, type: 'Azure Blob' } as const;

/** access makes an access to data: OCSF asks for who, from where, and to what. */
function access(record: RecordView, activity: number, store: Attributes, more: Attributes = {}): Mapped | undefined {
  const { actor, ip } = record.values;
  const [who, from] = [actorOf(userOf(actor)), endpointOf(ip)];
  if (who === undefined || from === undefined) return undefined;
  return { activity, attributes: { actor: who, src_endpoint: from, ...store, ...given(more) } };
}

const ofDatabase = (name: string, kind: Attributes): Attributes => ({
  ...STORES.database,
  database: { name, ...kind },
});

const SQL: ReadonlyMap<string, number> = new Map(
  Object.entries({
    'batch completed': 4,
    'rpc completed': 4,
    'database authentication succeeded': 3,
    'database authentication failed': 3,
  }),
);

const COSMOS: ReadonlyMap<string, number> = new Map(Object.entries({ create: 6, read: 1, query: 4, delete: 7 }));
const MYSQL: ReadonlyMap<string, number> = new Map(Object.entries({ connection_log: 3, general_log: 4 }));

/** DATA_MAPPINGS is about who read or changed data. */
export const DATA_MAPPINGS: readonly Mapping[] = [
  {
    origin: 'storage',
    source: `${LEARN}/storage/blobs/monitor-blob-storage-reference`,
    product: { name: 'Azure Storage', vendor_name: 'Microsoft' },
    categories: ['storageread', 'storagewrite', 'storagedelete'],
    to: 'datastore',
    activities: 'by the beginning of the operation: list, get, delete, create, put or append; else other',
    map: (record) => {
      const name = /^\/(?:[^/]+\/)?([^/]+)/.exec(record.text('properties.objectKey') ?? '')?.[1];
      if (name === undefined) return undefined;
      return access(
        record,
        storageActivity(record.values.operation ?? ''),
        { ...STORES.databucket, databucket: { name, ...AZURE_BLOB } },
        {
          http_request: requestOf(undefined, urlOf(record.text('uri')), record.text('properties.userAgentHeader')),
          http_response: responseOf(record.text('statusCode')),
        },
      );
    },
  },
  {
    origin: 'SQL auditing',
    source: `${LEARN}/azure-sql/database/audit-log-format`,
    product: { name: 'Azure SQL Database', vendor_name: 'Microsoft' },
    categories: ['sqlsecurityauditevents'],
    to: 'datastore',
    activities: 'by the action: a batch or an RPC is a query, an authentication a connect; else other',
    map: (record) => {
      const name = record.text('properties.database_name');
      if (name === undefined) return undefined;
      const activity = SQL.get(fold(record.text('properties.action_name') ?? '')) ?? OTHER;
      return access(record, activity, ofDatabase(name, RELATIONAL));
    },
  },
  {
    origin: 'MySQL',
    source: `${LEARN}/mysql/flexible-server/concepts-audit-logs`,
    product: { name: 'Azure Database for MySQL', vendor_name: 'Microsoft' },
    categories: ['mysqlauditlogs'],
    to: 'datastore',
    activities: 'by the class of the event: connections, and what is asked; else other',
    map: (record) => {
      const name = record.first('properties.db', 'LogicalServerName');
      if (name === undefined) return undefined;
      const activity = MYSQL.get(fold(record.text('properties.event_class') ?? '')) ?? OTHER;
      return access(record, activity, ofDatabase(name, RELATIONAL));
    },
  },
  {
    origin: 'Cosmos DB',
    source: `${LEARN}/cosmos-db/monitor-reference`,
    product: { name: 'Azure Cosmos DB', vendor_name: 'Microsoft' },
    categories: ['dataplanerequests'],
    to: 'datastore',
    activities: 'by the operation: create, read, query, delete; else other',
    map: (record) => {
      const name = /^\/dbs\/([^/]+)/.exec(record.text('properties.requestResourceId') ?? '')?.[1];
      if (name === undefined) return undefined;
      const activity = COSMOS.get(fold(record.values.operation ?? '')) ?? OTHER;
      return access(record, activity, ofDatabase(name, NOSQL), {
        http_response: responseOf(record.text('properties.statusCode')),
      });
    },
  },
];
