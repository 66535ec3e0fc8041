import { MAX_BATCH_BYTES } from '../../src/core/objects/batch.ts';
import { actionName, batchName, checkpointName, cosignatureName, reportName } from '../../src/core/objects/names.ts';
import { MAX_OBJECT_BYTES, maxBytesOf } from '../../src/core/objects/sizes.ts';
import { saidOf } from '../support/checking.ts';
import { deriveLog } from '../support/deriveLog.ts';
import { nameOf } from '../support/forge.ts';
import { checkLedger, ledgerOf } from '../support/loggedLedger.ts';
import { KEY } from '../support/logs.ts';
import { claimBehind, grow, headsLine, plantBatch } from '../support/stolen.ts';
import { MIRROR_KEY, pageVerdict } from '../web/mirrors.ts';
import type { Mirror } from '../web/mirrors.ts';

/** paddedTo gives lines of entries of an unknown type that have so many bytes together, with their LFs. */
function paddedTo(size: number): string[] {
  const lines: string[] = [];
  const frame = '{"type":"x","pad":""}\n'.length;
  for (let left = size; left > 0;) {
    const own = left > 60_000 ? Math.min(60_000, left - 200) : left;
    lines.push(`{"type":"x","pad":"${'a'.repeat(own - frame)}"}`);
    left -= own;
  }
  return lines;
}

// The last line has a limit of its own.
test('a batch with all the lines that one may have is in the log for core, page and reference', async () => {
  const ledger = await ledgerOf();
  const heads = headsLine(ledger, 3);
  plantBatch(ledger, 4, [...paddedTo(MAX_BATCH_BYTES - heads.length - 1), heads], claimBehind(ledger, 3));
  await grow(ledger, 14, 30);
  // It takes no entry of a type that nobody writes, and says so of none but those of the log.
  expect(() => deriveLog(ledger.store.objects, KEY.verifierKey)).toThrow('an unknown type');
  const report = await checkLedger(ledger);
  expect(report).toMatchObject({ status: 'verified', log: { head: { number: 5 } } });
  const mirror: Mirror = new Map(ledger.store.objects);
  expect(await pageVerdict(mirror, MIRROR_KEY)).toEqual({ status: 'verified', found: [] });
});

test.each([
  [batchName(4), 'foreign-object'],
  [checkpointName(3), 'checkpoint-invalid'],
  [cosignatureName(0, '01234567', Buffer.of()), 'cosignature-invalid'],
  [actionName(0), 'foreign-object'],
  [reportName(0), 'foreign-object'],
])('%s with more bytes than such an object may have is never read, and a %s', async (name, code) => {
  const ledger = await ledgerOf();
  const { store } = ledger;
  store.objects.set(name, Buffer.alloc(maxBytesOf(name) + 1, 'a'));
  let largest = 0;
  const read = store.read.bind(store);
  store.read = async (asked, most) => {
    const bytes = await read(asked, most);
    if (typeof bytes === 'object') largest = Math.max(largest, bytes.length);
    return bytes;
  };
  const report = await checkLedger(ledger);
  expect(saidOf(report)).toContain(`${code} ${name}`);
  expect(report.unreadable).toEqual([]);
  expect(largest).toBeLessThan(50_000);
});

test('what a name says bounds what is read under it', () => {
  const small = [batchName(0), checkpointName(0), 'checkpoint', 'tile/0/000', 'tile/entries/000', actionName(0)];
  for (const name of small) expect(maxBytesOf(name)).toBeLessThan(MAX_OBJECT_BYTES / 4);
  for (const name of [nameOf(0), 'reports/000000000000.html', 'Test']) expect(maxBytesOf(name)).toBe(MAX_OBJECT_BYTES);
});
