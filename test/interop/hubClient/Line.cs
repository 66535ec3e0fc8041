using Azure.Messaging.EventHubs;
using Newtonsoft.Json;

/// <summary>Line writes what was seen, with the serializer and the defaults that the Functions host has.</summary>
static class Line
{
    static readonly Lock Console = new();

    internal static void Write(object line)
    {
        lock (Console)
        {
            System.Console.Out.WriteLine(JsonConvert.SerializeObject(line));
            System.Console.Out.Flush();
        }
    }

    internal static object Of(string partition, EventData received) =>
        new
        {
            type = "event",
            partition,
            sequenceNumber = received.SequenceNumber,
            offset = received.OffsetString,
            body = Convert.ToBase64String(received.EventBody.ToArray()),
            properties = received.Properties,
            systemProperties = received.SystemProperties.ToDictionary(entry => entry.Key, entry => entry.Value),
        };

    internal static object Of(Exception error) =>
        new
        {
            type = error.GetType().Name,
            reason = (error as EventHubsException)?.Reason.ToString(),
            message = error.Message,
        };
}
