import { generateKeyPairSync, sign } from 'node:crypto';
import { integrateBacklog, integrateInto } from './backlog.ts';
import { measureForeign } from './foreign.ts';
import { CONCURRENCY, KEY, LEDGER, fail, sessionsOf, summarize } from './ledger.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { SMALL_RECORDS, smallRuns } from './smallSegments.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings } from './subject.ts';
import { PARTITION, sealAll, sealRun, storeSegment } from './workload.ts';
import type { Events, StoredSegment } from './workload.ts';
import { keySigner } from '../src/adapters/logKeys.ts';
import { sha256 } from '../src/core/hash.ts';
import { ecdsaSignature } from '../src/core/note/vaultSignature.ts';
import { createVerifierKey } from '../src/core/note/verifierKey.ts';
import { NO_CHAIN } from '../src/core/segment/chain.ts';
import { Certificates } from '../src/core/signed/certificate.ts';
import { findSignatureFrame, openSignatureFrame } from '../src/core/signed/segmentFrame.ts';
import { FolderStore } from '../src/adapters/folderStore.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import type { Signer } from '../src/ports/signing.ts';
import { verifyLedger } from '../src/verify/verify.ts';

const SMALL_SEGMENTS = 500;
const LARGE_SEGMENTS = 20;
/** Differences are smaller than what they are differences of, so there are many rounds. */
const ROUNDS = 4;
/** What signing a segment may cost: milliseconds, bytes, and the part of integrate that checks it. */
const SEAL_MS = 0.3;
const ADDED_BYTES = 1000;
const INTEGRATE_SHARE = 0.05;

/** Chain is runs of one size. */
interface Chain {
  readonly title: string;
  readonly runs: readonly Events[];
}

async function measure(surroundings: Surroundings): Promise<Measurement> {
  const { workload } = surroundings;
  const chains: readonly Chain[] = [
    { title: `${SMALL_RECORDS} records`, runs: smallRuns(SMALL_SEGMENTS) },
    { title: '1 MiB', runs: workload.runs.slice(0, LARGE_SEGMENTS) },
  ];
  const figures: Figure[] = [];
  for (const chain of chains) figures.push(...(await measureSealing(chain, surroundings)));
  for (const chain of chains) figures.push(...(await measureBytes(chain)));
  for (const chain of chains) figures.push(...(await measureChecking(chain, surroundings)));
  return { figures: [...figures, ...(await measureForeign(surroundings))] };
}

/** measureSealing seals the same segments with and without signing, and signs those that are sealed. */
async function measureSealing({ title, runs }: Chain, { rounds }: Surroundings): Promise<Figure[]> {
  const sealed = runs.at(-1)?.at(-1)?.enqueued as string;
  const session = await sessionsOf('segments').at(sealed);
  const place = { partition: PARTITION, sealed };
  const segments = runs.map((run) => sealRun(run, NO_CHAIN, place));
  const result = await race(
    [
      {
        name: 'sealed and signed',
        run: async () => {
          for (const run of runs) await storeSegment(session, NO_CHAIN, sealRun(run, NO_CHAIN, place));
          return runs.length;
        },
      },
      {
        name: 'sealed and hashed',
        run: () => {
          for (const run of runs) sha256(sealRun(run, NO_CHAIN, place).frames);
          return runs.length;
        },
      },
      {
        name: 'signed',
        run: async () => {
          for (const segment of segments) await storeSegment(session, NO_CHAIN, segment);
          return runs.length;
        },
      },
      {
        name: 'hashed',
        run: () => {
          for (const { frames } of segments) sha256(frames);
          return runs.length;
        },
      },
    ],
    rounds * ROUNDS,
  );
  const bar = { is: 'at most', value: SEAL_MS } as const;
  return [
    figure(`seal ${title}, signed`, 'ms', result.workMs('sealed and signed')),
    figure(`seal ${title}: more than without signing`, 'ms', result.addedMs('sealed and signed', 'sealed and hashed')),
    figure(`sign ${title} that are sealed: more than SHA-256`, 'ms', result.addedMs('signed', 'hashed'), bar),
  ];
}

/** measureBytes says how much larger signed segments are, with one of the log's keys and with two. */
async function measureBytes({ title, runs }: Chain): Promise<Figure[]> {
  const added = async (signers: readonly Signer[]): Promise<number> => {
    const segments = await sealAll(runs.slice(0, LARGE_SEGMENTS), { sessions: sessionsOf('segments', signers) });
    return Math.max(...segments.map(({ stored, frames }) => stored.length - frames.length));
  };
  const bar = { is: 'at most', value: ADDED_BYTES } as const;
  const ed25519 = keySigner(KEY);
  return [
    figure(`bytes that signing adds to ${title}, Ed25519`, '', await added([ed25519]), bar),
    figure(`bytes that signing adds to ${title}, Ed25519 and P-256`, '', await added([ed25519, p256Signer()]), bar),
  ];
}

/** p256Signer signs as a vault does. */
function p256Signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const verifierKey = createVerifierKey(LEDGER, 'ecdsa', publicKey.export({ format: 'der', type: 'spki' }));
  const raw = (text: string): Buffer =>
    sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { verifierKey, sign: async (text) => ecdsaSignature(text, verifierKey, raw(text)) };
}

/** measureChecking says what part of integrate and of a full verify the signatures of segments take. */
async function measureChecking({ title, runs }: Chain, { rounds, folder }: Surroundings): Promise<Figure[]> {
  const segments = await sealAll(runs);
  const mirror = await folder();
  const paths = await writeMirror(mirror, segments);
  const [store, tiles] = [new FolderStore(mirror), new FolderTileStore(mirror)];
  await integrateInto(store, tiles, paths.length, summarize);
  const result = await race(
    [
      { name: 'integrate', run: async () => integrateBacklog(paths, summarize).then(() => paths.length) },
      { name: 'verify', run: async () => verifyMirror(store, tiles).then(() => paths.length) },
      { name: 'signatures', run: () => openAll(segments) },
    ],
    rounds * 2,
  );
  return [
    figure(`integrate a segment of ${title}`, 'ms', result.workMs('integrate')),
    figure(`verify a segment of ${title} in full`, 'ms', result.workMs('verify')),
    figure(`check the signature of ${title}`, 'ms', result.workMs('signatures')),
    figure(`signatures / integrate, ${title}`, 'times', result.workRatio('integrate', 'signatures'), {
      is: 'at most',
      value: INTEGRATE_SHARE,
    }),
    figure(`signatures / verify, ${title}`, 'times', result.workRatio('verify', 'signatures')),
  ];
}

async function verifyMirror(store: FolderStore, tiles: FolderTileStore): Promise<void> {
  const deps = { store, tiles, now: Date.now, summarize, concurrency: CONCURRENCY };
  const { status } = await verifyLedger(deps, { verifiers: [KEY.verifierKey] });
  if (status !== 'verified') fail(`the ledger is ${status}`);
}

/** openAll checks the signatures of segments, as whoever sees their certificates for the first time. */
function openAll(segments: readonly StoredSegment[]): number {
  const certificates = new Certificates(LEDGER, [KEY.verifierKey]);
  for (const { name, stored } of segments) openSignatureFrame(findSignatureFrame(stored), name, certificates);
  return segments.length;
}

/** signatures measures what it costs that an object counts because of who signed it. */
export const signatures: Subject = {
  name: 'signatures',
  title: 'what signatures cost, and what an object that nobody signed',
  measure,
};
