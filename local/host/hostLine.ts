export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/** ReadyLine is printed once, when every trigger has been started. */
export interface ReadyLine {
  readonly type: 'ready';
  readonly url: string;
  /** key opens functions whose authLevel isn't anonymous, and the admin endpoint; send it as x-functions-key. */
  readonly key: string;
  readonly functions: readonly string[];
}

/** InvocationLine reports one finished call of a handler. A retry is a call of its own, under the same id. */
export interface InvocationLine {
  readonly type: 'invocation';
  readonly function: string;
  readonly invocationId: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly durationMs: number;
  /** retryCount is 0 for the first try. */
  readonly retryCount: number;
  readonly error?: { readonly message: string; readonly stack: string };
  /** delivery is there for an event hub trigger. */
  readonly delivery?: {
    readonly partitionId: string;
    readonly events: number;
    readonly firstSequenceNumber: number;
    readonly lastSequenceNumber: number;
  };
}

/** LogLine is what the app logged: through its context, or on its standard output. */
export interface LogLine {
  readonly type: 'log';
  readonly level: LogLevel;
  readonly category: 'user' | 'system' | 'console';
  readonly message: string;
  readonly function?: string;
  readonly invocationId?: string;
}

/** ConsumerPositionLine says that the trigger's position in a partition has moved and is stored. */
export interface ConsumerPositionLine {
  readonly type: 'consumerPosition';
  readonly function: string;
  readonly partitionId: string;
  readonly sequenceNumber: number;
}

/** PartitionLine says that this host has begun or ceased to read a partition. */
export interface PartitionLine {
  readonly type: 'partition';
  readonly function: string;
  readonly partitionId: string;
  readonly state: 'opened' | 'closed';
  readonly reason?: string;
}

/** ErrorLine reports a fault of the host's own work that it goes on after. */
export interface ErrorLine {
  readonly type: 'error';
  readonly message: string;
  readonly function?: string;
  readonly partitionId?: string;
}

export interface StoppedLine {
  readonly type: 'stopped';
}

/** HostLine is one line of the host's standard output, as JSON. */
export type HostLine =
  ReadyLine | InvocationLine | LogLine | ConsumerPositionLine | PartitionLine | ErrorLine | StoppedLine;

export type Emit = (line: HostLine) => void;

/**
 * captureStdout turns what the app writes on standard output into log lines, and returns how the host writes its own.
 * Without it a console.log of the app would break the one-object-a-line rule.
 */
export function captureStdout(stdout: NodeJS.WriteStream): Emit {
  const write = stdout.write.bind(stdout);
  const emit: Emit = (line) => void write(`${JSON.stringify(line)}\n`);
  let rest = '';
  stdout.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const message of lines) emit({ type: 'log', level: 'information', category: 'console', message });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') callback();
    return true;
  };
  return emit;
}
