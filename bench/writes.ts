import { NO_LOG, fail, ingestOf, integrateOf } from './ledger.ts';
import { spreadOf } from './measure.ts';
import { PRICES } from './prices.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject } from './subject.ts';
import { BATCH_SEGMENTS, PARTITIONS, SyntheticLedger, batchTime } from './syntheticLedger.ts';
import { SyntheticStore } from './syntheticStore.ts';
import type { Requests } from './syntheticStore.ts';

/** How much of a log is there before. */
const BATCHES = 20;
const MINUTES = 256;
const SEGMENTS_A_MINUTE = 3;
const MINUTE = 60_000;
const MINUTES_A_MONTH = 30 * 24 * 60;

/** Minutes pass: each partition seals some segments, and then an integration runs, as timers have it. */
async function measure(): Promise<Measurement> {
  const store = new SyntheticStore(await SyntheticLedger.create(BATCHES), BATCHES);
  let time = batchTime(BATCHES - 1);
  const now = (): number => time;
  const ingest = ingestOf(store, { now });
  const integrate = integrateOf(store, store.tiles, { now });
  const first = (BATCHES * BATCH_SEGMENTS) / PARTITIONS;
  const sealing: Requests[] = [];
  const integrating: Requests[] = [];
  for (let minute = -1; minute < MINUTES; minute++) {
    for (let i = 0; i < SEGMENTS_A_MINUTE; i++) {
      time += MINUTE / SEGMENTS_A_MINUTE;
      const sequenceNumber = first + (minute + 1) * SEGMENTS_A_MINUTE + i;
      const event = { body: BODY, sequenceNumber, enqueued: new Date(time).toISOString() };
      for (let partition = 0; partition < PARTITIONS; partition++)
        await ingest.seal({ partition: String(partition), events: [event] }, NO_LOG);
    }
    const sealed = store.take().requests;
    const { batches, segments } = await integrate.run(NO_LOG);
    if (batches !== 1 || segments !== PARTITIONS * SEGMENTS_A_MINUTE)
      fail(`${batches} batches took ${segments} segments`);
    const integrated = store.take().requests;
    if (minute < 0) continue; // heads were searched
    sealing.push(sealed);
    integrating.push(integrated);
  }
  const perCheckpoint = spreadOf(integrating.map(({ write }) => write));
  const writes = sumOf(integrating, 'write') / MINUTES;
  const lists = sumOf(integrating, 'list') / MINUTES;
  const reads = (sumOf(integrating, 'read') + sumOf(integrating, 'exists')) / MINUTES;
  const segments = PARTITIONS * SEGMENTS_A_MINUTE;
  return {
    figures: [
      figure('writes per segment', '', sumOf(sealing, 'write') / (MINUTES * segments), { is: 'at most', value: 1.2 }),
      figure('writes per checkpoint, on average', '', writes, { is: 'at most', value: 6 }),
      figure('the same, checkpoint by checkpoint', '', perCheckpoint),
      figure('reads per checkpoint', '', reads),
      figure('lists per checkpoint', '', lists),
      figure('writes for a checkpoint a minute', 'USD a month', MINUTES_A_MONTH * writes * PRICES.write),
      figure(
        'all that such an integration asks for',
        'USD a month',
        MINUTES_A_MONTH * ((writes + lists) * PRICES.write + reads * PRICES.read),
      ),
    ],
  };
}

const BODY = Buffer.from('{"records":[{"category":"AuditEvent"}]}');

const sumOf = (requests: readonly Requests[], what: keyof Requests): number =>
  requests.reduce((sum, each) => sum + each[what], 0);

/** writes counts what the log costs on top of ingest where segments come steadily. */
export const writes: Subject = {
  name: 'writes',
  title: `a checkpoint a minute over ${PARTITIONS * SEGMENTS_A_MINUTE} segments of ${PARTITIONS} partitions, for ${MINUTES} minutes`,
  measure,
};
