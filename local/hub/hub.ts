import type { HubDefinition } from './definition.ts';
import type { SentEvent } from './eventMessage.ts';
import { HubFolder } from './hubFolder.ts';
import { partitionOfKey } from './partitionHash.ts';
import { PartitionLog } from './partitionLog.ts';
import type { Retention } from './partitionLog.ts';
import { NEW_LOG } from './partitionRecord.ts';

/** HubSurroundings is what a hub is given to live with. */
export interface HubSurroundings {
  readonly dataDir: string | undefined;
  readonly now: () => number;
  readonly note: (line: string) => void;
}

const SEVEN_DAYS_MS = 7 * 24 * 60 * 60 * 1000;
const DEFAULT_RETENTION_BYTES = 256 * 1024 * 1024;
const NAME = /^[a-z0-9]([\w.-]{0,254}[a-z0-9])?$/i;

/** Hub is one event hub: its partitions and who may read them under which group name. */
export class Hub {
  readonly name: string;
  readonly #groups: ReadonlySet<string>;
  readonly #retention: Retention;
  readonly #now: () => number;
  readonly #folder: HubFolder | undefined;
  #createdAt: number;
  #logs: PartitionLog[];
  #nextPartition = 0;

  constructor(definition: HubDefinition, { dataDir, now, note }: HubSurroundings) {
    checkDefinition(definition);
    this.name = definition.name;
    this.#groups = new Set(['$default', ...definition.consumerGroups.map((group) => group.toLowerCase())]);
    this.#retention = {
      milliseconds: definition.retentionMs ?? SEVEN_DAYS_MS,
      bytes: definition.retentionBytes ?? DEFAULT_RETENTION_BYTES,
    };
    this.#now = now;
    if (dataDir === undefined) {
      this.#createdAt = this.#now();
      this.#logs = Array.from({ length: definition.partitions }, () => this.#log(NEW_LOG));
    } else {
      this.#folder = HubFolder.open(dataDir, definition, now());
      this.#createdAt = this.#folder.createdAt;
      this.#folder.partitions.forEach(({ tornBytes }, index) => {
        if (tornBytes > 0) note(`cut ${tornBytes} bytes of an unfinished write off partition ${index} of ${this.name}`);
      });
      this.#logs = this.#folder.partitions.map(({ file, start, events }) => this.#log(start, { file, events }));
    }
  }

  get createdAt(): number {
    return this.#createdAt;
  }

  get partitionIds(): string[] {
    return this.#logs.map((_log, index) => String(index));
  }

  /** log returns a partition's log, or undefined for a partition that isn't there. */
  log(partition: string): PartitionLog | undefined {
    return /^(0|[1-9]\d{0,3})$/.test(partition) ? this.#logs[Number(partition)] : undefined;
  }

  hasConsumerGroup(group: string): boolean {
    return this.#groups.has(group.toLowerCase());
  }

  /** append puts events into one partition: that of their key, else the next in turn. */
  append(events: readonly SentEvent[], partitionKey: string | undefined): void {
    const count = this.#logs.length;
    const partition = partitionKey === undefined ? this.#nextPartition : partitionOfKey(partitionKey, count);
    if (partitionKey === undefined) this.#nextPartition = (partition + 1) % count;
    this.#logs[partition]?.append(events);
  }

  /** recreate stands for deleting the hub and creating it again: it is empty and numbers restart at 0. Time goes on. */
  recreate(): void {
    const starts = this.#logs.map((log) => ({ ...NEW_LOG, enqueuedAt: log.end.enqueuedAt }));
    this.close();
    this.#createdAt = this.#now();
    const files = this.#folder?.recreate(starts, this.#createdAt);
    this.#logs = starts.map((start, index) => this.#log(start, { file: files?.[index] }));
  }

  /** grow adds partitions, as a hub of a dedicated cluster can get them. */
  grow(count: number): void {
    const starts = Array.from({ length: count }, () => NEW_LOG);
    const files = this.#folder?.grow(starts);
    this.#logs = [...this.#logs, ...starts.map((start, index) => this.#log(start, { file: files?.[index] }))];
  }

  /** close lets go of the hub's files. */
  close(): void {
    for (const log of this.#logs) log.close();
  }

  #log(start: typeof NEW_LOG, kept: Pick<ConstructorParameters<typeof PartitionLog>[0], 'file' | 'events'> = {}) {
    return new PartitionLog({ retention: this.#retention, now: this.#now, start, ...kept });
  }
}

function checkDefinition({ name, partitions, consumerGroups }: HubDefinition): void {
  for (const each of [name, ...consumerGroups.filter((group) => group !== '$Default')]) {
    if (!NAME.test(each)) throw new Error(`${JSON.stringify(each)} is no name for an event hub or a consumer group`);
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024) {
    throw new Error(`hub ${name} has ${partitions} partitions; it needs 1 to 1024`);
  }
}
