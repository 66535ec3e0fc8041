import { fileURLToPath } from 'node:url';
import { ChainStore } from './chainStore.ts';
import { NODE, readResult } from './child.ts';
import { HeldHub } from './heldHub.ts';
import { NO_LOG, ingestOf } from './ledger.ts';
import { race, ratiosOf, spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { CREATED, PARTITION } from './workload.ts';
import type { Logger } from '../src/ports/host.ts';

const PROGRAM = fileURLToPath(new URL('repairMemory.ts', import.meta.url));
/** Until so many times the events, memory may grow: buffers are freed late. */
const TIMES = [1, 3] as const;
/** As host.json lets the host deliver them. */
const DELIVERY = 300;
/** These rounds are long, and peaks lie close together. */
const MOST_ROUNDS = 3;

/** Where nothing may be said but that events were read from the hub. */
const LOG: Logger = { ...NO_LOG, warn: () => {} };

async function measure({ workload, rounds, ...given }: Surroundings): Promise<Measurement> {
  const { events, rawBytes } = workload;
  const last = events.length - 1;
  const hub = new HeldHub(CREATED, events.length, (number) => events[number] ?? events[0]!);
  const sealer = () => ingestOf(new ChainStore(0, []), { hub: async () => hub });
  const result = await race(
    [
      {
        name: 'ingest',
        run: async () => {
          const ingest = sealer();
          for (let from = 0; from < events.length; from += DELIVERY)
            await ingest.seal({ partition: PARTITION, events: events.slice(from, from + DELIVERY) }, LOG);
          return rawBytes;
        },
      },
      {
        name: 'repair',
        run: async () => {
          const ingest = sealer();
          // All but the last event are missing before it.
          await ingest.seal({ partition: PARTITION, events: events.slice(last) }, LOG);
          return rawBytes;
        },
      },
    ],
    rounds,
  );
  const lengths = TIMES.map((times) => times * given.segments);
  const peaks: number[][] = lengths.map(() => []);
  for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++)
    for (const [i, length] of lengths.entries())
      peaks[i]?.push(await readResult<number>([...NODE, PROGRAM, String(length)]));
  const [few = [], many = []] = peaks;
  const megabytes = (of: readonly number[]) => spreadOf(of.map((peak) => peak / 1e6));
  return {
    figures: [
      figure('ingest', 'MB/s', result.rate('ingest')),
      figure('repair', 'MB/s', result.rate('repair')),
      figure('repair / ingest', 'times', spreadOf(ratiosOf(result.rates('repair'), result.rates('ingest'))), {
        is: 'at least',
        value: 0.5,
      }),
      figure(`peak of repairing ${lengths[0]} events`, 'MB', megabytes(few)),
      figure(`peak of repairing ${lengths[1]} events`, 'MB', megabytes(many)),
      figure('the latter / the former', 'times', spreadOf(many.map((peak, i) => peak / (few[i] as number))), {
        is: 'at most',
        value: 1.15,
      }),
    ],
  };
}

/** repair measures how fast what is missing is read from the hub and sealed, beside ingest, and what it holds meanwhile. */
export const repair: Subject = { name: 'repair', title: 'events that are read from the hub again', measure };
