import type { Spread } from './measure.ts';
import type { Workload } from './workload.ts';

/** Bar is what a figure is held to. */
export interface Bar {
  readonly is: 'at least' | 'at most' | 'below';
  readonly value: number;
}

/** Figure is one thing that was measured. */
export interface Figure extends Spread {
  readonly name: string;
  /** the unit, 'times' for ratios, '' for counts */
  readonly unit: string;
  readonly bar?: Bar;
  readonly isMet?: boolean;
}

/** Table is figures that are read side by side. */
export interface Table {
  /** titles, the first one of the rows' names */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...values: number[]])[];
}

/** Measurement is what one subject found. */
export interface Measurement {
  readonly figures: readonly Figure[];
  readonly table?: Table;
  /** what could not be measured here, and why */
  readonly notMeasured?: readonly string[];
}

/** Surroundings is what a subject is given to work with. */
export interface Surroundings {
  readonly workload: Workload;
  readonly rounds: number;
  /** how many segments the largest ledger has whose growth is looked at: a power of ten */
  readonly segments: number;
  /** makes a new folder that is removed at the end */
  readonly folder: () => Promise<string>;
  /** builds the app once, and gives the folder with host.json, package.json and dist/ */
  readonly app: () => Promise<string>;
}

/** Subject is one thing that the benchmark looks at. */
export interface Subject {
  readonly name: string;
  readonly title: string;
  measure(surroundings: Surroundings): Promise<Measurement>;
}

/** figure makes a figure, and holds its median to the bar if it has one. */
export function figure(name: string, unit: string, spread: Spread | number, bar?: Bar): Figure {
  const { median, min, max } = typeof spread === 'number' ? { median: spread, min: spread, max: spread } : spread;
  return { name, unit, median, min, max, ...(bar !== undefined && { bar, isMet: meets(median, bar) }) };
}

function meets(value: number, { is, value: limit }: Bar): boolean {
  switch (is) {
    case 'at least':
      return value >= limit;
    case 'at most':
      return value <= limit;
    case 'below':
    default:
      return value < limit;
  }
}

/** formatFigure prints a figure on one line: its name, value with spread, and the bar. */
export function formatFigure({ name, unit, median, min, max, bar, isMet }: Figure, width: number): string {
  const suffix = unit === '' ? '' : ` ${unit}`;
  const spread = min === max ? '' : ` (${formatValue(min)}–${formatValue(max)})`;
  const text = `${formatValue(median)}${spread}${suffix}`;
  if (bar === undefined) return `  ${name.padEnd(width)}  ${text}`;
  const outcome = isMet === true ? 'met' : 'NOT MET';
  return `  ${name.padEnd(width)}  bar ${bar.is} ${formatValue(bar.value)}, measured ${text}: ${outcome}`;
}

/** formatTable prints a table, one row on a line. */
export function formatTable({ columns, rows }: Table): string[] {
  const cells = [columns, ...rows.map(([name, ...values]) => [name, ...values.map(formatValue)])];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells.map(
    (row) =>
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`,
  );
}

function formatValue(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}
