import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import rhea, { type EventContext, type Receiver, type Sender } from 'rhea';
import { parseAddress } from './address.ts';
import { Grants } from './cbs.ts';
import { encodeBody } from './eventMessage.ts';
import type { HubDefinition } from './definition.ts';
import { Hub, type HubSurroundings } from './hub.ts';
import { answerManagement } from './management.ts';
import type { PartitionLog } from './partitionLog.ts';
import { acceptEvents, MAX_MESSAGE_BYTES } from './producers.ts';
import { adaptConnection } from './rawConnection.ts';
import { PartitionReceiver, PartitionReceivers } from './receivers.ts';
import { acceptAttach, notFound, partitionOutOfRange, type Refusal, refuseAttach, unauthorized } from './refusal.ts';
import { serveRequests } from './requestLink.ts';
import { startPosition } from './startPosition.ts';

export type { HubDefinition } from './definition.ts';

/** EventHubOptions says which hubs there are and where they live. */
export interface EventHubOptions {
  readonly hubs: readonly HubDefinition[];
  /** dataDir keeps the events over a restart; without it they live in memory. */
  readonly dataDir?: string;
  readonly now?: () => number;
  readonly port?: number;
  /** note takes what an operator should know, a line at a time; it is written to stderr when not given. */
  readonly note?: (line: string) => void;
  /** key is the secret of the connection string; a random one when not given. */
  readonly key?: string;
}

/** EventHub is a running stand-in for an Event Hubs namespace. */
export interface EventHub {
  readonly port: number;
  /** connectionString opens the whole namespace or one hub. */
  connectionString(hub?: string): string;
  /** append puts bodies into a partition as one batch, past the network, and returns the first sequence number. */
  append(hub: string, partition: string, bodies: readonly Uint8Array[], enqueuedAt?: number): number;
  /** appendEncoded does the same with whole messages, each from its properties section on. */
  appendEncoded(hub: string, partition: string, messages: readonly Buffer[]): number;
  /** createdAt is when a hub was created, or created again, in milliseconds since the Unix epoch. */
  createdAt(hub: string): number;
  /** trimBefore takes away the events below a sequence number, as retention would. */
  trimBefore(hub: string, partition: string, sequenceNumber: number): void;
  /** recreate stands for deleting a hub and creating it again: empty, numbers from 0, time goes on. */
  recreate(hub: string): void;
  /** grow adds partitions to a hub. */
  grow(hub: string, count: number): void;
  /** detachReceivers makes the receivers of a partition lose their links, as when the service moves a partition. */
  detachReceivers(hub: string, partition: string): void;
  /** disconnectAll drops every TCP connection. */
  disconnectAll(): void;
  /** close drops all connections and lets go of port and files. */
  close(): Promise<void>;
}

const KEY_NAME = 'local';

/** startEventHub starts a stand-in for Event Hubs on 127.0.0.1. */
export async function startEventHub(options: EventHubOptions): Promise<EventHub> {
  const now = options.now ?? Date.now;
  const key = options.key ?? randomBytes(32).toString('base64');
  const note = options.note ?? ((line) => void process.stderr.write(`event hub: ${line}\n`));
  const hubs = openHubs(options, { dataDir: options.dataDir, now, note });
  try {
    const server = new Server(hubs, new Grants({ name: KEY_NAME, key }, now), note);
    const port = await server.listen(options.port ?? 0);
    return eventHubOn(server, hubs, port, key);
  } catch (error) {
    for (const hub of hubs.values()) hub.close();
    throw error;
  }
}

function openHubs(options: EventHubOptions, surroundings: HubSurroundings): Map<string, Hub> {
  const hubs = new Map<string, Hub>();
  try {
    for (const definition of options.hubs) {
      const id = definition.name.toLowerCase();
      if (hubs.has(id)) throw new Error(`hub ${definition.name} is defined twice`);
      hubs.set(id, new Hub(definition, surroundings));
    }
  } catch (error) {
    for (const hub of hubs.values()) hub.close();
    throw error;
  }
  return hubs;
}

function eventHubOn(server: Server, hubs: ReadonlyMap<string, Hub>, port: number, key: string): EventHub {
  const hubNamed = (name: string): Hub => {
    const hub = hubs.get(name.toLowerCase());
    if (hub === undefined) throw new Error(`there is no hub ${name} here`);
    return hub;
  };
  const logOf = (name: string, partition: string): PartitionLog => {
    const log = hubNamed(name).log(partition);
    if (log === undefined) throw new Error(`hub ${name} has no partition ${partition}`);
    return log;
  };
  const close = async (): Promise<void> => {
    await server.close();
    for (const hub of hubs.values()) hub.close();
  };
  let closed: Promise<void> | undefined;
  return {
    port,
    connectionString: (hub) =>
      `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${key};` +
      `UseDevelopmentEmulator=true${hub === undefined ? '' : `;EntityPath=${hub}`}`,
    append: (hub, partition, bodies, enqueuedAt) => logOf(hub, partition).append(bodies.map(encodeBody), enqueuedAt),
    appendEncoded: (hub, partition, messages) =>
      logOf(hub, partition).append(messages.map((tail) => ({ ...encodeBody(Buffer.alloc(0)), tail }))),
    createdAt: (hub) => hubNamed(hub).createdAt,
    trimBefore: (hub, partition, sequenceNumber) => logOf(hub, partition).trimBefore(sequenceNumber),
    recreate: (hub) => {
      hubNamed(hub).recreate();
      server.detachReceivers(hub);
    },
    grow: (hub, count) => hubNamed(hub).grow(count),
    detachReceivers: (hub, partition) => server.detachReceivers(hub, partition),
    disconnectAll: () => server.disconnectAll(),
    close: () => (closed ??= close()),
  };
}

/** Server speaks AMQP: it tells links apart by their address and hands them on. */
class Server {
  readonly #hubs: ReadonlyMap<string, Hub>;
  readonly #grants: Grants;
  readonly #note: (line: string) => void;
  readonly #receivers = new Map<string, PartitionReceivers>();
  readonly #sockets = new Set<Socket>();
  #close: (() => Promise<void>) | undefined;

  constructor(hubs: ReadonlyMap<string, Hub>, grants: Grants, note: (line: string) => void) {
    this.#hubs = hubs;
    this.#grants = grants;
    this.#note = note;
  }

  async listen(port: number): Promise<number> {
    const container = rhea.create_container({ id: 'event-hub' });
    // Whoever may do what is settled by tokens alone: the clients of the Azure SDKs say so by one of these two.
    container.sasl_server_mechanisms.enable_anonymous();
    container.sasl_server_mechanisms['MSSBCBS'] = container.sasl_server_mechanisms['ANONYMOUS'];
    container.on('connection_open', (context: EventContext) => adaptConnection(context.connection));
    container.on('receiver_open', (context: EventContext) => this.#onReceiver(context.receiver!));
    container.on('sender_open', (context: EventContext) => this.#onSender(context.sender!));
    for (const fault of ['error', 'protocol_error'])
      container.on(fault, (error) => this.#note(`dropped a peer: ${error}`));
    // What peers report or lose is theirs to handle; without a listener the library would throw or print.
    for (const theirs of ['connection_error', 'session_error', 'sender_error', 'receiver_error', 'disconnected']) {
      container.on(theirs, () => undefined);
    }
    const server = container.listen({
      host: '127.0.0.1',
      port,
      max_frame_size: MAX_MESSAGE_BYTES,
      receiver_options: { autoaccept: false, credit_window: 300, max_message_size: MAX_MESSAGE_BYTES },
      sender_options: { autosettle: true, snd_settle_mode: 1 },
    } as Parameters<typeof container.listen>[0]);
    server.on('connection', (socket: Socket) => this.#onSocket(socket));
    await once(server, 'listening');
    this.#close = async () => {
      const closed = once(server, 'close');
      server.close();
      this.disconnectAll();
      await closed;
    };
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
    return address.port;
  }

  detachReceivers(hub: string, partition?: string): void {
    const refusal = { condition: 'amqp:link:detach-forced', description: 'The link was detached by the service.' };
    for (const [id, receivers] of this.#receivers) {
      const [itsHub, , itsPartition] = id.split('/');
      if (itsHub !== hub.toLowerCase() || (partition !== undefined && partition !== itsPartition)) continue;
      receivers.detachAll(refusal);
    }
  }

  disconnectAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await this.#close?.();
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.setMaxListeners(0); // each receiver of the connection listens
    let hasEnded = false;
    socket.once('end', () => (hasEnded = true));
    socket.once('close', () => {
      this.#sockets.delete(socket);
      // The library stops a connection's heartbeat on 'end' only, which a destroyed socket never emits.
      if (!hasEnded) socket.emit('end');
    });
  }

  /** onReceiver takes a link on which the client sends. */
  #onReceiver(receiver: Receiver): void {
    const taker = this.#takerOf(receiver);
    if (typeof taker !== 'function') return refuseAttach(receiver, taker);
    acceptAttach(receiver);
    return taker();
  }

  /** takerOf finds what takes the messages of a link, or why nothing does. */
  #takerOf(receiver: Receiver): (() => void) | Refusal {
    const { connection } = receiver;
    const target = receiver.target?.address ?? '';
    const address = parseAddress(target);
    if (address.kind === 'cbs') return () => this.#grants.serve(receiver);
    if (address.kind === 'management') {
      const hubNamed = (name: string): Hub | undefined => this.#hubs.get(name.toLowerCase());
      const refusalOf = (token: string, hub: string): string | undefined => this.#grants.refusalOf(token, hub);
      return () => serveRequests(receiver, (request) => answerManagement(request, hubNamed, refusalOf));
    }
    if (!this.#grants.hasAddress(connection, target)) return noToken(target);
    const hub = 'hub' in address ? this.#hubs.get(address.hub) : undefined;
    if (hub === undefined) return notFound(target);
    if (address.kind === 'hub') {
      return () => acceptEvents(receiver, ({ events, partitionKey }) => hub.append(events, partitionKey));
    }
    if (address.kind !== 'partition') return notFound(target);
    const { partition } = address;
    if (hub.log(partition) === undefined) return partitionOutOfRange(partition, hub.partitionIds.length);
    return () => acceptEvents(receiver, ({ events }) => hub.log(partition)?.append(events));
  }

  /** onSender takes a link on which the client receives. */
  #onSender(sender: Sender): void {
    const { kind } = parseAddress(sender.source?.address ?? '');
    if (kind === 'cbs' || kind === 'management') return acceptAttach(sender); // the requests come on its sibling
    const receiver = this.#receiverOf(sender);
    if ('condition' in receiver) return refuseAttach(sender, receiver);
    acceptAttach(sender);
    const socket: Socket = sender.connection['socket'];
    const close = (): void => receiver.close();
    for (const gone of ['sender_close', 'sender_error']) sender.on(gone, close);
    for (const gone of ['session_close', 'session_error']) sender.session.on(gone, close);
    socket.once('close', close);
    receiver.onClose(() => socket.off('close', close));
    return receiver.start();
  }

  /** receiverOf finds what a link is to receive and lets it in, or says why not. */
  #receiverOf(sender: Sender): PartitionReceiver | Refusal {
    const source = sender.source?.address ?? '';
    const address = parseAddress(source);
    if (!this.#grants.hasAddress(sender.connection, source)) return noToken(source);
    const hub = 'hub' in address ? this.#hubs.get(address.hub) : undefined;
    if (hub === undefined || address.kind !== 'groupPartition') return notFound(source);
    if (!hub.hasConsumerGroup(address.group)) return notFound(`${hub.name}:${address.group}`);
    const log = hub.log(address.partition);
    if (log === undefined) return partitionOutOfRange(address.partition, hub.partitionIds.length);
    const cursor = startPosition(filterOf(sender), log);
    if (typeof cursor !== 'number') return cursor;
    const receiver = new PartitionReceiver(sender, log, cursor);
    const id = `${address.hub}/${address.group}/${address.partition}`;
    const receivers = this.#receivers.get(id) ?? new PartitionReceivers();
    this.#receivers.set(id, receivers);
    return receivers.add(receiver) ?? receiver;
  }
}

function filterOf(sender: Sender): string | undefined {
  const filter: unknown = sender.source.filter?.['apache.org:selector-filter:string'];
  if (filter === undefined || filter === null) return undefined;
  return String(typeof filter === 'object' && 'value' in filter ? filter.value : filter);
}

const noToken = (address: string): Refusal =>
  unauthorized(`Unauthorized access: no token of this connection opens '${address}'.`);
