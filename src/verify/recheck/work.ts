import { RecheckFiles } from './files.ts';
import type { RecheckFilesDeps } from './files.ts';
import { verifySlice } from './slice.ts';
import type { SliceDeps } from './slice.ts';
import { parseMessage, rehashedName } from '../../core/objects/recheck.ts';
import type { Logger } from '../../ports/host.ts';

export interface WorkDeps extends RecheckFilesDeps, SliceDeps {
  readonly log: Logger;
  /** of a pass that began longer ago nothing counts any more */
  readonly mostMs: number;
}

/**
 * workOnSlice verifies the slice that a message names, and files what came of it. Anybody may have written the message: it says where to
 * look, and the plan there, which the auditor signed, what to do. What is done already, or of a pass that is over, is left alone. It
 * throws what verifySlice throws, and what the stores do: then the host gives the message again.
 */
export async function workOnSlice(deps: WorkDeps, given: unknown): Promise<void> {
  const { log, now, mostMs } = deps;
  const files = new RecheckFiles(deps);
  const message = parseMessage(given);
  if (message === undefined) return log.warn('recheck message ignored', { why: 'it names no slice' });
  const { pass, slice } = message;
  const plan = await files.plan(pass);
  if (plan === undefined || now() - Date.parse(plan.begun) > mostMs)
    return log.info('slice passed over', { pass, slice });
  if (plan.slices[slice] === undefined)
    return log.warn('recheck message ignored', { why: 'the plan has no such slice' });
  const names = await files.names(pass, slice);
  const isDone = names.has(rehashedName(pass, slice)) && (await files.partial(plan, slice)) !== undefined;
  if (isDone) return log.info('slice passed over', { pass, slice });
  const verified = await verifySlice(deps, plan, slice);
  await files.writePartial(verified);
  const { segments, confirmed, findings } = verified.partial;
  log.info('slice re-hashed', { pass, slice, segments, confirmed, findings: findings.length });
}
