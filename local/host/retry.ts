import type { FunctionMetadata } from './coreApi.ts';

/** RetryPolicy says how often a failed invocation is repeated, and after which delay. */
export interface RetryPolicy {
  /** maxRetryCount is -1 for ever. */
  readonly maxRetryCount: number;
  /** delayMs is the delay before retry number 1, 2, 3…; random is in [0, 1). */
  delayMs(retry: number, random: number): number;
}

const FOREVER = -1;

/** parseRetry reads a function's retry options; it throws a TypeError. The library has rounded delays to whole seconds. */
export function parseRetry(options: FunctionMetadata['retryOptions']): RetryPolicy | undefined {
  if (options === undefined || options === null) return undefined;
  const { maxRetryCount } = options;
  if (maxRetryCount === undefined || !Number.isInteger(maxRetryCount) || maxRetryCount < FOREVER) {
    throw new TypeError('retry.maxRetryCount must be a whole number, or -1 for ever');
  }
  switch (options.retryStrategy) {
    case 'fixedDelay': {
      const delayMs = milliseconds(options.delayInterval, 'delayInterval');
      return { maxRetryCount, delayMs: () => delayMs };
    }
    case 'exponentialBackoff': {
      const minMs = milliseconds(options.minimumInterval, 'minimumInterval');
      const maxMs = milliseconds(options.maximumInterval, 'maximumInterval');
      if (minMs > maxMs) throw new TypeError('retry.minimumInterval is above maximumInterval');
      return { maxRetryCount, delayMs: (retry, random) => exponentialMs(minMs, maxMs, retry, random) };
    }
    case undefined:
    default:
      throw new TypeError('retry.strategy must be fixedDelay or exponentialBackoff');
  }
}

function milliseconds(duration: { readonly seconds: number } | undefined, name: string): number {
  if (duration === undefined || duration === null) throw new TypeError(`retry.${name} is missing`);
  return duration.seconds * 1000;
}

/** exponentialMs is the minimum first, then the minimum plus its doubled multiples, spread by 20 % each way. */
function exponentialMs(minMs: number, maxMs: number, retry: number, random: number): number {
  if (retry === 1) return minMs;
  const spread = 0.8 + 0.4 * random;
  return Math.min(maxMs, minMs + spread * 2 ** (retry - 2) * minMs);
}

/** mayRetry tells whether the retry of this number is allowed. */
export function mayRetry(policy: RetryPolicy | undefined, retry: number): policy is RetryPolicy {
  return policy !== undefined && (policy.maxRetryCount === FOREVER || retry <= policy.maxRetryCount);
}
