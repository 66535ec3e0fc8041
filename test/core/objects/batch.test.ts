import { ZERO_HASH } from '../../../src/core/hash.ts';
import {
  MAX_BATCH_BYTES,
  MAX_BATCH_LINES,
  MAX_BATCH_OBJECTS,
  formatBatch,
  parseBatch,
} from '../../../src/core/objects/batch.ts';
import { formatEntry } from '../../../src/core/objects/entry.ts';
import { formatHeads, headsOf } from '../../../src/core/objects/heads.ts';
import { parseBatch as pageBatch, headsOf as pageHeads } from '../../../web/verify/ledger/entries.ts';
import { coded } from '../../support/logVectors.ts';
import { runNode } from '../../support/program.ts';
import { TIME } from '../../support/segments.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** The largest entries of segments that a writer makes, and heads of all partitions that there can be. */
function largestBatch(): Buffer[] {
  const names = Array.from({ length: 100 }, (_, i) => [String(i).padStart(64, 'a'), MAX] as const);
  const entry = formatEntry({
    type: 'segment',
    size: MAX,
    sha256: ZERO_HASH,
    root: ZERO_HASH,
    prev: ZERO_HASH,
    partition: '99999',
    index: 999_999_999_999,
    incarnation: MAX,
    records: { first: MAX, count: MAX },
    events: { first: MAX, last: MAX, count: MAX },
    time: { first: TIME, last: TIME },
    categories: new Map(names),
  });
  const position = { next: 1e12, index: 999_999_999_999, root: ZERO_HASH, sealed: TIME };
  const positions = new Map(Array.from({ length: 100_000 }, (_, i) => [String(i), position]));
  const heads = formatHeads({
    time: TIME,
    keys: [],
    operators: [],
    documents: { report: MAX, action: MAX },
    positions,
  });
  return [...Array.from({ length: MAX_BATCH_OBJECTS }, () => entry), ...heads];
}

describe('limits of a batch', () => {
  test('leave room for the largest that a writer makes', async () => {
    const lines = largestBatch();
    const batch = formatBatch(lines);
    expect(parseBatch(batch)).toHaveLength(lines.length);
    expect(headsOf(lines).positions.size).toBe(100_000);
    expect((await pageHeads(pageBatch(new Uint8Array(batch)))).positions.size).toBe(100_000);
  });

  test('are kept to the line and the byte, by writer, reader and page', () => {
    const most = Array.from({ length: MAX_BATCH_LINES }, () => Buffer.from('a'));
    expect(parseBatch(formatBatch(most))).toHaveLength(MAX_BATCH_LINES);
    expect(pageBatch(formatBatch(most))).toHaveLength(MAX_BATCH_LINES);
    const above = Buffer.from('a\n'.repeat(MAX_BATCH_LINES + 1));
    expect(() => parseBatch(above)).toThrow('the batch has more than 2000 lines');
    expect(() => pageBatch(above)).toThrow('the batch has more than 2000 lines');
    expect(() => formatBatch([...most, Buffer.from('a')])).toThrow(coded('BATCH_MALFORMED'));

    const full = Buffer.alloc(MAX_BATCH_BYTES, `${'a'.repeat(32_767)}\n`);
    expect(parseBatch(full)).toHaveLength(1024);
    expect(pageBatch(full)).toHaveLength(1024);
    const larger = Buffer.concat([Buffer.from('b'), full]);
    expect(() => parseBatch(larger)).toThrow('the batch has more than the 33554432 bytes that a batch may have');
    expect(() => pageBatch(larger)).toThrow('the batch has more than 32 MiB');
  });

  test.each(['src/core/objects/batch.ts', 'web/verify/ledger/entries.ts'])(
    '60 MiB and 32 MiB of two-byte lines take no memory: %s',
    async (module) => {
      const program = `
        const { parseBatch } = await import('./${module}');
        for (const mebibytes of [60, 32]) {
          try { parseBatch(Buffer.alloc(mebibytes * 2 ** 20, 'a\\n')); } catch ({ code }) { console.log(code); }
        }`;
      const { code, stdout } = await runNode(['--max-old-space-size=32', '--input-type=module', '-e', program]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'BATCH_MALFORMED\nBATCH_MALFORMED\n' });
    },
  );
});
