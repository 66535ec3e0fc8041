/** CoveragePromise is what of an estate is promised to send its logs: nothing, key services, or everything that has logs. */
export type CoveragePromise = 'none' | 'key' | 'all';

/** CoverageCount is what was found of the sources of one type. Each source is counted once behind `sources`. */
export interface CoverageCount {
  /** as Azure Resource Graph prints types, in lower case */
  readonly type: string;
  readonly isKey: boolean;
  readonly sources: number;
  /** send all that is required of their type */
  readonly routed: number;
  /** send some of it */
  readonly partly: number;
  readonly notRouted: number;
  /** have no logs that could be sent */
  readonly withoutLogs: number;
  /** are the pipeline's own: their logs about sealing would be sealed, for ever */
  readonly leftOut: number;
  /** were listed, and not there any more when they were asked */
  readonly gone: number;
  /** could not be asked, or were not */
  readonly notAsked: number;
}

/** CoverageReport says what of an estate sends its logs to the hubs that were given, as Azure Resource Manager answered. */
export interface CoverageReport {
  /** subscriptions and management groups that were asked about, as they were given */
  readonly scopes: readonly string[];
  /** subscriptions that they came to */
  readonly subscriptions: readonly string[];
  /** resource ids of the hubs */
  readonly hubs: readonly string[];
  readonly promised: CoveragePromise;
  /** by type, in the order of their names */
  readonly types: readonly CoverageCount[];
  /** findings `not-routed` beyond those listed */
  readonly findingsOmitted: number;
}
