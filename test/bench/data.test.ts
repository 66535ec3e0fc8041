import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import { zstdCompressSync, constants } from 'node:zlib';
import { generateBodies } from '../../bench/data.ts';

interface LogRecord {
  readonly time: string;
  readonly category: string;
  readonly resourceId: string;
  readonly properties: { readonly log?: string };
}

const recordsOf = (body: Buffer): LogRecord[] => {
  const { records }: { records: LogRecord[] } = JSON.parse(body.toString());
  return records;
};
const digestOf = (options: Parameters<typeof generateBodies>[0]): string => {
  const hash = createHash('sha256');
  for (const body of generateBodies(options)) hash.update(body);
  return hash.digest('hex');
};

describe('generateBodies', () => {
  const bodies = [...generateBodies({ seed: 7, totalBytes: 2_000_000 })];
  const bytes = Buffer.concat(bodies);

  test('gives the same bytes for the same seed, and others for another', () => {
    const first = digestOf({ seed: 7, totalBytes: 500_000 });
    expect(digestOf({ seed: 7, totalBytes: 500_000 })).toBe(first);
    expect(digestOf({ seed: 8, totalBytes: 500_000 })).not.toBe(first);
  });

  test('stops with the body that reaches the total', () => {
    expect(bytes.length).toBeGreaterThanOrEqual(2_000_000);
    expect(bytes.length - bodies.at(-1)!.length).toBeLessThan(2_000_000);
    expect([...generateBodies({ seed: 7, totalBytes: 0 })]).toEqual([]);
  });

  test('holds as many records a body as asked for, in ASCII JSON', () => {
    expect(bodies.every((body) => isAscii(body) && recordsOf(body).length === 100)).toBe(true);
    expect(
      [...generateBodies({ seed: 7, totalBytes: 1, recordsPerBody: 3 })].map((body) => recordsOf(body).length),
    ).toEqual([3]);
  });

  test('is a mix of records of about 1.2 KB', () => {
    const records = bodies.flatMap(recordsOf);
    const average = bytes.length / records.length;
    expect(average).toBeGreaterThan(1150);
    expect(average).toBeLessThan(1300);
    expect([...new Set(records.map(({ category }) => category))].sort()).toEqual([
      'AZFWNetworkRule',
      'Administrative',
      'AuditEvent',
      'NonInteractiveUserSignInLogs',
      'SQLSecurityAuditEvents',
      'SignInLogs',
      'StorageDelete',
      'StorageRead',
      'StorageWrite',
      'kube-audit',
    ]);
  });

  test('has rising times, and JSON inside the log of kube-audit', () => {
    const records = bodies.flatMap(recordsOf);
    const times = records.map(({ time }) => time.slice(0, 27));
    expect(times).toEqual([...times].sort());
    const logs = records
      .filter(({ category }) => category === 'kube-audit')
      .map(({ properties }) => properties.log ?? '');
    expect(logs.map((log): unknown => JSON.parse(log))).toEqual(
      logs.map(() => expect.objectContaining({ kind: 'Event', stage: 'ResponseComplete' })),
    );
    expect(logs.every((log) => log.endsWith('\n'))).toBe(true);
  });

  test('compresses as its description says', () => {
    const megabyte = bytes.subarray(0, 1_000_000);
    const ratio =
      megabyte.length / zstdCompressSync(megabyte, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length;
    expect(ratio).toBeGreaterThan(8.5);
    expect(ratio).toBeLessThan(9.5);
  });
});
