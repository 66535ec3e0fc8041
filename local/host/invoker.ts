import { randomUUID } from 'node:crypto';
import { hooksOf } from './coreApi.ts';
import type {
  CoreInvocationContext,
  Handler,
  HookName,
  InvocationModel,
  InvocationResponse,
  ProgrammingModel,
  RetryContext,
  TypedData,
} from './coreApi.ts';
import type { FunctionSpec } from './functionSpec.ts';
import type { Emit, InvocationLine, LogLevel } from './hostLine.ts';
import { pause } from './pause.ts';
import { mayRetry } from './retry.ts';

/** Input is what a trigger hands to its function. */
export interface Input {
  /** data may throw: the binding has then failed, and with it the invocation. */
  data(): TypedData;
  readonly triggerMetadata?: Record<string, TypedData>;
  readonly delivery?: NonNullable<InvocationLine['delivery']>;
}

export type Outcome =
  | { readonly ok: true; readonly returnValue: TypedData | undefined }
  | { readonly ok: false; readonly error: { readonly message: string; readonly stack: string } };

/** Invoker calls the app's functions and reports every call. */
export interface Invoker {
  /** invoke calls a function once. */
  invoke(spec: FunctionSpec, input: Input, options?: { invocationId?: string }): Promise<Outcome>;
  /** invokeWithRetry calls a function until it succeeds, its retry policy ends, or signal aborts between two calls. */
  invokeWithRetry(spec: FunctionSpec, input: Input, signal: AbortSignal): Promise<Outcome>;
  /** runAppHooks runs the appStart or appTerminate hooks. */
  runAppHooks(name: 'appStart' | 'appTerminate'): Promise<void>;
}

/** createInvoker drives the library's programming model as the Node.js worker does. */
export function createInvoker(model: ProgrammingModel, emit: Emit): Invoker {
  const appHookData = {};

  return {
    invoke: (spec, input, options) => invokeOnce(spec, input, options?.invocationId ?? randomUUID(), undefined),

    async invokeWithRetry(spec, input, signal) {
      // Azure's way: one invocation, however often it is tried, and told of its policy from the first try on.
      const invocationId = randomUUID();
      let retryContext: RetryContext | undefined = spec.retry && {
        retryCount: 0,
        maxRetryCount: spec.retry.maxRetryCount,
      };
      for (let retry = 1; ; retry++) {
        const outcome = await invokeOnce(spec, input, invocationId, retryContext);
        if (outcome.ok || !mayRetry(spec.retry, retry)) return outcome;
        await pause(spec.retry.delayMs(retry, Math.random()), signal);
        if (signal.aborted) return outcome;
        const { message, stack } = outcome.error;
        const exception = { message, stackTrace: stack, source: '' };
        retryContext = { retryCount: retry, maxRetryCount: spec.retry.maxRetryCount, exception };
      }
    },

    runAppHooks: (name) => runHooks(name, { hookData: appHookData, appHookData }),
  };

  async function invokeOnce(
    spec: FunctionSpec,
    input: Input,
    invocationId: string,
    retryContext: RetryContext | undefined,
  ): Promise<Outcome> {
    const startedAt = performance.now();
    let outcome: Outcome;
    try {
      outcome = {
        ok: true,
        returnValue: (await call(spec, input, invocationId, retryContext)).returnValue ?? undefined,
      };
    } catch (thrown) {
      const error = errorOf(thrown);
      outcome = { ok: false, error: { message: error.message, stack: error.stack ?? error.message } };
    }
    emit({
      type: 'invocation',
      function: spec.name,
      invocationId,
      outcome: outcome.ok ? 'succeeded' : 'failed',
      durationMs: Math.round(performance.now() - startedAt),
      retryCount: retryContext?.retryCount ?? 0,
      ...(outcome.ok ? {} : { error: outcome.error }),
      ...(input.delivery === undefined ? {} : { delivery: input.delivery }),
    });
    return outcome;
  }

  async function call(
    spec: FunctionSpec,
    input: Input,
    invocationId: string,
    retryContext: RetryContext | undefined,
  ): Promise<InvocationResponse> {
    let invocationContext: unknown;
    const core: CoreInvocationContext = {
      invocationId,
      metadata: spec.metadata,
      request: {
        invocationId,
        functionId: spec.name,
        inputData: [{ name: spec.bindingName, data: input.data() }],
        ...(input.triggerMetadata === undefined ? {} : { triggerMetadata: input.triggerMetadata }),
        ...(retryContext === undefined ? {} : { retryContext }),
      },
      log: (level, category, message) => log(level, category, message),
    };
    const invocation: InvocationModel = model.getInvocationModel(core);
    const { context, inputs } = await invocation.getArguments();
    invocationContext = context;
    const hookData = {};
    const before = { hookData, appHookData, invocationContext, functionCallback: spec.handler, inputs };
    await inState('preInvocationHooks', () => runHooks('preInvocation', before));
    const after: Record<string, unknown> = {
      hookData,
      appHookData,
      invocationContext,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    await inState('invocation', async () => {
      try {
        after['result'] = await invocation.invokeFunction(
          context,
          before.inputs,
          before.functionCallback satisfies Handler,
        );
      } catch (error) {
        after['error'] = error;
      }
    });
    await inState('postInvocationHooks', () => runHooks('postInvocation', after));
    // The worker's rule, kept as it is: throwing null or undefined counts as success.
    if (after['error'] !== null && after['error'] !== undefined) throw errorOf(after['error']);
    return invocation.getResponse(context, after['result']);

    async function inState(
      state: NonNullable<CoreInvocationContext['state']>,
      run: () => Promise<void>,
    ): Promise<void> {
      core.state = state;
      try {
        await run();
      } finally {
        delete core.state;
      }
    }

    function log(level: LogLevel, category: 'user' | 'system', message: string): void {
      const entry = { hookData: {}, appHookData, level, message, category, invocationContext };
      for (const hook of hooksOf('log')) hook(entry);
      emit({
        type: 'log',
        level: entry.level,
        category,
        message: entry.message,
        function: spec.name,
        invocationId,
      });
    }
  }
}

async function runHooks(name: HookName, context: Record<string, unknown>): Promise<void> {
  for (const hook of hooksOf(name)) await hook(context);
}

/** errorOf gives a thrown value the form in which the worker transports it. */
function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const error = new Error(typeof thrown === 'string' ? thrown : JSON.stringify(thrown));
  delete error.stack;
  return error;
}
