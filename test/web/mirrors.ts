import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { VerifierKey } from '../../src/core/note/verifierKey.ts';
import { cosignatureName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { parseReport } from '../../src/core/objects/reportFile.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { enteredReports } from '../../src/integrate/enteredReports.ts';
import { formatCosignature, withCosignatures } from '../../src/ledger/cosignatures.ts';
import { newestReport } from '../../src/ledger/reports.ts';
import type { Anchor } from '../../src/ledger/reports.ts';
import { runVerifyJob } from '../../src/verify/job.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { verifyLedger as verifyInPage } from '../../web/verify/ledger/verifyLedger.ts';
import type { LedgerOutcome } from '../../web/verify/ledger/verifyLedger.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { forgeActions } from '../support/actions.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND, checkpoint, ledgerOf } from '../support/loggedLedger.ts';
import { AUDITOR, KEY, integrateOf, signerOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { policyOf, witnessKey } from '../support/witnesses.ts';

/** Mirror is a mirror folder: files by name. */
export type Mirror = Map<string, Buffer>;

/** Verdict is what a checker concludes of a mirror: its status, and what it found, as "code object", sorted. */
export interface Verdict {
  readonly status: string;
  readonly found: readonly string[];
}

/** ACTED is when actions are filed (a second of the tests), NOW when a mirror is checked: later than an outcome may be on its way. */
export const ACTED = SECOND + 50;
export const NOW = Date.parse(timeOf(SECOND + 2000));
/** TLOG is the folder of a mirror that holds the tiles. */
export const TLOG = 'tlog/';

/** MIRROR_KEY is the key that signed the mirrors' logs, AUDITOR_KEY the one that signed their reports. */
export const MIRROR_KEY = formatVerifierKey(KEY.verifierKey);
export const AUDITOR_KEY = formatVerifierKey(AUDITOR.verifierKey);
/** WITNESS_KEYS are the keys of the witnesses that cosigned. */
export const WITNESS_KEYS = [1, 2].map((number) => formatVerifierKey(cosignatureKey(witnessKey(number).verifierKey)));

/** MIRROR_KEYS is the key of the log, of its auditor, and of one of the witnesses. */
export const MIRROR_KEYS = [MIRROR_KEY, AUDITOR_KEY, WITNESS_KEYS[0]].join('\n');

const auditors = { ledger: LEDGER, verifiers: [AUDITOR.verifierKey] };

/**
 * mirrorOf makes a mirror through the pipeline: two chains, so many checkpoints and one more, a report with its page, a
 * lock and a hold with their outcomes, tiles, and the cosignatures of two witnesses of the newest checkpoint, of which the first cosigned the one before too.
 */
export async function mirrorOf(steps = 3, length = 6): Promise<Mirror> {
  const { store, tiles } = await ledgerOf(steps, length);
  await runVerifyJob({
    store,
    tiles,
    now: () => Date.parse(timeOf(SECOND + 60)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
    concurrency: 3,
    log: new KeptLog(),
    auditors,
    filing: { store, ledger: LEDGER, signer: signerOf(AUDITOR), entered: 0 },
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

/** lineOf makes a witness's cosignature of a checkpoint, at a second of the tests. */
export const lineOf = (
  mirror: Mirror,
  number: number,
  witness: number,
  second = SECOND + 110,
): ReturnType<typeof signCosignature> =>
  signCosignature(
    parseNote(mirror.get(checkpoint(number)) as Buffer).text,
    witnessKey(witness),
    Date.parse(timeOf(second)) / 1000,
  );

function cosign(mirror: Mirror, number: number, witness: number): ReturnType<typeof signCosignature> {
  const line = lineOf(mirror, number, witness);
  plantCosignature(mirror, number, line.keyId, formatCosignature(line));
  return line;
}

/** plantCosignature puts bytes under the name that they have as a cosignature. */
export const plantCosignature = (mirror: Mirror, number: number, keyId: string, bytes: Buffer): unknown =>
  mirror.set(cosignatureName(number, keyId, bytes), bytes);

/** cosignatureIn names the one that a witness made of a checkpoint. */
export function cosignatureIn(mirror: Mirror, number: number, witness: number): string {
  const { keyId } = lineOf(mirror, number, witness);
  const names = [...mirror.keys()].filter((name) => name.includes(`${String(number).padStart(12, '0')}/${keyId}-`));
  if (names.length !== 1) throw new Error(`${names.length} cosignatures of ${number} by witness ${witness}`);
  return names[0] as string;
}

/**
 * coreVerdict is what the core says, as `auditseal verify` asks it with these keys. It goes on from the report that it finds
 * itself, or from the one of that name; from none for ''.
 */
export async function coreVerdict(mirror: Mirror, keyText = MIRROR_KEYS, anchorName?: string): Promise<Verdict> {
  const store = new MemoryStore([...mirror].filter(([name]) => !name.startsWith(TLOG)));
  const tiles = new MemoryTiles();
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
  const keys = keyText.split('\n').flatMap((text) => (text === '' ? [] : [parseVerifierKey(text)]));
  const isAuditors = keys.some(({ keyName }) => keyName === AUDITOR.verifierKey.keyName);
  const verifiers = keys.filter(({ type, keyName }) => type !== 'cosignature' && !keyName.endsWith('/auditor'));
  const witnesses = [1, 2].filter((number) => keyText.includes(WITNESS_KEYS[number - 1] as string));
  const anchor = isAuditors && verifiers.length > 0 ? await anchorIn(store, tiles, verifiers, anchorName) : undefined;
  const report = await verifyLedger(
    {
      store,
      now: () => NOW,
      summarize: async (stored, question) => summarizeSegment(stored, question),
      concurrency: 3,
      ...(tiles.objects.size > 0 && { tiles }),
    },
    {
      verifiers,
      // The page demands no quorum.
      ...(witnesses.length > 0 && { policy: { ...policyOf(witnesses, 1), quorum: undefined } }),
      ...(isAuditors && { auditors }),
      ...(anchor !== undefined && { anchor }),
    },
  );
  return { status: report.status, found: foundIn(report.findings) };
}

async function anchorIn(
  store: MemoryStore,
  tiles: MemoryTiles,
  verifiers: readonly VerifierKey[],
  name: string | undefined,
): Promise<Anchor | undefined> {
  if (name === undefined)
    return newestReport(
      store,
      auditors,
      await enteredReports({ store, tiles, origin: LEDGER, verifiers, now: Date.now }),
    );
  return name === '' ? undefined : { name, report: parseReport(store.objects.get(name) as Buffer) };
}

/** pageOutcome is what the page's own verifier says; the file `unread` can't be read. */
export async function pageOutcome(mirror: Mirror, keyText = MIRROR_KEYS, unread?: string): Promise<LedgerOutcome> {
  const { keys } = await readKeys(keyText);
  const files = [...mirror].map(([name, bytes]) => ({
    name,
    size: bytes.length,
    read: async () => {
      if (name === unread) throw new Error('the device is away');
      return new Uint8Array(bytes);
    },
  }));
  return verifyInPage(files, { keys, now: NOW });
}

/** verdictOf is its verdict. */
export const verdictOf = ({ status, findings }: LedgerOutcome): Verdict => ({ status, found: foundIn(findings) });

/** foundIn gives findings as "code object", and who acknowledged them. */
const foundIn = (findings: LedgerOutcome['findings'] | Report['findings']): string[] => {
  const found = findings.map(({ code, object, acknowledged: by }) => {
    const known = by === undefined ? '' : ` acknowledged by ${by.who} at ${by.time} in ${by.action}: ${by.why}`;
    return `${code} ${object}${known}`;
  });
  return [...new Set(found)].sort();
};

/** pageVerdict is what it says of a mirror. */
export const pageVerdict = async (mirror: Mirror, keyText = MIRROR_KEYS): Promise<Verdict> =>
  verdictOf(await pageOutcome(mirror, keyText));
