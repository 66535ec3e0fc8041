import type { Context } from './context.ts';
import type { VerifyOptions } from './options.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { segmentName } from '../core/objects/names.ts';

/**
 * checkSilence finds partitions of a ledger in use of which nothing was sealed for longer than a partition may be idle: not even
 * a sign of life. Quiet partitions have heartbeats; so the app doesn't run there, or the hub doesn't answer it.
 */
export function checkSilence({ findings, now, tally }: Context, { allowance }: VerifyOptions): void {
  const { silenceMs } = allowance ?? {};
  if (silenceMs === undefined) return;
  for (const { partition, index, sealed } of tally.partitions)
    if (isSilent(now() - Date.parse(sealed), silenceMs))
      findings.error(
        'partition-silent',
        segmentName(partition, index),
        `it is the newest of its partition, sealed at ${sealed}: not even a heartbeat came behind it`,
      );
}

/** What is dated ahead of the clock is no sign of life: nobody can have sealed it then. */
const isSilent = (ageMs: number, silenceMs: number): boolean => ageMs > silenceMs || ageMs < -CLOCK_SKEW_MS;
