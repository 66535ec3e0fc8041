import type { Path } from './pathReader.ts';

/** FIELDS is what records can be found by. */
export const FIELDS = ['category', 'operation', 'actor', 'target', 'resource', 'result', 'ip'] as const;
export type Field = (typeof FIELDS)[number];

/** EXTRAS is what is taken beside the fields: when a record says that it happened, and what it belongs together with. */
export const EXTRAS = ['time', 'correlation'] as const;
export type Extra = (typeof EXTRAS)[number];

/** Rule says where records of one origin have their values. */
export interface Rule {
  readonly origin: string;
  /** a page that describes these records */
  readonly source: string;
  readonly paths: Readonly<Partial<Record<Field | Extra, readonly RulePath[]>>>;
}

/** RulePath is where a value is; with `only`, of the values there those that begin so, when they are folded. */
export type RulePath = Path | { readonly path: Path; readonly only: string };

/** LEARN is where Microsoft describes the logs of its services. */
export const LEARN = 'learn.microsoft.com/azure';
