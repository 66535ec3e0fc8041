import type { InvocationContext } from '@azure/functions';
import type { Log, LogFields } from '../ports.ts';

/** hostLog writes to the log of a function's invocation: one JSON object a line, a constant message and its fields. */
export function hostLog(context: Pick<InvocationContext, 'info' | 'warn' | 'error'>): Log {
  const line = (message: string, fields: LogFields = {}): string => JSON.stringify({ message, ...fields });
  return {
    info: (message, fields) => context.info(line(message, fields)),
    warn: (message, fields) => context.warn(line(message, fields)),
    error: (message, fields) => context.error(line(message, fields)),
  };
}
