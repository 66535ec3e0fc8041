import { ZEROS, forge, nameOf, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { integrateOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';

const HOUR = 3600;

/** Said is what one segment has: so many records of a category, or a heartbeat. */
export interface Said {
  readonly partition?: string;
  readonly category?: string;
  readonly count?: number;
  /** records of other categories before them */
  readonly before?: readonly { readonly category: string; readonly count: number }[];
  /** so many hours the hub's clock is ahead */
  readonly ahead?: number;
  /** it is a heartbeat, before whose end the hub had so many events more */
  readonly heartbeat?: { readonly behind: number };
}

/** StatusScene is a ledger that grows by the hour, with times that a test chooses. */
export class StatusScene {
  readonly store = new MemoryStore();
  readonly tiles = new MemoryTiles();
  readonly #chains = new Map<string, { prev: string; index: number; record: number; next: number; latest: string }>();

  /** seal seals segments at an hour of the story, and takes them into the log a minute later. */
  async seal(hour: number, segments: readonly Said[]): Promise<void> {
    for (const { partition = '0', category = 'A', count: own = 1, before = [], ahead = 0, heartbeat } of segments) {
      const categories = [
        ...before.flatMap((one) => Array<string>(one.count).fill(one.category)),
        ...Array<string>(own).fill(category),
      ];
      const count = categories.length;
      const chain = this.#chains.get(partition) ?? { prev: ZEROS, index: 0, record: 0, next: 0, latest: '' };
      const { prev, index, record, next } = chain;
      const isIdle = heartbeat !== undefined;
      const second = hour * HOUR;
      const dated = second + ahead * HOUR;
      const events = isIdle ? [next - 1] : Array.from({ length: count }, (_, i) => next + i);
      const latest = isIdle ? chain.latest : timeOf(dated + count - 1);
      const { stored, root } = forge({
        partition,
        index,
        prev,
        record,
        events,
        second: dated,
        ...(latest !== '' && { latest }),
        kind: isIdle ? 'heartbeat' : 'ingest',
        header: { sealed: timeOf(second + 30) },
        ...(isIdle && { hub: { asked: timeOf(second + 30), last: next - 1 + heartbeat.behind } }),
        edit: (lines) =>
          lines.map((line, i) => {
            const one = categories[i - 1] ?? '';
            return one === '' ? line : line.replace('{"n":', `{"category":"${one}","n":`);
          }),
      });
      this.store.objects.set(nameOf(index, partition), stored);
      this.#chains.set(partition, {
        prev: root,
        index: index + 1,
        record: isIdle ? record : record + count,
        next: isIdle ? next : next + count,
        latest,
      });
    }
    await this.integrate(hour);
  }

  async integrate(hour: number): Promise<void> {
    const now = (): number => Date.parse(timeOf(hour * HOUR + 60));
    await integrateOf(this.store, this.tiles, { now }).run(new KeptLog());
  }
}

/** atHour gives a time of the story, so many minutes behind an hour of it (ms since 1970). */
export const atHour = (hour: number, minutes = 0): number => Date.parse(timeOf(hour * HOUR + minutes * 60));
