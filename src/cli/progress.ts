import { formatBytes, formatCount } from './output.ts';
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

  /** over makes a bar for all that a store has under a prefix. Where no bar is drawn, nothing is listed for it. */
  static async over(label: string, store: Pick<ObjectStore, 'list'>, prefix: string): Promise<Progress> {
    let total = 0;
    if (process.stderr.isTTY) for await (const { size } of store.list(prefix)) total += size;
    return new Progress(label, total);
  }

  show(objects: number, bytes: number): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    const done = this.#total > 0 ? Math.min(bytes / this.#total, 1) : 0;
    const rate = bytes / Math.max((now - this.#started) / 1000, 0.001);
    const left = rate > 0 ? Math.ceil(Math.max(this.#total - bytes, 0) / rate) : 0;
    const bar = '#'.repeat(Math.round(done * WIDTH)).padEnd(WIDTH, '.');
    const text = `${this.#label} [${bar}] ${Math.floor(done * 100)} %  ${formatCount(objects)} objects  ${formatBytes(rate)}/s  ${left} s left`;
    process.stderr.write(`\r\x1b[2K${text.slice(0, Math.max((process.stderr.columns ?? 80) - 1, 20))}`);
  }

  /** clear takes the bar off the screen. */
  clear(): void {
    if (this.#isShown && this.#drawn > 0) process.stderr.write('\r\x1b[2K');
  }
}
