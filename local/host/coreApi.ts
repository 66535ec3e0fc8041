/**
 * The module that the app's copy of the @azure/functions library gets when it asks for '@azure/functions-core',
 * which only a Functions host can provide. The host imports this same module and reads what the app registered.
 */
import { isJsonObject } from './json.ts';
import type { LogLevel } from './hostLine.ts';

export interface TypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  int?: number;
  double?: number;
  http?: HttpData;
  collectionBytes?: { bytes: Uint8Array[] };
  collectionString?: { string: string[] };
  collectionSint64?: { sint64: number[] };
}

export interface Nullable<T> {
  value: T;
}

export interface HttpCookie {
  name: string;
  value: string;
  domain?: Nullable<string>;
  path?: Nullable<string>;
  expires?: Nullable<{ seconds: number }>;
  secure?: Nullable<boolean>;
  httpOnly?: Nullable<boolean>;
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  maxAge?: Nullable<number>;
}

export interface HttpData {
  method?: string;
  url?: string;
  nullableHeaders?: Record<string, Nullable<string>>;
  nullableQuery?: Record<string, Nullable<string>>;
  nullableParams?: Record<string, Nullable<string>>;
  body?: TypedData;
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: HttpCookie[];
}

export interface RetryContext {
  retryCount: number;
  maxRetryCount: number;
  exception?: { message: string; stackTrace: string; source: string };
}

export interface InvocationRequest {
  invocationId: string;
  functionId: string;
  inputData: { name: string; data: TypedData }[];
  triggerMetadata?: Record<string, TypedData>;
  retryContext?: RetryContext;
}

export interface InvocationResponse {
  returnValue?: TypedData | null;
}

export interface BindingInfo {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly [key: string]: unknown;
}

export interface Duration {
  readonly seconds: number;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, BindingInfo>>;
  readonly retryOptions?: {
    readonly retryStrategy?: string;
    readonly maxRetryCount?: number;
    readonly delayInterval?: Duration;
    readonly minimumInterval?: Duration;
    readonly maximumInterval?: Duration;
  };
}

export type Handler = (...args: unknown[]) => unknown;

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
  log(level: LogLevel, category: 'user' | 'system', message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: Handler): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

const HOOK_NAMES = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof HOOK_NAMES)[number];
export type Hook = (context: Record<string, unknown>) => unknown;

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly handler: Handler;
}

type SystemLog = (level: LogLevel, category: 'user' | 'system', message: string) => void;

const functions = new Map<string, RegisteredFunction>();
const hooks = new Map<string, Set<Hook>>(HOOK_NAMES.map((name) => [name, new Set()]));
let model: ProgrammingModel | undefined;
let isStarting = true;
let writeLog: SystemLog | undefined;

/** version says which worker this stands in for; the library only tests for members, not for versions. */
export const version = '3.13.0';
export const hostVersion = '4.0.0';

/** Disposable undoes one registration. */
export class Disposable {
  readonly #undo: () => void;

  constructor(undo: () => void) {
    this.#undo = undo;
  }

  dispose(): void {
    this.#undo();
  }
}

/** setProgrammingModel is called by the library at the app's first registration. */
export function setProgrammingModel(programmingModel: ProgrammingModel): void {
  model = programmingModel;
}

/** getProgrammingModel returns the library's model, or undefined before the first registration. */
export function getProgrammingModel(): ProgrammingModel | undefined {
  return model;
}

/** registerFunction takes a function while the app loads, and refuses one afterwards or of a name in use. */
export function registerFunction(metadata: unknown, handler: unknown): Disposable {
  if (!isStarting) throw new Error('A function can only be registered during app startup.');
  if (!isFunctionMetadata(metadata)) throw new TypeError('registerFunction: name and bindings are missing');
  const { name } = metadata;
  if (typeof handler !== 'function') throw new TypeError(`function ${name}: the handler isn't a function`);
  if (functions.has(name)) throw new Error(`function ${name} is registered twice`);
  functions.set(name, { metadata, handler: (...args) => Reflect.apply(handler, undefined, args) as unknown });
  return new Disposable(() => {
    if (!isStarting) throw new Error('A function can only be disposed during app startup.');
    functions.delete(name);
  });
}

/** registerHook takes a hook, also while functions run. */
export function registerHook(name: string, hook: Hook): Disposable {
  const registered = hooks.get(name);
  if (registered === undefined) throw new RangeError(`Unrecognized hook "${name}"`);
  registered.add(hook);
  return new Disposable(() => void registered.delete(hook));
}

/** log is how the library itself logs outside an invocation. */
export function log(level: LogLevel, category: 'user' | 'system', message: string): void {
  writeLog?.(level, category, message);
}

/** hooksOf lists the hooks of one kind in the order of their registration. */
export function hooksOf(name: HookName): readonly Hook[] {
  return [...(hooks.get(name) ?? [])];
}

/** setLog says where log goes. */
export function setLog(write: SystemLog): void {
  writeLog = write;
}

/** closeRegistration ends the start of the app and returns its functions. */
export function closeRegistration(): readonly RegisteredFunction[] {
  isStarting = false;
  return [...functions.values()];
}

function isFunctionMetadata(value: unknown): value is FunctionMetadata {
  return isJsonObject(value) && typeof value['name'] === 'string' && isJsonObject(value['bindings']);
}
