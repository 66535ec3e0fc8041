import { addEvents, takeBatch } from '../../../local/host/batch.ts';
import { describeFunctions } from '../../../local/host/functionSpec.ts';
import { parseHostOptions } from '../../../local/host/hostJson.ts';
import { parseRetry } from '../../../local/host/retry.ts';
import { expandNames, hubConnection, isDisabled } from '../../../local/host/settings.ts';
import { parseTimeSpan } from '../../../local/host/timeSpan.ts';

describe('host.json', () => {
  test('has the documented defaults', () => {
    expect(parseHostOptions({ version: '2.0' })).toEqual({
      routePrefix: 'api',
      eventHubs: {
        maxEventBatchSize: 100,
        minEventBatchSize: 1,
        maxWaitTimeMs: 60_000,
        batchCheckpointFrequency: 1,
        prefetchCount: 300,
        initialOffset: { type: 'fromStart' },
        loadBalancingUpdateMs: 1000,
        ownershipExpirationMs: 6000,
      },
      queues: {
        batchSize: 16,
        newBatchThreshold: 8,
        maxPollingMs: 1000,
        visibilityMs: 0,
        maxDequeueCount: 5,
        messageEncoding: 'base64',
      },
    });
  });

  test('reads what is set of queues, and names what is wrong', () => {
    const given = (queues: object) => parseHostOptions({ version: '2.0', extensions: { queues } });
    const set = { batchSize: 1, newBatchThreshold: 0, visibilityTimeout: '00:01:00', messageEncoding: 'none' };
    expect(given({ ...set, maxPollingInterval: '00:00:02', maxDequeueCount: 3 }).queues).toEqual({
      batchSize: 1,
      newBatchThreshold: 0,
      maxPollingMs: 2000,
      visibilityMs: 60_000,
      maxDequeueCount: 3,
      messageEncoding: 'none',
    });
    for (const [key, value] of Object.entries({
      batchSize: 33,
      newBatchThreshold: -1,
      maxPollingInterval: '00:00:00.05',
      maxDequeueCount: 0,
      messageEncoding: 'utf8',
      visibility: '00:00:01',
    }))
      expect(() => given({ [key]: value })).toThrow(key);
  });

  test('reads what is set', () => {
    const { routePrefix, eventHubs } = parseHostOptions({
      version: '2.0',
      extensions: {
        http: { routePrefix: '' },
        eventHubs: {
          maxEventBatchSize: 7,
          initialOffsetOptions: { type: 'fromEnqueuedTime', enqueuedTimeUtc: '2026-01-02T03:04:05Z' },
          maxWaitTime: '00:00:05.5',
        },
      },
    });
    expect(routePrefix).toBe('');
    expect(eventHubs.maxEventBatchSize).toBe(7);
    expect(eventHubs.maxWaitTimeMs).toBe(5500);
    expect(eventHubs.initialOffset).toEqual({
      type: 'fromEnqueuedTime',
      enqueuedTimeUtc: new Date('2026-01-02T03:04:05Z'),
    });
  });

  test('takes app settings over what the file says, whatever the case of their names', () => {
    const file = {
      version: '2.0',
      functionTimeout: '00:05:00',
      extensions: { http: { routePrefix: 'x' }, EventHubs: { maxEventBatchSize: 300, prefetchCount: 40 } },
    };
    const { routePrefix, eventHubs } = parseHostOptions(file, {
      AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize: '250',
      azurefunctionsjobhost__EXTENSIONS__eventhubs__MaxWaitTime: '00:10:00',
      AzureFunctionsJobHost__extensions__eventHubs__initialOffsetOptions__type: 'fromEnd',
      AzureFunctionsJobHost__extensions__http__routePrefix: '',
      AzureFunctionsJobHost__logging__logLevel__default: 'Debug',
      AzureFunctionsJobHost__functionTimeout: '01:00:00',
      AzureWebJobsStorage: 'nothing of the host',
    });
    expect(routePrefix).toBe('');
    expect(eventHubs).toMatchObject({
      maxEventBatchSize: 300,
      minEventBatchSize: 250,
      maxWaitTimeMs: 600_000,
      prefetchCount: 40,
      initialOffset: { type: 'fromEnd' },
    });
  });

  test('reads numbers that are text as numbers, and a wait of nothing as none', () => {
    const { eventHubs } = parseHostOptions({
      version: '2.0',
      extensions: { eventHubs: { maxEventBatchSize: '7', maxWaitTime: '00:00:00' } },
    });
    expect([eventHubs.maxEventBatchSize, eventHubs.maxWaitTimeMs]).toEqual([7, 0]);
  });

  test.each([
    ['eventHubs__maxWaitTime', '00:10:00.001', 'is above 00:10:00'],
    ['eventHubs__maxWaitTime', '60', 'must be a time'],
    ['eventHubs__maxWaitTime', '', 'must be a time'],
    ['eventHubs__minEventBatchSize', '101', 'is above maxEventBatchSize'],
    ['eventHubs__maxEventBatchSize', '0', 'must be a whole number'],
    ['eventHubs__maxEventBatchSize', '2147483648', 'must be a whole number'],
    ['eventHubs__maxEventBatchSize', '1e2', 'must be a whole number'],
    ['eventHubs__batchCheckpointFrequency', '', 'must be a whole number'],
    ['eventHubs__maxBatchSize', '10', 'is unknown here'],
    ['eventHubs', '10', 'is unknown here'],
    ['serviceBus__prefetchCount', '10', 'is unknown here'],
  ])('names the app setting that is wrong: %s = %j', (name, value, text) => {
    const setting = `AzureFunctionsJobHost__extensions__${name}`;
    expect(() => parseHostOptions({ version: '2.0' }, { [setting]: value })).toThrow(`${setting} ${text}`);
  });

  test('knows no version by an app setting, and no setting twice', () => {
    expect(() => parseHostOptions({ version: '1.0' }, { AzureFunctionsJobHost__version: '2.0' })).toThrow(
      'version must be "2.0"; AzureFunctionsJobHost__version is unknown here',
    );
    expect(() =>
      parseHostOptions(
        { version: '2.0' },
        {
          AzureFunctionsJobHost__extensions__eventHubs__prefetchCount: '1',
          AzureFunctionsJobHost__extensions__eventhubs__prefetchCount: '2',
        },
      ),
    ).toThrow('AzureFunctionsJobHost__extensions__eventhubs__prefetchCount is set twice');
  });

  test('names everything that is wrong', () => {
    const file = {
      version: '1.0',
      singleton: {},
      extensions: {
        queues: {},
        eventHubs: { batchSize: 3, maxEventBatchSize: 0, maxWaitTime: '5', initialOffsetOptions: { type: 'now' } },
      },
    };
    for (const name of [
      'version',
      'singleton',
      'extensions.queues',
      'batchSize',
      'maxEventBatchSize',
      'maxWaitTime',
      'type',
    ]) {
      expect(() => parseHostOptions(file)).toThrow(name);
    }
  });
});

describe('settings', () => {
  test('expand in binding texts', () => {
    expect(expandNames('a-%B%-c', { B: 'x' })).toBe('a-x-c');
    expect(() => expandNames('%MISSING%', {})).toThrow("%MISSING% isn't set");
  });

  test('resolve a connection by name', () => {
    const connectionString = 'Endpoint=sb://x';
    expect(hubConnection('HUB', { HUB: connectionString })).toEqual({ connectionString });
    expect(hubConnection('HUB', { HUB__fullyQualifiedNamespace: 'x.servicebus.windows.net' })).toEqual({
      fullyQualifiedNamespace: 'x.servicebus.windows.net',
    });
    expect(() => hubConnection('HUB', {})).toThrow('set HUB or HUB__fullyQualifiedNamespace');
  });

  test.each([
    ['1', true],
    ['True', true],
    ['0', false],
    ['', false],
  ])('AzureWebJobs.x.Disabled = %j gives %s', (value, expected) => {
    expect(isDisabled('x', { 'AzureWebJobs.X.Disabled': value })).toBe(expected);
  });
});

test('parseTimeSpan reads hours, days and fractions and nothing else', () => {
  const cases = {
    '00:00:01': 1000,
    '1.00:00:00': 86_400_000,
    '00:00:00.25': 250,
    '0:00:01': undefined,
    '00:60:00': undefined,
  };
  for (const [text, ms] of Object.entries(cases)) expect(parseTimeSpan(text)).toBe(ms);
});

describe('parseRetry', () => {
  test('doubles an exponential backoff from its minimum to its maximum', () => {
    const policy = parseRetry({
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: -1,
      minimumInterval: { seconds: 2 },
      maximumInterval: { seconds: 20 },
    });
    expect([1, 2, 3, 4, 5, 60].map((retry) => policy?.delayMs(retry, 0.5))).toEqual([
      2000, 4000, 6000, 10_000, 18_000, 20_000,
    ]);
    expect(policy?.delayMs(2, 0)).toBe(3600);
  });

  test.each([
    { retryStrategy: 'fixedDelay', maxRetryCount: 3 },
    { retryStrategy: 'fixedDelay', delayInterval: { seconds: 1 } },
    { retryStrategy: 'fixedDelay', maxRetryCount: -2, delayInterval: { seconds: 1 } },
    { maxRetryCount: 1, delayInterval: { seconds: 1 } },
    {
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 1,
      minimumInterval: { seconds: 3 },
      maximumInterval: { seconds: 2 },
    },
  ])('refuses %j', (options) => {
    expect(() => parseRetry(options)).toThrow(TypeError);
  });
});

describe('takeBatch', () => {
  const limits = { maxEventBatchSize: 3, minEventBatchSize: 2, maxWaitTimeMs: 100 };

  test('waits for the minimum, cuts at the maximum, and gives up waiting in time', () => {
    const buffer = { events: [] as number[], waitingSinceMs: 0 };
    addEvents(buffer, [1], 1000);
    expect(takeBatch(buffer, limits, 1099)).toEqual([]);
    expect(takeBatch(buffer, limits, 1100)).toEqual([1]);
    addEvents(buffer, [2, 3, 4, 5], 2000);
    expect(takeBatch(buffer, limits, 2000)).toEqual([2, 3, 4]);
    expect(takeBatch(buffer, limits, 2000)).toEqual([]);
    addEvents(buffer, [6], 2001);
    expect(takeBatch(buffer, limits, 2001)).toEqual([5, 6]);
    expect(takeBatch(buffer, limits, 9999)).toEqual([]);
  });
});

describe('describeFunctions', () => {
  const bindings = (trigger: Record<string, unknown>, type: string) => ({
    t: { ...trigger, type, direction: 'in' as const },
  });

  test('names every function that is wrong', () => {
    const handler = (): void => undefined;
    const registered = [
      { handler, metadata: { name: 'a', bindings: bindings({ schedule: 'often' }, 'timerTrigger') } },
      { handler, metadata: { name: 'b', bindings: bindings({}, 'serviceBusTrigger') } },
      {
        handler,
        metadata: { name: 'c', bindings: bindings({ connection: 'H', eventHubName: 'x' }, 'eventHubTrigger') },
      },
    ];
    const describeAll = () => describeFunctions(registered, {}, 'api');
    for (const text of ['function a: ', "function b: this host can't drive a serviceBusTrigger", 'connection H']) {
      expect(describeAll).toThrow(text);
    }
  });
});
