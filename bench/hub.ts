import type { Hub } from '../src/ports/hub.ts';

/** NO_HUB stands for the hub of a ledger that is measured: it was there before, and its first event is number 0. What follows, is delivered. */
export const NO_HUB: Hub = {
  life: async () => ({ created: '2026-01-01T00:00:00.000Z', partitions: ['0'] }),
  state: async () => ({ first: 0, last: -1 }),
  async *read() {},
};
