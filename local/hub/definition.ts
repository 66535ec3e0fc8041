/** HubDefinition describes one event hub. The consumer group $Default is always there. */
export interface HubDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly consumerGroups: readonly string[];
  /** retentionMs is how long events are kept: seven days when not given. */
  readonly retentionMs?: number;
  /** retentionBytes is how much is kept of each partition: 256 MiB when not given. */
  readonly retentionBytes?: number;
}
