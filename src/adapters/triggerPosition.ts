import { RestError } from '@azure/storage-blob';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { connectContainer } from './blobConnection.ts';
import { saidBy } from './storageFault.ts';
import type { HubConnection, HubSettings } from '../config/hub.ts';
import { AuditsealError } from '../core/errors.ts';
import type { Passed, TriggerPosition } from '../ports/trigger.ts';

/** Where the extension for Event Hubs keeps positions, in the storage account of the host. */
const CONTAINER = 'azure-webjobs-eventhub';

/** BlobTriggerPosition sets the position that the extension for Event Hubs keeps in a blob's metadata. */
export class BlobTriggerPosition implements TriggerPosition {
  readonly #open: () => Promise<ContainerClient>;
  readonly #folder: string;

  /** folder names the namespace, the hub and the consumer group of the trigger. */
  constructor(open: () => Promise<ContainerClient>, folder: string) {
    this.#open = open;
    this.#folder = folder.toLowerCase();
  }

  async pass(partition: string, event: Passed): Promise<'moved' | 'unchanged'> {
    const name = `${this.#folder}/checkpoint/${partition}`;
    try {
      return await this.#move((await this.#open()).getBlockBlobClient(name), event);
    } catch (error) {
      if (error instanceof AuditsealError) throw error;
      const status = error instanceof RestError ? error.statusCode : undefined;
      // No host has run yet, which makes the container; or another one set or moved the position meanwhile.
      if (status === 404 || status === 409 || status === 412) return 'unchanged';
      const code = status === 401 || status === 403 ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE';
      throw new AuditsealError(code, `${CONTAINER}/${name}: ${saidBy(error)}`, { cause: error });
    }
  }

  async #move(blob: BlockBlobClient, event: Passed): Promise<'moved' | 'unchanged'> {
    const position = { sequencenumber: String(event.sequenceNumber), offset: event.offset };
    if (!(await blob.exists())) {
      await blob.upload('', 0, { metadata: position, conditions: { ifNoneMatch: '*' } });
      return 'moved';
    }
    const { metadata = {}, etag, lastModified } = await blob.getProperties();
    const at = Number(metadata['sequencenumber'] ?? NaN);
    // One that was written before the hub was created, or that is beyond its end, is of another hub.
    const isOfThisHub = (lastModified?.getTime() ?? 0) >= Date.parse(event.created) && at <= event.last;
    if (isOfThisHub && at >= event.sequenceNumber) return 'unchanged';
    await blob.setMetadata(
      { ...metadata, ...position },
      { conditions: { ...(etag !== undefined && { ifMatch: etag }) } },
    );
    return 'moved';
  }
}

/** triggerPositionOf is the position of the trigger, whose storage is opened at first use. */
export function triggerPositionOf({ connection, hubName, trigger }: HubSettings): TriggerPosition {
  const { consumerGroup, storage } = trigger;
  const open = async (): Promise<ContainerClient> => {
    if (storage !== undefined) return connectContainer(storage, CONTAINER);
    const expected = 'expected AzureWebJobsStorage or AzureWebJobsStorage__blobServiceUri';
    throw new AuditsealError('STORE_REFUSED', `the settings don't say where the host keeps its positions; ${expected}`);
  };
  return new BlobTriggerPosition(open, `${namespaceOf(connection)}/${hubName}/${consumerGroup}`);
}

const namespaceOf = (connection: HubConnection): string =>
  connection.kind === 'identity'
    ? connection.namespace
    : (/(?:^|;)\s*Endpoint=[a-z]+:\/\/([^/;:]+)/i.exec(connection.text)?.[1] ?? '');
