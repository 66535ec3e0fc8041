import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { formatCosignature, withCosignatures } from '../../src/ledger/cosignatures.ts';
import { newestReport } from '../../src/ledger/reports.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { verifyLedger as verifyInPage } from '../../web/verify/ledger/verifyLedger.ts';
import type { LedgerOutcome } from '../../web/verify/ledger/verifyLedger.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { forgeActions } from '../support/actions.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkpoint, ledgerOf } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { cosignature, policyOf, witnessKey } from '../support/witnesses.ts';

/** Mirror is a mirror folder: files by name. */
export type Mirror = Map<string, Buffer>;

/** Verdict is what a checker concludes of a mirror: its status, and what it found, as "code object", sorted. */
export interface Verdict {
  readonly status: string;
  readonly found: readonly string[];
}

/** ACTED is when actions are filed (a second of the tests), NOW when a mirror is checked: later than an outcome may be on its way. */
export const ACTED = SECOND + 50;
const NOW = Date.parse(timeOf(SECOND + 2000));
/** TLOG is the folder of a mirror that holds the tiles. */
export const TLOG = 'tlog/';

/** MIRROR_KEY is the key that signed the mirrors' logs. */
export const MIRROR_KEY = formatVerifierKey(KEY.verifierKey);

/** MIRROR_KEYS is that key, and the one of a witness that cosigned. */
export const MIRROR_KEYS = `${MIRROR_KEY}\n${formatVerifierKey(cosignatureKey(witnessKey(1).verifierKey))}`;

/**
 * mirrorOf makes a mirror through the pipeline: two chains, so many checkpoints and one more, a report with its page, a
 * lock and a hold with their outcomes, tiles, and the cosignatures of two witnesses of the newest checkpoint, of which the first cosigned the one before too.
 */
export async function mirrorOf(steps = 3, length = 6): Promise<Mirror> {
  const { store, tiles } = await ledgerOf(steps, length);
  await runVerifyJob({
    store,
    tiles,
    // Before the clock of any browser, which would take no report of a time to come.
    now: () => Date.UTC(2024, 0, 2),
    summarize: async (stored) => summarizeSegment(stored),
    concurrency: 3,
    log: new KeptLog(),
    ledger: LEDGER,
    fullVerifyHours: 24,
    verifiers: [KEY.verifierKey],
  });
  for (const [name, bytes] of forgeActions(ACTED)) store.objects.set(name, bytes);
  await integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + 100)) }).run(new KeptLog());
  const mirror: Mirror = new Map(store.objects);
  for (const [name, bytes] of tiles.objects) mirror.set(`${TLOG}${name}`, bytes);
  cosign(mirror, steps - 1, 1);
  const note = mirror.get(checkpoint(steps)) as Buffer;
  const lines = [1, 2].map((witness) => cosign(mirror, steps, witness));
  return mirror.set(`${TLOG}checkpoint`, withCosignatures(note, lines));
}

/** lineOf makes a witness's cosignature of a checkpoint. */
export const lineOf = (mirror: Mirror, number: number, witness: number): ReturnType<typeof signCosignature> =>
  signCosignature(parseNote(mirror.get(checkpoint(number)) as Buffer).text, witnessKey(witness), 1_700_000_000);

function cosign(mirror: Mirror, number: number, witness: number): ReturnType<typeof signCosignature> {
  const line = lineOf(mirror, number, witness);
  mirror.set(cosignature(number, witness), formatCosignature(line));
  return line;
}

/** coreVerdict is what the core says, as `auditseal verify` asks it, with a policy that names these witnesses, at a time in ms since 1970. */
export async function coreVerdict(
  mirror: Mirror,
  keys: readonly VerifierKey[] = [KEY.verifierKey],
  witnesses: readonly number[] = [1],
  now = NOW,
): Promise<Verdict> {
  const store = new MemoryStore([...mirror].filter(([name]) => !name.startsWith(TLOG)));
  const tiles = new MemoryTiles();
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
  const { anchor, malformed } = await newestReport(store, now);
  const report = await verifyLedger(
    {
      store,
      now: () => now,
      summarize: async (stored) => summarizeSegment(stored),
      concurrency: 3,
      ...(tiles.objects.size > 0 && { tiles }),
    },
    {
      verifiers: keys,
      // The page demands no quorum.
      ...(witnesses.length > 0 && { policy: { ...policyOf(witnesses, 1), quorum: undefined } }),
      malformedReports: malformed,
      ...(anchor !== undefined && { anchor }),
    },
  );
  return { status: report.status, found: [...new Set(saidOf(report))].sort() };
}

/** pageOutcome is what the page's own verifier says. */
export async function pageOutcome(mirror: Mirror, keyText = MIRROR_KEYS): Promise<LedgerOutcome> {
  const { keys } = await readKeys(keyText);
  const files = [...mirror].map(([name, bytes]) => ({
    name,
    size: bytes.length,
    read: async () => new Uint8Array(bytes),
  }));
  return verifyInPage(files, { keys, now: NOW });
}

/** pageVerdict is its verdict. */
export async function pageVerdict(mirror: Mirror, keyText = MIRROR_KEYS): Promise<Verdict> {
  const { status, findings } = await pageOutcome(mirror, keyText);
  return { status, found: [...new Set(findings.map(({ code, object }) => `${code} ${object}`))].sort() };
}
