import { formatBytes, formatCount } from './output.ts';
import type { SegmentsRead } from '../find/search.ts';
import type { ObjectStore } from '../ports/store.ts';

const WIDTH = 24;
const REDRAW_MS = 100;

/** Progress draws a bar with rate and time left on a terminal, and nothing elsewhere. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #started = performance.now();
  readonly #isShown = process.stderr.isTTY;
  #drawn = 0;

  /** `total` is in bytes. */
  private constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  /** ofSearch makes a bar for what a search reads. */
  static ofSearch = (label: string): Progress => new Progress(label, 0);

  /** over makes a bar for all that a store has under a prefix. Where no bar is drawn, nothing is listed for it. */
  static async over(label: string, store: Pick<ObjectStore, 'list'>, prefix: string): Promise<Progress> {
    let total = 0;
    if (process.stderr.isTTY) for await (const { size } of store.list(prefix)) total += size;
    return new Progress(label, total);
  }

  show(objects: number, bytes: number): void {
    this.#draw(() => {
      const done = this.#total > 0 ? Math.min(bytes / this.#total, 1) : 0;
      const rate = this.#rate(bytes);
      const left = rate > 0 ? Math.ceil(Math.max(this.#total - bytes, 0) / rate) : 0;
      return `${barOf(done)} ${Math.floor(done * 100)} %  ${formatCount(objects)} objects  ${formatBytes(rate)}/s  ${left} s left`;
    });
  }

  /** showSegments says how many segments were read, of how many if that is known. */
  showSegments({ read, of, bytes }: SegmentsRead): void {
    this.#draw(() => {
      const rate = `${formatBytes(this.#rate(bytes))}/s`;
      if (of === undefined) return `${formatCount(read)} segments  ${rate}`;
      return `${barOf(of > 0 ? read / of : 1)} ${formatCount(read)} of ${formatCount(of)} segments  ${rate}`;
    });
  }

  #rate(bytes: number): number {
    return bytes / Math.max((performance.now() - this.#started) / 1000, 0.001);
  }

  #draw(textOf: () => string): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    const text = `${this.#label} ${textOf()}`;
    process.stderr.write(`\r\x1b[2K${text.slice(0, Math.max((process.stderr.columns ?? 80) - 1, 20))}`);
  }

  /** clear takes the bar off the screen. */
  clear(): void {
    if (this.#isShown && this.#drawn > 0) process.stderr.write('\r\x1b[2K');
  }
}

const barOf = (done: number): string => `[${'#'.repeat(Math.round(done * WIDTH)).padEnd(WIDTH, '.')}]`;
