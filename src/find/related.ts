import { fold } from '../core/fields/fold.ts';
import { readRecordFields } from '../core/fields/recordFields.ts';
import { readSeal } from '../core/segment/recordLine.ts';
import { HOUR_MS } from '../core/units.ts';

/** Related is what the records have alike that belong to one, and when they may have come (ms since 1970). */
export interface Related {
  readonly correlations: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** relatedTo gives what belongs to a record line: the same correlation id, an hour around it. Of what is no record line it gives undefined. */
export function relatedTo(line: Buffer): Related | undefined {
  const seal = readSeal(line, 0, line.length);
  if (seal === undefined) return undefined;
  const correlations = new Set<string>();
  readRecordFields(line, seal.form, (field, value) => {
    if (field === 'correlation' && fold(value) !== '') correlations.add(fold(value));
  });
  const at = Date.parse(seal.enqueued);
  return { correlations: [...correlations], from: at - HOUR_MS, to: at + HOUR_MS };
}
