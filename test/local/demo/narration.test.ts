import { Narration } from '../../../local/demo/narration.ts';
import { inProcess } from '../../support/program.ts';

const feed = { events: 78, bytes: 1000, last: new Map<string, number>() };
const progress = { records: 166, segments: 4, rawBytes: 2000, storedBytes: 500 };

/** told gives what is said of a sealing. */
const told = async (events: number): Promise<string> =>
  (
    await inProcess(async () => {
      new Narration(false).sealed(feed, { ...progress, events });
      return Promise.resolve(0);
    })
  ).out;

test('what was sealed is what was sent', async () => {
  expect(await told(78)).toBe('  ok  78 events sealed: 166 records in 4 segments, 2.0 kB of bodies stored in 0.5 kB\n');
});

test('of a hub that is used again, what an earlier start left is told apart', async () => {
  expect(await told(100)).toContain('  78 events sealed, and 22 that were left from before: 166 records');
});
