import type { Log, LogFields } from '../../src/ports.ts';

/** KeptLog keeps what is logged. */
export class KeptLog implements Log {
  readonly lines: { level: 'info' | 'warn' | 'error'; message: string; fields: LogFields }[] = [];

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }

  /** errors gives the messages that a human has to see. */
  get errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  }
}
