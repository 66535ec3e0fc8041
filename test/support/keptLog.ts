import { deepStrictEqual as deepEqual } from 'node:assert';
import type { Logger, LogFields } from '../../src/ports/host.ts';
import { LINES } from '../../src/ports/telemetry.ts';
import type { FieldKind, Level } from '../../src/ports/lines/lineShape.ts';

const TABLE: Readonly<Record<string, { level: Level; fields: Readonly<Record<string, FieldKind>> }>> = LINES;
const TEXTS: readonly FieldKind[] = ['name', 'reason'];

/** KeptLog keeps what is logged. It throws on a line that isn't in the table of telemetry, or has other fields than there. */
export class KeptLog implements Logger {
  readonly lines: { level: Level; message: string; fields: LogFields }[] = [];

  info(message: string, fields: LogFields): void {
    this.#keep('info', message, fields);
  }
  warn(message: string, fields: LogFields): void {
    this.#keep('warn', message, fields);
  }
  error(message: string, fields: LogFields): void {
    this.#keep('error', message, fields);
  }

  #keep(level: Level, message: string, fields: LogFields): void {
    const known = TABLE[message];
    const kinds = Object.entries(known?.fields ?? {}).map(([name, kind]) => [
      name,
      TEXTS.includes(kind) ? 'string' : 'number',
    ]);
    const said = { message, level, fields: typesOf(fields) };
    deepEqual(said, { message, level: known?.level, fields: Object.fromEntries(kinds) as unknown });
    this.lines.push({ level, message, fields });
  }

  /** errors gives the messages that a human has to see. */
  get errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  }
}

const typesOf = (fields: LogFields): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value]));
