// The .NET client of Event Hubs, as the Functions host's trigger uses it, driven from a command line. What it sees it
// prints as one JSON object a line; it ends with 0 when it got what it was told to get, and with 1 when the client threw.
using System.Text;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Producer;

const string Usage = """
    hubClient properties
    hubClient send PARTITION BODY...
    hubClient read GROUP PARTITION POSITION COUNT     POSITION: offset=N, sequence=N, earliest, latest
    hubClient process GROUP COUNT [OFFSET]            all partitions, from a stored offset if one is given
    in HUB the connection string, in HUB_NAME the hub, as an app's settings have them
    """;

var connection = Setting("HUB");
var hubName = Setting("HUB_NAME");
try
{
    switch (args)
    {
        case ["properties"]:
            await Properties();
            break;
        case ["send", var partition, .. var bodies]:
            await Send(partition, bodies);
            break;
        case ["read", var group, var partition, var position, var count]:
            await Read(group, partition, position, int.Parse(count));
            break;
        case ["process", var group, var count, .. var offset]:
            await TriggerReader.Run(connection, hubName, group, int.Parse(count), offset.FirstOrDefault());
            break;
        default:
            Console.Error.WriteLine(Usage);
            return 64;
    }
    return 0;
}
catch (Exception error)
{
    Line.Write(new { type = "failed", error = Line.Of(error) });
    return 1;
}

static string Setting(string name) =>
    Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException(Usage);

async Task Properties()
{
    await using var client = new EventHubProducerClient(connection, hubName);
    var hub = await client.GetEventHubPropertiesAsync();
    var partitions = new List<object>();
    foreach (var id in hub.PartitionIds)
    {
        var partition = await client.GetPartitionPropertiesAsync(id);
        partitions.Add(
            new
            {
                id = partition.Id,
                begin = partition.BeginningSequenceNumber,
                last = partition.LastEnqueuedSequenceNumber,
                lastOffset = partition.LastEnqueuedOffsetString,
                isEmpty = partition.IsEmpty,
            }
        );
    }
    Line.Write(new { type = "properties", name = hub.Name, partitions });
}

async Task Send(string partition, string[] bodies)
{
    await using var client = new EventHubProducerClient(connection, hubName);
    var events = bodies.Select(body => new EventData(Encoding.UTF8.GetBytes(body)));
    await client.SendAsync(events, new SendEventOptions { PartitionId = partition });
    Line.Write(new { type = "sent", count = bodies.Length });
}

async Task Read(string group, string partition, string position, int count)
{
    var from = position.Split('=') switch
    {
        ["offset", var offset] => EventPosition.FromOffset(offset, false),
        ["sequence", var number] => EventPosition.FromSequenceNumber(long.Parse(number), false),
        ["earliest"] => EventPosition.Earliest,
        ["latest"] => EventPosition.Latest,
        _ => throw new ArgumentException(Usage),
    };
    var options = new PartitionReceiverOptions { TrackLastEnqueuedEventProperties = true };
    await using var receiver = new PartitionReceiver(group, partition, from, connection, hubName, options);
    while (count > 0)
    {
        foreach (var received in await receiver.ReceiveBatchAsync(count, TimeSpan.FromSeconds(1)))
        {
            Line.Write(Line.Of(partition, received));
            count--;
        }
    }
}
