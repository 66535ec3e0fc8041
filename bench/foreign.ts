import { randomBytes } from 'node:crypto';
import { CERTIFICATES, KEY, LEDGER, NO_TIME, fail, integrateOf, sessionsOf } from './ledger.ts';
import { race } from './measure.ts';
import { figure } from './subject.ts';
import type { Figure, Surroundings } from './subject.ts';
import { BATCH_SEGMENTS, PARTITIONS, SyntheticLedger } from './syntheticLedger.ts';
import { SyntheticStore } from './syntheticStore.ts';
import { sealRun, storeSegment, toEvents } from './workload.ts';
import { signNote } from '../src/core/note/signerKey.ts';
import { segmentName } from '../src/core/objects/names.ts';
import { NO_CHAIN } from '../src/core/segment/chain.ts';
import { Certificates, formatCertificate, formatSignedCertificate } from '../src/core/signed/certificate.ts';
import { MAX_SIGNATURE_FRAME_BYTES } from '../src/core/signed/segmentFrame.ts';
import { findChainHead } from '../src/ingest/chainHead.ts';
import { readSegment } from '../src/ledger/objects.ts';
import type { Logger } from '../src/ports/host.ts';

const BATCHES = 3;
const PLANTED = 64;
const PLANTED_BYTES = 64 * 1024;
/** Dismissing one may take this long. */
const DISMISS_MS = 1;
const BODY = Buffer.from('{"records":[{"category":"AuditEvent"}]}');
const SEALED = '2026-11-09T06:00:00.000Z';
/** The index that the log comes to next, and the next one that is free. */
const FIRST = (BATCHES * BATCH_SEGMENTS) / PARTITIONS;
const NEXT = FIRST + 1;

/** Every planted object is logged, and nothing else may go wrong. */
const FOREIGN_LOG: Logger = {
  info: () => {},
  warn: (...[message]) => fail(message),
  error: (...[message]) => {
    if (!message.startsWith('foreign object')) fail(message);
  },
};

/** measureForeign says what it costs to dismiss objects under the next names of a chain that nobody signed there. */
export async function measureForeign({ rounds }: Surroundings): Promise<Figure[]> {
  const ledger = await SyntheticLedger.create(BATCHES + 1);
  return [...(await countRequests(ledger)), ...(await timeDismissal(ledger, rounds))];
}

/** countRequests finds the head behind objects that others planted, and integrates them, and counts what each adds. */
async function countRequests(ledger: SyntheticLedger): Promise<Figure[]> {
  const findHead = async (planted: number): Promise<ReturnType<SyntheticStore['take']>> => {
    const store = plantedStore(ledger, planted);
    const { index } = await findChainHead(
      { store, now: NO_TIME, log: FOREIGN_LOG, certificates: CERTIFICATES },
      '0',
      FIRST,
    );
    return index === NEXT + planted ? store.take() : fail(`the head is ${index}`);
  };
  const integrate = async (planted: number): Promise<ReturnType<SyntheticStore['take']>> => {
    const store = plantedStore(ledger, planted);
    const integrates = integrateOf(store, store.tiles);
    await integrates.run(FOREIGN_LOG);
    return store.take();
  };
  const figures: Figure[] = [];
  for (const [title, action] of [
    ['find a head', findHead],
    ['integrate', integrate],
  ] as const) {
    const [without, one, many] = [await action(0), await action(1), await action(PLANTED)];
    const each = (of: (taken: typeof many) => number): number => (of(many) - of(one)) / (PLANTED - 1);
    const atMost = (value: number) => ({ is: 'at most', value }) as const;
    figures.push(
      figure(
        `${title}: questions for a name, for each foreign object`,
        '',
        each(({ requests }) => requests.exists),
        atMost(1),
      ),
      figure(
        `${title}: reads for each`,
        '',
        each(({ requests }) => requests.read),
        atMost(1),
      ),
      figure(
        `${title}: bytes read for each`,
        '',
        each(({ bytes }) => bytes),
        atMost(MAX_SIGNATURE_FRAME_BYTES),
      ),
      figure(`${title}: bytes read for the first`, '', one.bytes - without.bytes),
    );
  }
  return figures;
}

/** plantedStore is a ledger with a new segment in each partition, and objects of random bytes under the next names of one. */
function plantedStore(ledger: SyntheticLedger, planted: number): SyntheticStore {
  const store = new SyntheticStore(ledger, BATCHES);
  store.expose(PARTITIONS);
  for (let i = 0; i < planted; i++) store.put(segmentName('0', NEXT + i), randomBytes(PLANTED_BYTES));
  return store;
}

/** timeDismissal dismisses objects of each kind, and what a stranger signed with the most work for who checks it. */
async function timeDismissal(ledger: SyntheticLedger, rounds: number): Promise<Figure[]> {
  const random = Array.from({ length: PLANTED }, () => randomBytes(PLANTED_BYTES));
  const replayed = Array.from({ length: PLANTED }, (_, i) => ledger.segment(0, i));
  const kinds = [
    { name: 'random bytes', objects: random },
    { name: 'a segment of another name', objects: replayed },
    { name: 'a forged certificate, each another', objects: await forgedSegments() },
  ];
  const result = await race(
    kinds.map(({ name, objects }) => {
      const store = new SyntheticStore(ledger, BATCHES);
      objects.forEach((object, i) => store.put(segmentName('0', NEXT + i), object));
      return {
        name,
        run: async () => {
          const certificates = new Certificates(LEDGER, [KEY.verifierKey]);
          for (let i = 0; i < PLANTED; i++) {
            const read = await readSegment(store, '0', NEXT + i, certificates);
            if (read === undefined || !('foreign' in read)) fail('what nobody signed was not dismissed');
          }
          return PLANTED;
        },
      };
    }),
    rounds * 4,
  );
  return kinds.map(({ name }) =>
    figure(`dismiss ${name}`, 'ms', result.workMs(name), { is: 'at most', value: DISMISS_MS }),
  );
}

/** forgedSegments are segments whose certificates have signatures of random bytes under the name and ID of the log's key. */
async function forgedSegments(): Promise<Buffer[]> {
  const session = await sessionsOf('segments').at(SEALED);
  const line = signNote(formatCertificate(session.certificate), KEY);
  const segments: Buffer[] = [];
  for (const [i, event] of toEvents(Array.from({ length: PLANTED }, () => BODY)).entries()) {
    const note = formatSignedCertificate(session.certificate, [{ ...line, signature: randomBytes(64) }]);
    const head = { ...NO_CHAIN, index: NEXT + i };
    const segment = sealRun([event], head, { partition: '0', sealed: SEALED });
    segments.push((await storeSegment({ ...session, note }, head, segment)).stored);
  }
  return segments;
}
