import { createHash } from 'node:crypto';
import { AuditsealError } from '../../src/core/errors.ts';
import { nestsDeeper, parseJson } from '../../src/core/jsonObject.ts';
import { parseAction } from '../../src/core/objects/action.ts';
import { formatEntry, parseEntry } from '../../src/core/objects/entry.ts';
import { parseEvidence } from '../../src/core/objects/evidence.ts';
import { headsOf } from '../../src/core/objects/heads.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import { MAX_REPORT_BYTES, openReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { parseHeader } from '../../src/core/segment/header.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import { originalRecord } from '../../src/core/segment/recordLine.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { joinSigned } from '../../src/core/signed/documentSignature.ts';
import { auditorName, reportMessage } from '../../src/core/signed/reportSignature.ts';
import { judgeReport, newestReport } from '../../src/ledger/reports.ts';
import { parseEntry as pageEntry } from '../../web/verify/entry.ts';
import { parseEvidence as pageEvidence } from '../../web/verify/evidence.ts';
import { Fault } from '../../web/verify/fault.ts';
import { parseAction as pageAction } from '../../web/verify/ledger/action.ts';
import { headsOf as pageHeads } from '../../web/verify/ledger/entries.ts';
import { parseHeader as pageHeader } from '../../web/verify/ledger/header.ts';
import { Findings } from '../../web/verify/ledger/findings.ts';
import { Folder } from '../../web/verify/ledger/folder.ts';
import { Reports } from '../../web/verify/ledger/reports.ts';
import { readFrames as pageFrames } from '../../web/verify/ledger/segment.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { readReferenceFrames } from '../support/referenceLedger.ts';
import { TIME, eventsOf, segmentStart } from '../support/segments.ts';
import { loadVectors } from '../support/logVectors.ts';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const DEEP = nested(20_000);

const posture = (settings: string): string =>
  `{"version":1,"kind":"posture","account":"a","container":"b","time":"${TIME}","status":"verified","retentionDays":1,` +
  `"guard":null,"settings":{"a":${settings}},"locks":null,"roles":null,"findings":[],"notChecked":[],"unreadable":[]}`;
const filed = (text: string): Buffer =>
  Buffer.from(`{"report":${text},"sha256":"${createHash('sha256').update(text).digest('hex')}"}\n`);
const NAME = 'reports/000000000000.json';
/** signed is a report as it is filed, signed by nobody. */
const signed = (text: string): Buffer =>
  Buffer.from(`{"report":${text},"key":"00000000","signature":"${Buffer.alloc(64).toString('base64')}"}\n`);
const openAnybodys = (text: string): unknown => openReport(signed(text), NAME, undefined);
/** pageReport is what the page makes of a report, whoever signed it: a text if it is none. */
const pageReport = async (text: string): Promise<unknown> => {
  const folder = await Folder.open([], new Findings(), () => {});
  return new Reports(folder, []).open(NAME, new Uint8Array(signed(text)));
};

const header = (properties: string): Buffer =>
  Buffer.from(
    `{"_segment":{"version":1,"ledger":"l","partition":"0","index":0,"kind":"ingest","incarnation":0,"sealed":"${TIME}",` +
      `"prev":"${'0'.repeat(64)}","records":{"first":0,"count":0},"events":{"first":7,"last":7,"count":1,` +
      `"enqueuedFirst":"${TIME}","enqueuedLast":"${TIME}"},"duplicates":0,"gaps":[],` +
      `"empty":[{"event":7,"enqueued":"${TIME}","properties":{"a":${properties}}}]}}`,
  );
const action = (guard: string): Buffer =>
  Buffer.from(
    `{"version":1,"kind":"lock","outcome":"attempted","time":"${TIME}","account":"a","container":"b","days":1,` +
      `"who":"w","why":"y","guard":{"policy":${guard},"tags":[]}}\n`,
  );
const { good } = loadVectors('evidence.json') as { good: readonly [{ file: string }] };
const evidence = Buffer.from(good[0].file.replace('"verifierKeys":', `"verifierKeys":${DEEP},"verifierKeys":`));
const entry = `{"type":"later","a":${DEEP}}`;
const heads = Buffer.from(
  `{"type":"heads","time":"${TIME}","keys":[],"reports":0,"actions":0,"partitions":{"0":${DEEP}}}`,
);

describe('JSON that nests 20,000 deep is refused', () => {
  const codeOf = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      if (error instanceof AuditsealError || error instanceof Fault) return error.code;
      throw error;
    }
    return 'no refusal';
  };

  test.each<[string, string, () => unknown]>([
    ['a report', 'REPORT_MALFORMED', () => openAnybodys(posture(DEEP))],
    ['an action', 'ACTION_MALFORMED', () => parseAction(action(nested(10_000)))],
    ['a header', 'SEGMENT_MALFORMED', () => parseHeader(header(DEEP))],
    ['an entry', 'ENTRY_MALFORMED', () => parseEntry(Buffer.from(entry))],
    ['heads', 'BATCH_MALFORMED', () => headsOf([heads])],
    ['evidence', 'EVIDENCE_MALFORMED', () => parseEvidence(evidence)],
    ['a header on the page', 'SEGMENT_MALFORMED', () => pageHeader(header(DEEP))],
    ['an entry on the page', 'ENTRY_MALFORMED', () => pageEntry(entry)],
    ['heads on the page', 'BATCH_MALFORMED', () => pageHeads([heads])],
    ['evidence on the page', 'EVIDENCE_MALFORMED', () => pageEvidence(evidence)],
  ])('%s', async (_what, code, act) => {
    expect(await codeOf(act)).toBe(code);
  });

  test('a report and an action on the page', async () => {
    expect(await pageReport(posture(DEEP))).toBe('it has the name of a report and is none');
    expect(pageAction(new Uint8Array(action(nested(10_000))))).toBeUndefined();
  });

  test('the search for the newest report passes over it', async () => {
    const key = createSignerKey(auditorName('l'), Buffer.alloc(32, 1));
    const unsigned = Buffer.from(`{"report":${posture(DEEP)}`);
    const line = signNote(reportMessage('l', NAME, unsigned), key);
    const store = new MemoryStore([[NAME, joinSigned(unsigned, key.verifierKey, line)]]);
    const auditors = { ledger: 'l', verifiers: [key.verifierKey] };
    expect(judgeReport(store.objects.get(NAME) as Buffer, NAME, auditors)).toMatch(/nests at most 64 deep/);
    expect(await newestReport(store, auditors, 1)).toBeUndefined();
  });
});

test('64 levels are read, and 65 are not, whatever stands in strings', async () => {
  const level = (depth: number): string => `${'[{"]]}}\\"":'.repeat(depth)}0${'}]'.repeat(depth)}`;
  expect(parseJson(level(32))).toEqual(JSON.parse(level(32)));
  expect(parseJson(`[${level(32)}]`)).toBeUndefined();
  expect(parseJson(`[${'[],'.repeat(1000)}{}]`)).toHaveLength(1001);
  const deepest = `{"type":"later","a":${nested(63)}}`;
  expect(formatEntry(parseEntry(Buffer.from(deepest))).toString()).toBe(deepest);
  expect(nestsDeeper('["[[", 1, {}]', 2)).toBe(false);
  expect(openAnybodys(posture(nested(62)))).toBeDefined();
  expect(await pageReport(posture(nested(62)))).toMatchObject({ kind: 'posture' });
  expect(() => openAnybodys(posture(nested(63)))).toThrow(/64 deep/);
  expect(await pageReport(posture(nested(63)))).toBe('it has the name of a report and is none');
});

test('a report above its most bytes is not parsed', async () => {
  const large = `[${'[],'.repeat(MAX_REPORT_BYTES / 3)}0]`;
  expect(() => openAnybodys(large)).toThrow(/more than the 33554432 bytes/);
  expect(() => parseReport(filed(large))).toThrow(/more than the 33554432 bytes/);
  expect(await pageReport(large)).toBe('the report has more than 32 MiB');
});

describe('an event without records whose properties nest', () => {
  const seal = (depth: number): ReturnType<typeof sealSegment> => {
    const [event] = eventsOf(['[]']);
    return sealSegment(segmentStart(), [{ ...event, properties: `{"a":${nested(depth)}}` }], 1000);
  };

  test('60 deep is listed in the header', () => {
    const { frames, header } = seal(59);
    expect(header).toMatchObject({ records: { count: 0 }, empty: [{ event: 7 }] });
    expect(readSegment(frames).header.empty).toEqual(header.empty);
    expect(readReferenceFrames(frames).header.empty).toHaveLength(1);
    expect(pageFrames(new Uint8Array(frames)).contradiction).toBeUndefined();
  });

  test.each([60, 20_000])('%d deep and one more is kept whole, as a record', (depth) => {
    const { frames, header } = seal(depth);
    expect(header.empty).toBeUndefined();
    const lines: Buffer[] = [];
    const reading = readSegment(frames, {
      visit: (bytes, start, end) => lines.push(Buffer.from(bytes.subarray(start, end))),
    });
    expect(reading.contradiction).toBeUndefined();
    expect(lines.map((line) => originalRecord(line)?.toString())).toEqual(['[]']);
    expect(readReferenceFrames(frames).records[0]?.original.toString()).toBe('[]');
    expect(pageFrames(new Uint8Array(frames)).contradiction).toBeUndefined();
  });
});
