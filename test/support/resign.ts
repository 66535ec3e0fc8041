import { LEDGER } from './forge.ts';
import type { MemoryStore } from './memoryStore.ts';
import { dayOf, signLines } from './sign.ts';
import type { HandSession } from './sign.ts';

// What a thief of a session's key, or of a log's, can make of batches. Written by hand.

/** linesOf gives the lines of a batch without the signed one, and what that claims. */
export function linesOf(batch: Buffer): { readonly lines: string; readonly claim: Parameters<typeof signLines>[2] } {
  const text = batch.toString();
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const { batch: claim } = JSON.parse(text.slice(start)) as { batch: Parameters<typeof signLines>[2] };
  return { lines: text.slice(0, start), claim };
}

/** resign changes the lines of a batch that is stored, or what its last line claims, and signs it anew. It gives its entries. */
export function resign(
  store: MemoryStore,
  name: string,
  change: (lines: string) => string,
  { claim = {}, session = {} }: { readonly claim?: object; readonly session?: Partial<HandSession> } = {},
): Buffer[] {
  const old = linesOf(store.objects.get(name) as Buffer);
  const lines = change(old.lines);
  const time = /"type":"heads","time":"([^"]+)"/.exec(lines)?.[1] as string;
  const whole = { ...dayOf(time), ledger: LEDGER, ...session };
  store.objects.set(name, signLines(Buffer.from(lines), name, { ...old.claim, ...claim }, whole));
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line));
}
