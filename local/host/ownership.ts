import type { CheckpointStore, PartitionOwnership } from '@azure/event-hubs';

/**
 * watchOwnership passes everything on to store, and tells about partitions that another host has claimed.
 * The SDK notices a loss only while it receives; an invocation that runs or waits for its retry must learn of it too.
 */
export function watchOwnership(
  store: CheckpointStore,
  ownerId: string,
  onLost: (partitionId: string) => void,
): CheckpointStore {
  return {
    async listOwnership(namespace, hub, group, options): Promise<PartitionOwnership[]> {
      const ownerships = await store.listOwnership(namespace, hub, group, options);
      for (const { partitionId, ownerId: owner } of ownerships) {
        if (owner !== ownerId && owner !== '') onLost(partitionId);
      }
      return ownerships;
    },
    claimOwnership: (ownerships, options) => store.claimOwnership(ownerships, options),
    updateCheckpoint: (checkpoint, options) => store.updateCheckpoint(checkpoint, options),
    listCheckpoints: (namespace, hub, group, options) => store.listCheckpoints(namespace, hub, group, options),
  };
}
