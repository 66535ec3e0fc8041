/** What a line of the log may be: its level, its fields, and where the runbook says what to do about it. */

/** What a field holds, and so its unit. A name is one of an object, a partition, a key, a time or an
 * outcome. */
export interface FieldKinds {
  name: string;
  /** why something was refused */
  reason: string;
  /** a position: of an event, a segment, a try */
  number: number;
  count: number;
  bytes: number;
}
export type FieldKind = keyof FieldKinds;

export type Level = 'info' | 'warn' | 'error';

export interface LineShape {
  readonly level: Level;
  readonly fields: Readonly<Record<string, FieldKind>>;
  /** the section of docs/runbook.md, as links name it, or the field that is its name; each line of level warn and error has one */
  readonly runbook?: string | { readonly field: string };
  /** says what happened, for docs/operations.md */
  readonly means: string;
}

export interface LoudLine extends LineShape {
  readonly level: 'warn' | 'error';
  readonly runbook: string | { readonly field: string };
}

export interface QuietLine extends LineShape {
  readonly level: 'info';
  readonly runbook?: never;
}

/** LineTable is lines by their messages. */
export type LineTable = Readonly<Record<string, LoudLine | QuietLine>>;
