// Timers hold 31 bits of milliseconds; a longer pause is made of several.
const LONGEST_MS = 2 ** 31 - 1;

/** pause waits, and ends early without an error when signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let leftMs = ms;
  while (leftMs > 0 && !signal.aborted) {
    const stepMs = Math.min(leftMs, LONGEST_MS);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, stepMs);
      signal.addEventListener('abort', end);
    });
    leftMs -= stepMs;
  }
}
