import { setTimeout as delay } from 'node:timers/promises';
import { AcceptedEvents } from './accepted.ts';
import type { HostLine, HostProcess } from '../../local/host/client.ts';
import { HUB_NAME, NO_TIMERS, startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { deriveChain } from '../support/derive.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import type { FaultProxy, ProxyFault } from '../support/faultProxy.ts';
import { Random } from '../support/random.ts';

export interface SoakOptions {
  readonly appDir: string;
  readonly seed: number;
  /** events that waited so long are read by the app itself; 0 is at once */
  readonly stuckMinutes: number;
  /** how often events are sent and something may go wrong, a quarter of a second apart where the machine keeps up */
  readonly ticks: number;
  /** takes a line now and then about how it goes */
  readonly say: (line: string) => void;
}

/** SoakResult is what was done, and every way in which the ledger isn't what the hubs took. */
export interface SoakResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  /** codes of the findings of the app's own check at the end */
  readonly codes: readonly string[];
}

const PARTITIONS = 3;
const HOSTS = 2;
export const TICK_MS = 250;
/** So long the ledger may need to catch up when faults have ended. */
const QUIET_MS = 6 * 60_000;

/** soak runs the app's real hosts over the local stack with one fault after the other, and then asks what came of every event. */
export async function soak({ appDir, seed, stuckMinutes, ticks, say }: SoakOptions): Promise<SoakResult> {
  const settings = {
    ...NO_TIMERS,
    INTEGRATE_SCHEDULE: '*/10 * * * * *',
    WATCH_SCHEDULE: '*/5 * * * * *',
    STUCK_MINUTES: String(stuckMinutes),
    HEARTBEAT_MINUTES: '1',
  };
  const stack = await startStack({ appDir, partitions: PARTITIONS, settings });
  const proxy = await startFaultProxy(new URL(stack.containerUrl).origin);
  try {
    return await new Soak(stack, proxy, seed, say).run(ticks);
  } finally {
    await stack.close();
    await proxy.close();
  }
}

class Soak {
  readonly #stack: Stack;
  readonly #proxy: FaultProxy;
  readonly #random: Random;
  /** of how many requests there are depends on the machine, and what happens must not */
  readonly #chance: Random;
  readonly #say: (line: string) => void;
  readonly #accepted: AcceptedEvents;
  readonly #hosts: HostProcess[] = [];
  readonly #counts: Record<string, number> = {};
  /** of requests that are hit by the weather */
  #weather: { readonly fault: ProxyFault; readonly share: number } | undefined;

  constructor(stack: Stack, proxy: FaultProxy, seed: number, say: (line: string) => void) {
    this.#stack = stack;
    this.#proxy = proxy;
    this.#random = new Random(seed);
    this.#chance = new Random(seed + 1);
    this.#say = say;
    this.#accepted = new AcceptedEvents(stack.hub, PARTITIONS);
    proxy.faultOf = ({ method }) => {
      const weather = this.#weather;
      if (weather === undefined || this.#chance.below(100) >= weather.share) return undefined;
      // An answer without a body can't be cut: it would hang, and the client waits for five minutes.
      if (weather.fault === 'cutBody' && method !== 'GET') return undefined;
      this.#count(`requests: ${weather.fault}`);
      return weather.fault;
    };
  }

  async run(ticks: number): Promise<SoakResult> {
    for (let i = 0; i < HOSTS; i++) await this.#startHost();
    for (let tick = 1; tick <= ticks; tick++) {
      await this.#tick(tick);
      if (tick % 240 === 0) this.#say(`${ticks - tick} ticks left: ${JSON.stringify(this.#counts)}`);
      await delay(TICK_MS);
    }
    this.#weather = undefined;
    this.#say('faults have ended; waiting until all is sealed');
    const quiet = await this.#untilQuiet();
    const faults = await this.#faults();
    if (!quiet) faults.unshift('it did not come to rest');
    const codes = await this.#verify();
    return { counts: { ...this.#counts, events: this.#accepted.sent, hubs: this.#accepted.lives }, faults, codes };
  }

  /**
   * tick sends some events, and sometimes lets something go wrong. The shares make an hour of 200 kills and more, and some
   * hubs.
   */
  async #tick(tick: number): Promise<void> {
    const random = this.#random;
    const partition = String(random.below(PARTITIONS));
    this.#accepted.send(partition, 1 + random.below(20));
    if (random.below(56) === 0) await this.#killHost();
    if (random.below(30) === 0) this.#changeWeather();
    if (random.below(60) === 0) this.#moveSomething(partition);
    if (random.below(200) === 0) {
      this.#accepted.sendPoison(partition, random);
      this.#count('poison events');
    }
    if (tick % 1400 === 900) {
      this.#accepted.recreate();
      this.#count('hubs created again');
    }
    if (random.below(1500) === 0) {
      this.#accepted.expire(partition);
      this.#count('retention ran out');
    }
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  async #startHost(): Promise<void> {
    const { settings } = this.#stack;
    const through = (setting: string | undefined): string =>
      (setting ?? '').replaceAll(
        new URL(this.#stack.containerUrl).origin,
        new URL(this.#proxy.url(this.#stack.containerUrl)).origin,
      );
    const host = await this.#stack.startHost(this.#hear, {
      LEDGER: through(settings['LEDGER']),
      TLOG: through(settings['TLOG']),
    });
    this.#hosts.push(host);
  }

  readonly #hear = (line: HostLine): void => {
    if (line.type !== 'log' || !line.message.startsWith('{"message":')) return;
    const { message } = JSON.parse(line.message) as { message: string };
    if (
      [
        'events were read from the hub again',
        'event hub was re-created',
        'events are missing',
        'sealed a heartbeat',
        'sealing was interrupted',
        'name of the next segment is taken',
      ].includes(message)
    )
      this.#count(`said: ${message}`);
  };

  async #killHost(): Promise<void> {
    const [host] = this.#hosts.splice(this.#random.below(this.#hosts.length), 1);
    host?.kill();
    await host?.exited;
    this.#count('hosts killed');
    await this.#startHost();
  }

  #changeWeather(): void {
    const fault = this.#random.pick<ProxyFault | undefined>([
      undefined,
      undefined,
      'busy',
      'broken',
      'dropBefore',
      'dropAfter',
      'cutBody',
    ]);
    this.#weather = fault && { fault, share: 5 + this.#random.below(60) };
  }

  #moveSomething(partition: string): void {
    if (this.#random.below(3) > 0) this.#stack.hub.detachReceivers(HUB_NAME, partition);
    else this.#stack.hub.disconnectAll();
    this.#count('receivers moved');
  }

  /** untilQuiet waits until each chain has come to the end of the hub. */
  async #untilQuiet(): Promise<boolean> {
    const end = Date.now() + QUIET_MS;
    for (;;) {
      const chains = await this.#chains();
      const lagging = [...chains].filter(([partition, { headers }]) => {
        const newest = headers.at(-1);
        const created = headers.filter(({ incarnation }) => incarnation === newest?.incarnation)[0]?.hub?.created;
        const isCurrent = created === new Date(this.#stack.hub.createdAt(HUB_NAME)).toISOString();
        return !isCurrent || (newest?.events.last ?? -1) < this.#accepted.lastOf(partition);
      });
      if (lagging.length === 0) return true;
      if (Date.now() > end) return false;
      await delay(2000);
    }
  }

  async #chains(): Promise<Map<string, ReturnType<typeof deriveChain>>> {
    const objects = new Map<string, Buffer>();
    for await (const { name } of this.#stack.owner.listBlobsFlat({ prefix: 'segments/' }))
      objects.set(name, await this.#read(name));
    const [key = ''] = this.#stack.verifierKeys;
    const trust = { ledger: key.split('+')[0] ?? '', keys: this.#stack.verifierKeys };
    return new Map(
      Array.from({ length: PARTITIONS }, (_, partition) => [
        String(partition),
        deriveChain(objects, String(partition), trust),
      ]),
    );
  }

  readonly #kept = new Map<string, Buffer>();

  /** read gives an object, which never changes. */
  async #read(name: string): Promise<Buffer> {
    const bytes = this.#kept.get(name) ?? (await this.#stack.owner.getBlobClient(name).downloadToBuffer());
    this.#kept.set(name, bytes);
    return bytes;
  }

  async #faults(): Promise<string[]> {
    return [...(await this.#chains())].flatMap(([partition, chain]) => [
      ...chain.passedOver.map((index) => `partition ${partition}: segment ${index} is signed, and passed over`),
      ...this.#accepted.faultsOf(partition, chain).map((fault) => `partition ${partition}: ${fault}`),
    ]);
  }

  /** verify lets the app check its own ledger, and gives the codes of what it found. */
  async #verify(): Promise<string[]> {
    for (const timer of ['integrate', 'verify']) {
      const { outcome } = (await this.#hosts[0]?.runTimer(timer)) ?? {};
      if (outcome !== 'succeeded') return [`${timer} failed`];
    }
    const names: string[] = [];
    for await (const { name } of this.#stack.owner.listBlobsFlat({ prefix: 'reports/' }))
      if (name.endsWith('.json')) names.push(name);
    const reports = await Promise.all(
      names.map(
        async (name) =>
          JSON.parse((await this.#read(name)).toString()) as {
            report: { kind: string; findings: { code: string }[] };
          },
      ),
    );
    const integrity = reports.findLast(({ report }) => report.kind === 'integrity');
    if (integrity === undefined) return ['no report of kind integrity'];
    return [...new Set(integrity.report.findings.map(({ code }) => code))].toSorted();
  }
}
