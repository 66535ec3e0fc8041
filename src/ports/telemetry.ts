/**
 * What the app says of itself: every line that it logs, with its level and fields. Code, queries and alerts know these names
 * from here alone. Messages and names of fields are constants, and no field holds anything of a record.
 */

import { CHECK_LINES } from './lines/checkLines.ts';
import { FORWARD_LINES } from './lines/forwardLines.ts';
import type { FieldKind, FieldKinds, Level, LineShape } from './lines/lineShape.ts';
import { LOG_LINES } from './lines/logLines.ts';
import { SEALING_LINES } from './lines/sealingLines.ts';

/** LINES is the table. Each key is a message. */
export const LINES = { ...SEALING_LINES, ...LOG_LINES, ...CHECK_LINES, ...FORWARD_LINES } as const;

type Message = keyof typeof LINES;

type FieldsOf<M extends Message> = {
  readonly [F in keyof (typeof LINES)[M]['fields']]: FieldKinds[(typeof LINES)[M]['fields'][F] & FieldKind];
};

/**
 * runbookOf gives the section of docs/runbook.md that says what to do about a line, undefined for one of level info. Readers of the
 * log find it in the line itself.
 */
export function runbookOf(message: string, fields: Readonly<Record<string, string | number>>): string | undefined {
  const { runbook }: LineShape = LINES[message as Message];
  return typeof runbook === 'object' ? String(fields[runbook.field]) : runbook;
}

/** LineOf is a message of a level with its fields. A misspelt message or field, or a wrong level, doesn't compile. */
export type LineOf<L extends Level> = {
  [M in Message]: (typeof LINES)[M]['level'] extends L ? [message: M, fields: FieldsOf<M>] : never;
}[Message];
