import type { ClassName } from './classes.ts';
import type { Attributes } from './parts.ts';
import type { RecordView } from './record.ts';

/** Mapped is what a record is as an event of its class. */
export interface Mapped {
  readonly activity: number;
  /** what its class requires, and more */
  readonly attributes: Attributes;
  /** where it says so clearly; else nothing is known of it */
  readonly severity?: number;
  /** what the result means, where this mapping reads it otherwise than all others */
  readonly status?: Status;
}

/** Status is how something ended, as OCSF numbers it. */
export interface Status {
  readonly id: number;
  readonly name: string;
}

/** Mapping says which records are events of a class. docs/ocsf.md. */
export interface Mapping {
  readonly origin: string;
  /** a page that describes these records */
  readonly source: string;
  /** the product that logs them */
  readonly product: { readonly name: string; readonly vendor_name: string };
  /** categories, folded; with `operations`, those whose operation begins so, folded, whatever their category */
  readonly categories?: readonly string[];
  readonly operations?: readonly string[];
  readonly to: ClassName;
  /** how the activity is found, in words for the page */
  readonly activities: string;
  /** map gives undefined for a record that lacks what its class requires: then it is a base event */
  readonly map: (record: RecordView) => Mapped | undefined;
}
