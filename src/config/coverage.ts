import type { Read, Reader } from './settings.ts';
import type { CoveragePromise } from '../core/objects/coverage.ts';

/** CoverageSettings is of which estate to ask what sends to which hubs, and what is promised of it. */
export interface CoverageSettings {
  readonly scopes: readonly string[];
  readonly hubs: readonly string[];
  readonly promised: CoveragePromise;
}

/** coverage is what to ask; undefined where the app is told of no estate. */
export function coverage(settings: Read): CoverageSettings | undefined {
  const { COVERAGE_SCOPES: scopes, COVERAGE_HUBS: hubs, COVERAGE_PROMISED: promised } = settings;
  if (scopes.length === 0) return undefined;
  return { scopes, hubs, promised };
}

/** checkCoverage demands hubs where there are scopes. */
export function checkCoverage(reader: Reader): void {
  if (!reader.isSet('COVERAGE_SCOPES')) return;
  reader.require('COVERAGE_HUBS', 'expected the resource ids of the hubs that COVERAGE_SCOPES are to send to');
  reader.require(
    'LEDGER_RESOURCE_ID',
    'expected the resource id of the ledger account: coverage is part of its posture',
  );
}
