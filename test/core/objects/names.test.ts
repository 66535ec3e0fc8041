import {
  MAX_INDEX,
  actionName,
  batchName,
  checkpointName,
  cosignatureName,
  cosignaturePrefix,
  documentName,
  isKnownName,
  pageName,
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
  parseDocumentName,
  parsePageName,
  parseReportName,
  parseSegmentName,
  reportName,
  segmentName,
} from '../../../src/core/objects/names.ts';
import { isPartition } from '../../../src/core/text.ts';

const SEGMENT = 'segments/0/000000000041.jsonl.zst';

describe('names', () => {
  test.each([
    ['0', 0, 'segments/0/000000000000.jsonl.zst'],
    ['0', 41, SEGMENT],
    ['1023', 123_456_789_012, 'segments/1023/123456789012.jsonl.zst'],
    ['31', MAX_INDEX, 'segments/31/999999999999.jsonl.zst'],
  ])('segment %s/%d is %s, and back', (partition, index, name) => {
    expect(segmentName(partition, index)).toBe(name);
    expect(parseSegmentName(name)).toEqual({ partition, index });
    expect(isKnownName(name)).toBe(true);
  });

  test.each([
    'segments/0/00000000041.jsonl.zst',
    'segments/0/0000000000041.jsonl.zst',
    'segments/00/000000000041.jsonl.zst',
    'segments/01/000000000041.jsonl.zst',
    'segments/123456/000000000041.jsonl.zst',
    'segments//000000000041.jsonl.zst',
    'segments/-1/000000000041.jsonl.zst',
    'segments/a/000000000041.jsonl.zst',
    'segments/0/00000000004a.jsonl.zst',
    'segments/0/000000000041.jsonl',
    'segments/0/000000000041.jsonl.zst\n',
    ' segments/0/000000000041.jsonl.zst',
    'segments/0/x/000000000041.jsonl.zst',
    'Segments/0/000000000041.jsonl.zst',
    '/segments/0/000000000041.jsonl.zst',
    'segments/٠/000000000041.jsonl.zst',
    '',
  ])('%j is no segment', (name) => {
    expect(parseSegmentName(name)).toBeUndefined();
    expect(isKnownName(name)).toBe(false);
  });

  test.each([
    ['0', true],
    ['9', true],
    ['32767', true],
    ['', false],
    ['00', false],
    ['07', false],
    ['-1', false],
    ['1.0', false],
    ['123456', false],
    ['1\n', false],
    ['../0', false],
  ])('partition %j: %s', (text, expected) => {
    expect(isPartition(text)).toBe(expected);
  });

  test('reports have numbers, whatever their kind, and pages theirs', () => {
    expect(reportName(7)).toBe('reports/000000000007.json');
    expect(pageName(7)).toBe('reports/000000000007.html');
    expect([parseReportName(reportName(7)), parsePageName(pageName(7))]).toEqual([7, 7]);
    expect([parseReportName(pageName(7)), parsePageName(reportName(7))]).toEqual([undefined, undefined]);
    expect([parseReportName(actionName(7)), parseActionName(reportName(7))]).toEqual([undefined, undefined]);
    expect(parseReportName('reports/x.json')).toBeUndefined();
  });

  test.each(['report', 'action'] as const)('a document of type %s has a place of its own', (type) => {
    expect(parseDocumentName(documentName(type, 41))).toEqual({ type, number: 41 });
    expect(parseDocumentName(`${documentName(type, 41)}x`)).toBeUndefined();
    expect(parseDocumentName(documentName(type, 41).replace('0', ''))).toBeUndefined();
  });

  test.each([
    ['batches/000000000007.jsonl', true],
    ['checkpoints/000000000007', true],
    ['cosignatures/000000000007/0123abcd-0123456789abcdef', true],
    ['cosignatures/000000000007/0123abcd', false],
    ['reports/000000000007.html', true],
    ['reports/000000000007.json', true],
    ['actions/000000000007.json', true],
    ['actions/7.json', false],
    ['actions/000000000007', false],
    ['actions/2026/11/22/040000Z-lock.json', false],
    ['batches/7.jsonl', false],
    ['batches/000000000007.jsonl.zst', false],
    ['checkpoints/000000000007.json', false],
    ['checkpoint', false],
    ['cosignatures/000000000007/0123ABCD', false],
    ['cosignatures/000000000007', false],
    ['reports/7.json', false],
    ['reports/000000000007', false],
    ['reports/000000000007.txt', false],
    ['reports/2026/11/22/040000Z-integrity.json', false],
    ['tile/0/000', false],
  ])('%j is known: %s', (name, expected) => {
    expect(isKnownName(name)).toBe(expected);
  });

  test.each([0, 7, 123_456_789_012, MAX_INDEX])('batch, checkpoint, cosignature and action %d, and back', (number) => {
    const digits = String(number).padStart(12, '0');
    expect(batchName(number)).toBe(`batches/${digits}.jsonl`);
    expect(parseBatchName(batchName(number))).toBe(number);
    expect(actionName(number)).toBe(`actions/${digits}.json`);
    expect(parseActionName(actionName(number))).toBe(number);
    expect(checkpointName(number)).toBe(`checkpoints/${digits}`);
    expect(parseCheckpointName(checkpointName(number))).toBe(number);
    const line = Buffer.from('abc');
    const name = cosignatureName(number, '0123abcd', line);
    expect(name).toBe(`cosignatures/${digits}/0123abcd-ba7816bf8f01cfea`);
    expect(name.startsWith(cosignaturePrefix(number, '0123abcd'))).toBe(true);
    expect(parseCosignatureName(name)).toEqual({ number, keyId: '0123abcd', hash: 'ba7816bf8f01cfea' });
  });

  test.each([
    '',
    SEGMENT,
    'batches/7.jsonl',
    'batches/0000000000007.jsonl',
    'batches/000000000007.jsonl\n',
    'checkpoints/000000000007/',
    'checkpoints/00000000000a',
    'cosignatures/000000000007/0123abcd',
    'cosignatures/000000000007/0123ABCD-0123456789abcdef',
    'cosignatures/000000000007/0123abc-0123456789abcdef',
    'cosignatures/000000000007/0123abcd-0123456789abcde',
    'cosignatures/000000000007/0123abcd-0123456789ABCDEF',
    'cosignatures/000000000007/0123abcd-0123456789abcdef0',
    'cosignatures/7/0123abcd-0123456789abcdef',
  ])('%j is no batch, checkpoint or cosignature', (name) => {
    expect([parseBatchName(name), parseCheckpointName(name), parseCosignatureName(name)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
