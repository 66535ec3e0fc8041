import type { InvocationContext } from '@azure/functions';
import type { Logger, LogFields } from '../ports/host.ts';
import { runbookOf } from '../ports/telemetry.ts';

/**
 * hostLog writes to the log of a function's invocation: one JSON object a line, with a constant message, its fields, the section
 * of docs/runbook.md, and the function and the ID of the invocation, by which lines are correlated with each other and with what the
 * host says.
 */
export function hostLog(
  context: Pick<InvocationContext, 'info' | 'warn' | 'error' | 'functionName' | 'invocationId'>,
): Logger {
  const { functionName, invocationId: invocation } = context;
  const line = (message: string, fields: LogFields): string =>
    JSON.stringify({ message, ...fields, runbook: runbookOf(message, fields), function: functionName, invocation });
  return {
    info: (message, fields) => context.info(line(message, fields)),
    warn: (message, fields) => context.warn(line(message, fields)),
    error: (message, fields) => context.error(line(message, fields)),
  };
}
