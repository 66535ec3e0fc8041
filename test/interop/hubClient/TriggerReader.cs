using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Processor;

/// <summary>
/// TriggerReader reads all partitions with the class that the Event Hubs extension of the Functions host derives its
/// reader from. Owners and positions are in memory.
/// </summary>
sealed class TriggerReader : EventProcessor<EventProcessorPartition>
{
    readonly string? offset;
    readonly CountdownEvent missing;
    readonly Dictionary<string, EventProcessorPartitionOwnership> owners = [];
    readonly Dictionary<string, EventPosition> positions = [];

    TriggerReader(string connection, string hubName, string group, int count, string? offset)
        : base(
            100,
            group,
            connection,
            hubName,
            new EventProcessorOptions
            {
                DefaultStartingPosition = EventPosition.Earliest,
                LoadBalancingStrategy = LoadBalancingStrategy.Greedy,
                LoadBalancingUpdateInterval = TimeSpan.FromSeconds(1),
                PartitionOwnershipExpirationInterval = TimeSpan.FromSeconds(30),
                MaximumWaitTime = TimeSpan.FromSeconds(1),
                TrackLastEnqueuedEventProperties = true,
            }
        )
    {
        this.offset = offset;
        missing = new CountdownEvent(count);
    }

    internal static async Task Run(string connection, string hubName, string group, int count, string? offset)
    {
        var reader = new TriggerReader(connection, hubName, group, count, offset);
        await reader.StartProcessingAsync();
        await Task.Run(reader.missing.Wait);
        await reader.StopProcessingAsync();
    }

    protected override Task OnProcessingEventBatchAsync(
        IEnumerable<EventData> events,
        EventProcessorPartition partition,
        CancellationToken cancellationToken
    )
    {
        foreach (var received in events)
        {
            Line.Write(Line.Of(partition.PartitionId, received));
            lock (positions)
            {
                positions[partition.PartitionId] = EventPosition.FromOffset(received.OffsetString, false);
            }
            if (!missing.IsSet) missing.Signal();
        }
        return Task.CompletedTask;
    }

    protected override Task OnProcessingErrorAsync(
        Exception exception,
        EventProcessorPartition? partition,
        string operationDescription,
        CancellationToken cancellationToken
    )
    {
        Line.Write(new { type = "error", partition = partition?.PartitionId, error = Line.Of(exception) });
        return Task.CompletedTask;
    }

    protected override Task<IEnumerable<EventProcessorPartitionOwnership>> ListOwnershipAsync(CancellationToken cancellationToken)
    {
        lock (owners)
        {
            return Task.FromResult<IEnumerable<EventProcessorPartitionOwnership>>([.. owners.Values]);
        }
    }

    protected override Task<IEnumerable<EventProcessorPartitionOwnership>> ClaimOwnershipAsync(
        IEnumerable<EventProcessorPartitionOwnership> desiredOwnership,
        CancellationToken cancellationToken
    )
    {
        EventProcessorPartitionOwnership[] claimed = [.. desiredOwnership];
        lock (owners)
        {
            foreach (var claim in claimed)
            {
                claim.LastModifiedTime = DateTimeOffset.UtcNow;
                claim.Version = Guid.NewGuid().ToString();
                owners[claim.PartitionId] = claim;
            }
        }
        return Task.FromResult<IEnumerable<EventProcessorPartitionOwnership>>(claimed);
    }

    protected override Task<EventProcessorCheckpoint?> GetCheckpointAsync(
        string partitionId,
        CancellationToken cancellationToken
    )
    {
        lock (positions)
        {
            EventPosition? position = positions.TryGetValue(partitionId, out var reached) ? reached
                : offset is null ? null
                : EventPosition.FromOffset(offset, false);
            return Task.FromResult(
                position is null
                    ? null
                    : new EventProcessorCheckpoint
                    {
                        FullyQualifiedNamespace = FullyQualifiedNamespace,
                        EventHubName = EventHubName,
                        ConsumerGroup = ConsumerGroup,
                        PartitionId = partitionId,
                        StartingPosition = position.Value,
                    }
            );
        }
    }
}
