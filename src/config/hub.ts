import { checkIdentity, identity } from './identity.ts';
import type { Identity } from './identity.ts';
import type { Read, Reader } from './settings.ts';
import { hostStorage } from './storage.ts';
import type { StorageConnection } from './storage.ts';

/** HubConnection is how to reach a namespace of Event Hubs, by the convention of Azure Functions' own connections. */
export type HubConnection =
  | { readonly kind: 'connectionString'; readonly text: string }
  | ({ readonly kind: 'identity'; readonly namespace: string } & Identity);

/** HubSettings is what the app is told of the hub that it asks and reads beside the trigger. */
export interface HubSettings {
  readonly connection: HubConnection;
  readonly hubName: string;
  /** the consumer group that it reads with: the trigger has another one */
  readonly consumerGroup: string;
  /** the trigger's consumer group, and where the host keeps its positions, if that is known */
  readonly trigger: { readonly consumerGroup: string; readonly storage?: StorageConnection };
  /** events that waited so long are read by this app itself */
  readonly stuckMinutes: number;
  /** how long the hub keeps events; left out where nobody said */
  readonly retentionHours?: number;
}

/** hubSettings is what the settings say of the hub. */
export function hubSettings(settings: Read): HubSettings {
  const { HUB__fullyQualifiedNamespace: namespace, HUB_RETENTION_HOURS: retentionHours } = settings;
  const storage = hostStorage(settings);
  return {
    connection:
      namespace === undefined
        ? { kind: 'connectionString', text: settings.HUB as string }
        : { kind: 'identity', namespace, ...identity(settings, 'HUB') },
    hubName: settings.HUB_NAME,
    consumerGroup: settings.HUB_REPAIR_GROUP,
    trigger: { consumerGroup: settings.HUB_CONSUMER_GROUP, ...(storage !== undefined && { storage }) },
    stuckMinutes: settings.STUCK_MINUTES,
    ...(retentionHours !== undefined && { retentionHours }),
  };
}

/** checkHub demands one way to the hub, and a consumer group for each who reads it. */
export function checkHub(reader: Reader): void {
  const connectionString = reader.read('HUB');
  if (reader.isSet('HUB__fullyQualifiedNamespace')) {
    checkIdentity(reader, 'HUB');
    if (connectionString !== undefined)
      reader.fault('HUB', 'is given twice; leave out HUB or HUB__fullyQualifiedNamespace');
  } else if (connectionString === undefined) {
    reader.require(
      'HUB',
      'expected a connection string of the Event Hubs namespace, or HUB__fullyQualifiedNamespace for an identity',
    );
  } else if (!isHubConnectionString(connectionString)) {
    reader.fault(
      'HUB',
      'is wrong; expected a connection string with Endpoint=sb://, and SharedAccessKeyName= and SharedAccessKey=, or ' +
        'SharedAccessSignature=',
    );
  }
  const group = reader.read('HUB_REPAIR_GROUP');
  if (group !== undefined && group.toLowerCase() === reader.read('HUB_CONSUMER_GROUP')?.toLowerCase())
    reader.fault('HUB_REPAIR_GROUP', 'is the consumer group of ingest; expected another one');
}

function isHubConnectionString(candidate: string): boolean {
  const has = (name: string): boolean => new RegExp(`(^|;)\\s*${name}=[^;]`, 'i').test(candidate);
  const hasKey = (has('SharedAccessKeyName') && has('SharedAccessKey')) || has('SharedAccessSignature');
  return /(^|;)\s*Endpoint=[a-z]+:\/\/[^;]/i.test(candidate) && hasKey;
}
