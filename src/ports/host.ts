import type { LineOf } from './telemetry.ts';
import type { SealableEvent } from '../core/segment/seal.ts';

/** Delivery is the events of one invocation: of one partition, in ascending order of sequence numbers. */
export interface Delivery {
  readonly partition: string;
  readonly events: readonly SealableEvent[];
}

/** Clock gives milliseconds since the Unix epoch. */
export type Clock = () => number;

export type LogFields = Readonly<Record<string, string | number>>;

/** Logger takes the lines of the table in telemetry.ts, each with its fields. They never hold log content. */
export interface Logger {
  info(...line: LineOf<'info'>): void;
  warn(...line: LineOf<'warn'>): void;
  error(...line: LineOf<'error'>): void;
}
