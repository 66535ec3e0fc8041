import { EventHubProducerClient } from '@azure/event-hubs';
import { openCredential } from './credential.ts';
import { hubFault } from './hubFault.ts';
import type { HubSettings } from '../config/hub.ts';
import type { Probe } from '../ports/probe.ts';

const OPTIONS = { retryOptions: { maxRetries: 1, timeoutInMs: 20_000 }, userAgent: 'auditseal' };

/** HubProbe sends a record straight to the hub, as whoever is signed in; it takes the role Azure Event Hubs Data Sender. */
export class HubProbe implements Probe {
  readonly way = 'straight to the hub';
  readonly mostMs: number;
  readonly #place: Pick<HubSettings, 'connection' | 'hubName'>;

  constructor(place: Pick<HubSettings, 'connection' | 'hubName'>, mostMs: number) {
    this.#place = place;
    this.mostMs = mostMs;
  }

  async send(id: string): Promise<void> {
    const record = {
      time: new Date().toISOString(),
      category: 'AuditsealProbe',
      operationName: 'auditseal doctor',
      properties: { id, says: 'Somebody asked whether this deployment seals what it is sent.' },
    };
    const client = await this.#connect();
    try {
      await client.sendBatch([{ body: Buffer.from(JSON.stringify({ records: [record] })) }]);
    } catch (error) {
      throw hubFault('take a record', error, 'it takes the role Azure Event Hubs Data Sender on the hub');
    } finally {
      await client.close().catch(() => undefined);
    }
  }

  async #connect(): Promise<EventHubProducerClient> {
    const { connection, hubName } = this.#place;
    if (connection.kind === 'connectionString') return new EventHubProducerClient(connection.text, hubName, OPTIONS);
    const credential = await openCredential({ managed: false });
    return new EventHubProducerClient(connection.namespace, hubName, credential, OPTIONS);
  }
}
