import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import { openBlobPosition } from '../adapters/blobPosition.ts';
import { openCredential } from '../adapters/credential.ts';
import { openIngestedRows } from '../adapters/logsIngestion.ts';
import { requireAuditor } from '../adapters/logKeys.ts';
import { Forward } from '../forward/forward.ts';
import { MAX_POSITION_BYTES } from '../forward/position.ts';
import type { ForwardFrom } from '../forward/start.ts';

/** A run begins no segment after 50 s, so that runs a minute apart hardly wait for each other. */
const BUDGET_MS = 50_000;

/** openForwarding opens what hands records on; undefined where the settings name nobody to hand them to. */
export async function openForwarding({ config, ...ledger }: Ledger): Promise<Forward | undefined> {
  const { forward, origin } = config;
  if (forward === undefined) return undefined;
  const [store, tiles, { verifiers }, auditor] = await Promise.all([
    ledger.store(),
    ledger.tiles(),
    ledger.keys(),
    ledger.auditor(),
  ]);
  const now = Date.now;
  const [position, credential] = await Promise.all([
    openBlobPosition(forward.storage, origin, MAX_POSITION_BYTES),
    openCredential(forward.identity),
  ]);
  return new Forward({
    store,
    tiles,
    position,
    sink: openIngestedRows(forward, credential, now),
    target: { endpoint: forward.endpoint, rule: forward.rule },
    origin,
    verifiers,
    auditors: auditor.verifiers,
    signer: requireAuditor(auditor),
    from: fromOf(forward.from),
    now,
    wait: (milliseconds) => delay(milliseconds),
    budgetMs: BUDGET_MS,
  });
}

const fromOf = (from: string): ForwardFrom => (from === 'now' || from === 'beginning' ? from : { time: from });
