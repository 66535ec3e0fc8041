import rhea from 'rhea';
import type { EventHub } from '../../local/hub/server.ts';
import { HUB_NAME } from '../../local/stack.ts';
import type { DerivedChain } from '../support/derive.ts';
import type { Random } from '../support/random.ts';

/** Accepted is an event that a hub took. */
interface Accepted {
  readonly number: number;
  /** what its one record is made of; left out where its body isn't bytes */
  readonly original?: string;
}

/** Life is a hub from when it was created to when it was deleted: what it took, for each partition. */
interface Life {
  /** when it was created, as it says */
  readonly created: string;
  readonly partitions: ReadonlyMap<string, Accepted[]>;
  /** by partition: numbers below this one the hub was told to delete */
  readonly expired: Map<string, number>;
}

/**
 * Bodies that no handler of the Functions host ever sees, as sections of AMQP 1.0 (3.2.7 and 3.2.8), with and without
 * properties.
 */
const POISON: readonly [Buffer, ...Buffer[]] = [
  Buffer.from('005377a10161', 'hex'),
  Buffer.from('005376c003025401', 'hex'),
  Buffer.from('00537740', 'hex'),
  // Data behind an application property whose value is a map.
  rhea.message.encode({
    application_properties: { map: { a: 1 } },
    body: rhea.message.data_section(Buffer.from('{}')),
  }),
];

/** AcceptedEvents sends events to a hub and keeps what it took, so that it is known what has to be sealed. */
export class AcceptedEvents {
  readonly #hub: EventHub;
  readonly #partitions: readonly string[];
  readonly #lives: Life[] = [];
  sent = 0;
  poison = 0;

  constructor(hub: EventHub, partitions: number) {
    this.#hub = hub;
    this.#partitions = Array.from({ length: partitions }, (_, partition) => String(partition));
    this.#begin();
  }

  get lives(): number {
    return this.#lives.length;
  }

  #begin(): void {
    const created = new Date(this.#hub.createdAt(HUB_NAME)).toISOString();
    this.#lives.push({ created, partitions: new Map(this.#partitions.map((id) => [id, []])), expired: new Map() });
  }

  get #life(): Life {
    return this.#lives.at(-1) as Life;
  }

  /** send appends a few events to a partition. */
  send(partition: string, count: number): void {
    const bodies = Array.from(
      { length: count },
      (_, i) => `{"life":${this.#lives.length},"p":${partition},"n":${this.sent + i}}`,
    );
    const first = this.#hub.append(
      HUB_NAME,
      partition,
      bodies.map((body) => Buffer.from(body)),
    );
    this.#life.partitions.get(partition)?.push(...bodies.map((original, i) => ({ number: first + i, original })));
    this.sent += count;
  }

  /** sendPoison appends an event that the trigger can't hand over. */
  sendPoison(partition: string, random: Random): void {
    const tail = POISON[random.below(POISON.length)] as Buffer;
    const number = this.#hub.appendEncoded(HUB_NAME, partition, [tail]);
    this.#life.partitions.get(partition)?.push({ number });
    this.poison += 1;
  }

  /** recreate deletes the hub and makes it again; the consumers' checkpoints stay. */
  recreate(): void {
    this.#hub.recreate(HUB_NAME);
    this.#begin();
  }

  /** expire lets retention take the older half of a partition. */
  expire(partition: string): void {
    const events = this.#life.partitions.get(partition) ?? [];
    const first = events[Math.floor(events.length / 2)]?.number;
    if (first === undefined) return;
    this.#hub.trimBefore(HUB_NAME, partition, first);
    this.#life.expired.set(partition, first);
  }

  /** lastOf is the number of the newest event of a partition in the hub that there is now, -1 if there is none. */
  lastOf = (partition: string): number => this.#life.partitions.get(partition)?.at(-1)?.number ?? -1;

  /**
   * faultsOf says where a chain isn't what the hubs took: each event of each hub that the chain went through is sealed once
   * and in order, or declared as expired where it did expire, or was behind the last one when its hub was deleted. What the
   * trigger handed over of a later hub, under a number that fitted, counts for nothing: it has to stand in that hub's
   * incarnation.
   */
  faultsOf(partition: string, { headers, events }: DerivedChain): string[] {
    const newest = headers.at(-1)?.incarnation ?? 0;
    return Array.from({ length: newest + 1 }, (_, incarnation) => {
      const own = headers.filter((header) => header.incarnation === incarnation);
      const index = this.#lives.findIndex(({ created }) => created === own[0]?.hub?.created);
      const life = this.#lives[index];
      if (life === undefined) return [`incarnation ${incarnation} is of no hub that there was`];
      const sealed = events.filter(
        (event) => event.incarnation === incarnation && (lifeIn(event.originals) ?? index) <= index,
      );
      return faultsIn(partition, life, { own, sealed, isNewest: incarnation === newest }).map(
        (fault) => `incarnation ${incarnation}: ${fault}`,
      );
    }).flat();
  }
}

/** lifeIn is of which life an event says that it is, counted from 0. */
function lifeIn(originals: readonly string[]): number | undefined {
  const life = /^\{"life":(\d+),/.exec(originals[0] ?? '')?.[1];
  return life === undefined ? undefined : Number(life) - 1;
}

interface Incarnation {
  readonly own: DerivedChain['headers'];
  readonly sealed: DerivedChain['events'];
  readonly isNewest: boolean;
}

function faultsIn(partition: string, life: Life, { own, sealed, isNewest }: Incarnation): string[] {
  const faults: string[] = [];
  const byNumber = new Map(sealed.map((event) => [event.number, event]));
  if (byNumber.size < sealed.length) faults.push('an event is sealed twice');
  const accepted = life.partitions.get(partition) ?? [];
  const numbers = new Set(accepted.map(({ number }) => number));
  for (const { number } of sealed)
    if (!numbers.has(number)) faults.push(`event ${number} is sealed, and the hub never took it`);
  const reasons = new Map(
    own.flatMap(({ gaps }) =>
      gaps.flatMap(({ first, last, reason }) => range(first, last).map((number) => [number, reason] as const)),
    ),
  );
  const end = own.at(-1)?.events.last ?? -1;
  const expired = life.expired.get(partition) ?? 0;
  for (const { number, original } of accepted) {
    const event = byNumber.get(number);
    const reason = reasons.get(number);
    if (event !== undefined) {
      const found = event.originals.join();
      if (original !== undefined && found !== original)
        faults.push(`event ${number} is sealed as ${found}, not ${original}`);
    } else if (number > end && !isNewest) continue;
    else if (reason === 'expired' ? number >= expired : reason !== 'recreated')
      faults.push(`event ${number} is ${reason === undefined ? 'lost' : `declared ${reason}, and is not`}`);
  }
  return faults;
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
