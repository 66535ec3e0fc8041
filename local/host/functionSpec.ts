import type { BindingInfo, FunctionMetadata, RegisteredFunction } from './coreApi.ts';
import { Refusal, messageOf } from './refusal.ts';
import { parseRetry } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import { parseRoute } from './route.ts';
import type { Route } from './route.ts';
import { parseSchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import { expandNames, hubConnection, isDisabled, queueConnection } from './settings.ts';
import type { HubConnection, QueueConnection, Settings } from './settings.ts';

export interface EventHubTrigger {
  readonly kind: 'eventHub';
  readonly connection: HubConnection;
  readonly eventHubName: string;
  readonly consumerGroup: string;
  readonly cardinality: 'one' | 'many';
  readonly dataType: 'binary' | 'string' | 'none';
}

export interface TimerTrigger {
  readonly kind: 'timer';
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
}

export interface HttpTrigger {
  readonly kind: 'http';
  readonly route: Route;
  readonly methods: readonly string[];
  readonly isAnonymous: boolean;
}

export interface QueueTrigger {
  readonly kind: 'queue';
  readonly connection: QueueConnection;
  readonly queueName: string;
}

/** FunctionSpec is one function of the app, checked and with its settings filled in. */
export interface FunctionSpec<
  T = EventHubTrigger | TimerTrigger | HttpTrigger | QueueTrigger,
> extends RegisteredFunction {
  readonly name: string;
  readonly bindingName: string;
  readonly trigger: T;
  readonly retry: RetryPolicy | undefined;
}

/** describeFunctions checks what the app registered; disabled functions are left out, and one refusal names every mistake. */
export function describeFunctions(
  registered: readonly RegisteredFunction[],
  settings: Settings,
  routePrefix: string,
): readonly FunctionSpec[] {
  const wrong: string[] = [];
  const specs: FunctionSpec[] = [];
  for (const one of registered) {
    const { name } = one.metadata;
    if (isDisabled(name, settings)) continue;
    try {
      specs.push({ ...one, name, ...describe(one.metadata, settings, routePrefix) });
    } catch (error) {
      wrong.push(`function ${name}: ${messageOf(error)}`);
    }
  }
  if (wrong.length > 0) throw new Refusal(70, wrong.join('\n'));
  return specs;
}

function describe(
  { name, bindings, retryOptions }: FunctionMetadata,
  settings: Settings,
  routePrefix: string,
): Pick<FunctionSpec, 'bindingName' | 'trigger' | 'retry'> {
  const triggers = Object.entries(bindings).filter(([, binding]) => /trigger$/i.test(binding.type));
  const [found, ...more] = triggers;
  if (found === undefined || more.length > 0) throw new TypeError('needs exactly one trigger');
  const [bindingName, binding] = found;
  for (const [other, { type }] of Object.entries(bindings)) {
    if (other !== bindingName && type !== 'http') throw new TypeError(`this host has no ${type} binding`);
  }
  const trigger = describeTrigger(name, binding, settings, routePrefix);
  const retry = parseRetry(retryOptions);
  if (retry !== undefined && trigger.kind === 'http') throw new TypeError('an HTTP trigger has no retry policy');
  return { bindingName, trigger, retry };
}

function describeTrigger(
  name: string,
  binding: BindingInfo,
  settings: Settings,
  routePrefix: string,
): FunctionSpec['trigger'] {
  if (binding['sdkBinding'] === true) throw new TypeError('this host has no sdkBinding');
  switch (binding.type.toLowerCase()) {
    case 'eventhubtrigger':
      return {
        kind: 'eventHub',
        connection: hubConnection(textOf(binding, 'connection'), settings),
        eventHubName: expandNames(textOf(binding, 'eventHubName'), settings),
        consumerGroup: expandNames(textOf(binding, 'consumerGroup', '$Default'), settings),
        cardinality: choice(binding, 'cardinality', ['one', 'many'], 'one'),
        dataType: choice(binding, 'dataType', ['binary', 'string', 'none'], 'none'),
      };
    case 'timertrigger':
      return {
        kind: 'timer',
        schedule: parseSchedule(expandNames(textOf(binding, 'schedule'), settings)),
        runOnStartup: binding['runOnStartup'] === true,
        useMonitor: binding['useMonitor'] !== false,
      };
    case 'httptrigger':
      return {
        kind: 'http',
        route: parseRoute([routePrefix, textOf(binding, 'route', name)].filter((part) => part !== '').join('/')),
        methods: methodsOf(binding),
        isAnonymous: choice(binding, 'authLevel', ['anonymous', 'function', 'admin'], 'function') === 'anonymous',
      };
    case 'queuetrigger':
      return {
        kind: 'queue',
        connection: queueConnection(textOf(binding, 'connection', 'AzureWebJobsStorage'), settings),
        queueName: queueName(expandNames(textOf(binding, 'queueName'), settings)),
      };
    default:
      throw new TypeError(`this host can't drive a ${binding.type}`);
  }
}

/** queueName holds names to the service's rule, as the extension does. */
function queueName(name: string): string {
  if (/^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/.test(name)) return name;
  throw new TypeError(`${JSON.stringify(name)} is no name of a queue`);
}

function textOf(binding: BindingInfo, key: string, fallback?: string): string {
  const value = binding[key] ?? fallback;
  if (typeof value !== 'string') throw new TypeError(`${key} must be a string`);
  return value;
}

function choice<const T extends string>(binding: BindingInfo, key: string, choices: readonly T[], fallback: T): T {
  const value = textOf(binding, key, fallback).toLowerCase();
  const chosen = choices.find((one) => one === value);
  if (chosen === undefined) throw new TypeError(`${key} must be one of ${choices.join(', ')}`);
  return chosen;
}

function methodsOf(binding: BindingInfo): readonly string[] {
  const methods = binding['methods'];
  if (!Array.isArray(methods)) throw new TypeError('methods must be a list');
  return methods.map((method) => String(method).toUpperCase());
}
