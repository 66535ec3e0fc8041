import { SLICE_FILE, formatSlice } from '../../src/core/objects/slice.ts';
import type { LedgerInterval } from '../../src/core/objects/slice.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { mirrorSlice } from '../../src/ledger/mirrorSlice.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import { verifyLedger as verifyInPage } from '../../web/verify/ledger/verifyLedger.ts';
import type { LedgerOutcome } from '../../web/verify/ledger/verifyLedger.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { LEDGER, TRUST, timeOf } from '../support/forge.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { MIRROR_KEY, TLOG } from './mirrors.ts';
import type { Mirror, Verdict } from './mirrors.ts';

/** Behind all that the scenes have. */
const NOW = Date.parse(timeOf(2_100_000));

/** mirrorOfLedger gives a ledger in memory as the files of a mirror. */
export const mirrorOfLedger = ({ store, tiles }: Ledger): Mirror =>
  new Map([...store.objects, ...[...tiles.objects].map(([name, bytes]) => [`${TLOG}${name}`, bytes] as const)]);

const objectsOf = (mirror: Mirror): [string, Buffer][] =>
  [...mirror].filter(([name]) => !name.startsWith(TLOG) && name !== SLICE_FILE);

/** sliceOf makes a slice of a mirror as the command does, with its tiles and what it says of itself. */
export async function sliceOf(mirror: Mirror, interval: LedgerInterval): Promise<Mirror> {
  const to = new MemoryStore();
  const made = await mirrorSlice(new MemoryStore(objectsOf(mirror)), to, interval, { trust: TRUST, concurrency: 3 });
  if (made.failed.length > 0) throw new Error(JSON.stringify(made.failed));
  const slice: Mirror = new Map(to.objects);
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) slice.set(name, bytes);
  const { entries } = made;
  return slice.set(SLICE_FILE, formatSlice({ ...interval, ledger: LEDGER, entries, made: timeOf(2_000_300) }));
}

/** coreReport is what the core says of an interval of a mirror, with the log's first key unless others are given. */
export async function coreReport(mirror: Mirror, interval: LedgerInterval, keys = MIRROR_KEY): Promise<Report> {
  const tiles = new MemoryTiles();
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
  return verifyLedger(
    {
      store: new MemoryStore(objectsOf(mirror)),
      now: () => NOW,
      summarize: async (stored, question) => summarizeSegment(stored, question),
      concurrency: 3,
      ...(tiles.objects.size > 0 && { tiles }),
    },
    { interval, verifiers: keys === '' ? [] : keys.split('\n').map(parseVerifierKey) },
  );
}

/** pageOutcome is what the page's own verifier says of it. */
export async function pageOutcome(
  mirror: Mirror,
  interval: LedgerInterval | undefined,
  keyText = MIRROR_KEY,
): Promise<LedgerOutcome> {
  const { keys } = await readKeys(keyText);
  const files = [...mirror].map(([name, bytes]) => ({
    name,
    size: bytes.length,
    read: async () => new Uint8Array(bytes),
  }));
  return verifyInPage(files, { keys, now: NOW, interval });
}

const verdict = ({ status, findings }: Pick<Report, 'status' | 'findings'> | LedgerOutcome): Verdict => ({
  status,
  found: [
    ...new Set(
      findings.map(
        ({ code, object, acknowledged: by }) => `${code} ${object}${by === undefined ? '' : ' acknowledged'}`,
      ),
    ),
  ].sort(),
});

/** bothSay gives the verdict on an interval of a mirror on which the core and the page have to agree. */
export async function bothSay(mirror: Mirror, interval: LedgerInterval, keys = MIRROR_KEY): Promise<Verdict> {
  const said = verdict(await coreReport(mirror, interval, keys));
  expect(verdict(await pageOutcome(mirror, interval, keys))).toEqual(said);
  return said;
}

/** segmentsIn gives the names of the segments that a mirror has, in order. */
export const segmentsIn = (mirror: Mirror): string[] =>
  [...mirror.keys()].filter((name) => name.startsWith('segments/')).sort();
