import type { Socket } from 'node:net';
import type { Delivery, Sender } from 'rhea';
import { encodeForReceiver } from './eventMessage.ts';
import type { PartitionLog } from './partitionLog.ts';
import { detach, type Refusal } from './refusal.ts';

const TURN_BYTES = 1024 * 1024;
const SOCKET_BYTES = 4 * 1024 * 1024;
const MAX_RECEIVERS = 5;
const OWNER_LEVEL = 'com.microsoft:epoch';
const RUNTIME_METRIC = 'com.microsoft:enable-receiver-runtime-metric';
const RECEIVER_NAME = 'com.microsoft:receiver-name';

/** PartitionReceivers holds the receivers of one partition under one consumer group, and settles who owns it. */
export class PartitionReceivers {
  readonly #receivers = new Set<PartitionReceiver>();

  /** add lets a receiver in, or says why not. An owner level evicts everyone of a lower or equal level, and those without. */
  add(receiver: PartitionReceiver): Refusal | undefined {
    const ownerLevels = [...this.#receivers].flatMap(({ ownerLevel }) => ownerLevel ?? []);
    if (receiver.ownerLevel === undefined) {
      if (ownerLevels.length > 0) {
        return stolen(
          `At least one receiver with an owner level is connected, so '${receiver.name}' without one can't.`,
        );
      }
      if (this.#receivers.size >= MAX_RECEIVERS) return this.#tooMany();
    } else {
      const highest = Math.max(...ownerLevels);
      if (receiver.ownerLevel < highest) {
        return stolen(
          `Receiver '${receiver.name}' has owner level ${receiver.ownerLevel}; the current one is ${highest}.`,
        );
      }
      this.detachAll(stolen(`New receiver '${receiver.name}' with owner level ${receiver.ownerLevel} takes over.`));
    }
    this.#receivers.add(receiver);
    receiver.onClose(() => this.#receivers.delete(receiver));
    return undefined;
  }

  /** detachAll detaches every receiver with an error. */
  detachAll(refusal: Refusal): void {
    for (const receiver of this.#receivers) {
      receiver.close();
      detach(receiver.sender, refusal);
    }
  }

  #tooMany(): Refusal {
    const names = [...this.#receivers].map(({ name }) => name).join(', ');
    return {
      condition: 'amqp:resource-limit-exceeded',
      description:
        'Exceeded the maximum number of allowed receivers per partition in a consumer group which is ' +
        `${MAX_RECEIVERS}. List of connected receivers - ${names}.`,
    };
  }
}

/**
 * PartitionReceiver sends a partition's events to one link, from a position on, as far as its credit reaches.
 *
 * It writes at most TURN_BYTES at a time, and waits while the socket holds more than SOCKET_BYTES or the peer's session
 * window is shut, so a slow reader with much credit costs no memory.
 */
export class PartitionReceiver {
  readonly sender: Sender;
  readonly name: string;
  readonly ownerLevel: number | undefined;
  readonly #log: PartitionLog;
  readonly #withMetrics: boolean;
  readonly #socket: Socket;
  readonly #closers: (() => void)[] = [];
  #cursor: number;
  #lastSent: Delivery | undefined;
  #isScheduled = false;
  #isClosed = false;

  constructor(sender: Sender, log: PartitionLog, cursor: number) {
    this.sender = sender;
    this.#log = log;
    this.#cursor = cursor;
    this.#socket = sender.connection['socket'];
    const properties = sender.properties ?? {};
    this.name = String(properties[RECEIVER_NAME] ?? 'nil');
    this.ownerLevel = properties[OWNER_LEVEL] === undefined ? undefined : Number(properties[OWNER_LEVEL]);
    this.#withMetrics = [sender.desired_capabilities].flat().includes(RUNTIME_METRIC);
  }

  /** start begins to send. */
  start(): void {
    const wake = (): void => this.#schedule();
    this.sender.on('sendable', wake);
    this.#socket.on('drain', wake);
    this.#socket.on('data', wake); // the peer may have opened its window
    this.onClose(() => {
      this.sender.off('sendable', wake);
      this.#socket.off('drain', wake);
      this.#socket.off('data', wake);
    });
    this.onClose(this.#log.onAppend(wake));
    wake();
  }

  /** close stops sending. The link itself is the caller's to detach. */
  close(): void {
    this.#isClosed = true;
    for (const closer of this.#closers.splice(0)) closer();
  }

  /** onClose registers what to do when this receiver stops. */
  onClose(closer: () => void): void {
    this.#closers.push(closer);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const isFlushed = this.#lastSent === undefined || this.#lastSent.remote_settled;
    if (this.#isClosed || !isFlushed || this.#socket.writableLength > SOCKET_BYTES) return;
    // The link counts its credit down when it writes, which is after this turn.
    let credit: number = Reflect.get(this.sender, 'credit');
    let room = TURN_BYTES;
    this.#cursor = Math.max(this.#cursor, this.#log.beginSequenceNumber);
    while (credit > 0 && room > 0 && this.#cursor < this.#log.nextSequenceNumber && this.sender.sendable()) {
      const lastEnqueued = this.#withMetrics ? this.#log.lastEnqueued : undefined;
      const message = encodeForReceiver(this.#log.at(this.#cursor), lastEnqueued);
      this.#lastSent = this.sender.send(message, undefined, 0);
      this.#cursor += 1;
      credit -= 1;
      room -= message.length;
    }
    if (credit > 0 && this.#cursor < this.#log.nextSequenceNumber) this.#schedule();
  }
}

const stolen = (description: string): Refusal => ({ condition: 'amqp:link:stolen', description });
