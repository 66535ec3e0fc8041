import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { MAX_ACTION_BYTES, MAX_ACTION_TEXT, formatAction, parseAction } from '../../src/core/objects/action.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_LINES } from '../../src/core/objects/batch.ts';
import { formatEntry, parseEntry } from '../../src/core/objects/entry.ts';
import { PARTITIONS_PER_LINE, formatHeads, headsOf } from '../../src/core/objects/heads.ts';
import { LineBuffer, MAX_EMPTY_EVENT_BYTES, MAX_EVENT_LINES_BYTES, sealEvent } from '../../src/core/segment/seal.ts';
import { MAX_HEADER_BYTES, formatHeader, parseHeader } from '../../src/core/segment/header.ts';
import { MIN_RECORD_LINE_BYTES } from '../../src/core/segment/recordLine.ts';
import { MAX_BLOCKS, MAX_FRAMES, MAX_SEGMENT_BYTES, MAX_WINDOW_BYTES } from '../../src/core/segment/zstd.ts';
import { MAX_JSON_DEPTH } from '../../src/core/jsonObject.ts';
import { MAX_ENTRY_BYTES } from '../../src/core/merkle/tile.ts';
import { MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES } from '../../src/core/note/note.ts';
import { ACKNOWLEDGEABLE, parseFiledAction } from '../../src/core/objects/acknowledgement.ts';
import { MAX_OPERATORS } from '../../src/core/objects/operators.ts';
import { parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import { isAcknowledgedBy } from '../../src/core/signed/acknowledgementSignature.ts';
import { openOperatorNotice } from '../../src/core/signed/operatorNotice.ts';
import { MAX_INDEX, MAX_NAME_BYTES, actionName, cosignatureName } from '../../src/core/objects/names.ts';
import { MAX_REPORT_BYTES } from '../../src/core/objects/reportFile.ts';
import { MAX_LAST_LINE_BYTES } from '../../src/core/signed/batchSignature.ts';
import { MAX_CERTIFICATE_MS } from '../../src/core/signed/certificate.ts';
import { MAX_SIGNATURE_FRAME_BYTES } from '../../src/core/signed/segmentFrame.ts';
import { MAX_OBJECT_BYTES, maxBytesOf } from '../../src/core/objects/sizes.ts';
import { formatExample } from '../../tools/pages/formatExample.ts';
import { readBlock } from '../../tools/pages/markedBlock.ts';
import { splitReferenceSegment } from '../support/referenceSignature.ts';
import { codeBlocks, firstCells, readPage, section } from './pages.ts';

const PAGE = 'docs/format.md';
const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafHash = (line: string): Buffer => sha256(Uint8Array.of(0), Buffer.from(line));

/** treeHash is section 6 of the page, word for word. */
function treeHash(lines: readonly string[]): Buffer {
  if (lines.length === 1) return leafHash(lines[0] as string);
  let k = 1;
  while (k * 2 < lines.length) k *= 2;
  return sha256(Uint8Array.of(1), treeHash(lines.slice(0, k)), treeHash(lines.slice(k)));
}

const blocks = codeBlocks(readPage(PAGE));
const blocksOf = (language: string): string[] =>
  blocks.filter((block) => block.language === language).map(({ text }) => text);

describe('docs/format.md', () => {
  test('every example block is of a kind that is tested here', () => {
    const known = new Set(['json', 'lines', 'text', 'sh', 'bodies', 'hashes', 'root', 'key', 'signed', 'base64']);
    expect(blocks.filter(({ language }) => !known.has(language))).toEqual([]);
    expect(blocksOf('json')).toHaveLength(1);
    for (const line of blocksOf('lines').flatMap((text) => text.split('\n')))
      expect(() => void JSON.parse(line)).not.toThrow();
  });

  test('the header that the page shows is one, and prints back in the order it shows', () => {
    const line = JSON.stringify(JSON.parse(blocksOf('json')[0] as string));
    expect(formatHeader(parseHeader(Buffer.from(line)))).toBe(line);
  });

  test('the action that the page shows is one', () => {
    const line = blocksOf('lines').find((text) => text.includes('"kind":"hold-set"')) as string;
    expect(formatAction(parseAction(Buffer.from(`${line}\n`))).toString()).toBe(`${line}\n`);
  });

  test('the acknowledgement that the page shows is one, signed by the operator whom it registers', () => {
    const line = blocksOf('lines').find((text) => text.includes('"kind":"acknowledge"')) as string;
    const bytes = Buffer.from(`${line}\n`);
    expect(parseFiledAction(bytes).kind).toBe('acknowledge');
    const [entry] = blocksOf('lines').flatMap((text) =>
      text.split('\n').filter((it) => it.includes('"type":"operator"')),
    );
    const { note } = JSON.parse(entry as string) as { note: string };
    const { key } = openOperatorNotice(note, [parseVerifierKey(blocksOf('key')[0] as string)]);
    expect(isAcknowledgedBy(parseVerifierKey(key), bytes, actionName(4))).toBe(true);
  });

  test('the codes that it says can be acknowledged are those of the program', () => {
    const [own = ''] = section(readPage(PAGE), '### 10.6 What is acknowledged').split('## 11.');
    expect(firstCells(own)).toEqual(ACKNOWLEDGEABLE);
  });

  test('the entries that the page shows are entries, and print back', () => {
    const lines = blocksOf('lines').flatMap((text) => text.split('\n').filter((line) => line.startsWith('{"type":')));
    const entries = lines.filter((line) => !line.startsWith('{"type":"heads"'));
    expect(entries.map((line) => parseEntry(Buffer.from(line)).type)).toEqual([
      'segment',
      'foreign',
      'key',
      'operator',
      'report',
      'action',
    ]);
    for (const line of entries) expect(formatEntry(parseEntry(Buffer.from(line))).toString()).toBe(line);
    const [heads] = lines.filter((line) => line.startsWith('{"type":"heads"')).map((line) => Buffer.from(line));
    expect(formatHeads(headsOf([heads as Buffer]))).toEqual([heads]);
  });

  test('limits are stated once, and are those of the program', () => {
    const [before, table] = [
      readPage(PAGE).split('## 11. Limits')[0] as string,
      section(readPage(PAGE), '## 11. Limits'),
    ];
    expect(before).not.toMatch(/\b[KM]iB\b/);
    const stated = [...table.matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\|/gm)]
      .slice(2)
      .map(([, what, most]) => [what, most]);
    const bytes = (count: number): string => {
      const units = count % 2 ** 20 === 0 ? `${count / 2 ** 20} MiB` : `${count / 2 ** 10} KiB`;
      return `${units} (${count.toLocaleString('en')} bytes)`;
    };
    expect(Object.fromEntries(stated)).toMatchObject({
      'stored bytes of any object': bytes(MAX_OBJECT_BYTES),
      'content of a segment, all frames together': bytes(MAX_SEGMENT_BYTES),
      'window of a frame': bytes(MAX_WINDOW_BYTES),
      'signature frame, with its first 8 bytes': bytes(MAX_SIGNATURE_FRAME_BYTES),
      'frames of a segment': MAX_FRAMES.toLocaleString('en'),
      'blocks of a segment, all frames together': MAX_BLOCKS.toLocaleString('en'),
      'a record line, without its LF': `${MIN_RECORD_LINE_BYTES} bytes at least`,
      'time of a certificate': `${MAX_CERTIFICATE_MS / 3_600_000} hours`,
      'last line of a batch': bytes(MAX_LAST_LINE_BYTES),
      'partitions in one entry of type `heads`': String(PARTITIONS_PER_LINE),
      'header line, without its LF': bytes(MAX_HEADER_BYTES),
      "an item of `empty` (a writer's limit)": bytes(MAX_EMPTY_EVENT_BYTES),
      "lines of one event together (a writer's limit)": bytes(MAX_EVENT_LINES_BYTES),
      'arrays and objects within each other, in a header, a report, an action, an entry': `${MAX_JSON_DEPTH}, the outermost counted`,
      'a report': bytes(MAX_REPORT_BYTES),
      'an action': bytes(MAX_ACTION_BYTES),
      '`who`, `why`, `case`, `error` of an action, each': `${MAX_ACTION_TEXT.toLocaleString('en')} UTF-16 code units`,
      'a batch, its last line apart': `${bytes(MAX_BATCH_BYTES)}, ${MAX_BATCH_LINES.toLocaleString('en')} lines`,
      'an entry, without its LF': `${MAX_ENTRY_BYTES.toLocaleString('en')} bytes`,
      'a checkpoint, the published one included': `${bytes(MAX_NOTE_BYTES)}, ${MAX_NOTE_SIGNATURES} signature lines`,
      'a cosignature': bytes(maxBytesOf(cosignatureName(0, '01234567', Buffer.of()))),
      "operators' keys that a log registers, revoked ones included": String(MAX_OPERATORS),
      'name of an object in an acknowledgement': `${MAX_NAME_BYTES.toLocaleString('en')} bytes of UTF-8`,
      'name of a foreign object in a mirror': `${MAX_NAME_BYTES.toLocaleString('en')} bytes of UTF-8`,
      'a number in a name': MAX_INDEX.toLocaleString('en'),
    });
  });

  test('the worked example holds, by nothing but this page', async () => {
    const example = codeBlocks(await readBlock(PAGE, 'example'));
    const texts = example.map(({ text }) => text);
    const [bodies, lines, hashes, root, key, signed, base64] = texts as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const stored = Buffer.from(base64, 'base64');
    expect(zstdDecompressSync(stored).toString('utf8')).toBe(`${lines}\n`);
    const trust = { ledger: 'logs.example.com/prod', keys: [key] };
    const name = 'segments/0/000000000000.jsonl.zst';
    const { frames, statement } = splitReferenceSegment(stored, name, trust);
    expect(stored.subarray(frames.length + 8, -64).toString()).toBe(`${signed}\n`);
    expect(statement).toEqual(JSON.parse(signed.split('\n')[0] as string));
    expect(statement).toMatchObject({ root, record: 4, sealed: '2026-11-22T10:00:07.250Z' });
    const all = lines.split('\n');
    const leaves = all.slice(0, -1);
    expect(hashes.split('\n')).toEqual(leaves.map((line, i) => `${i} ${leafHash(line).toString('hex')}`));
    expect(treeHash(leaves).toString('hex')).toBe(root);
    expect(all.at(-1)).toBe(`{"_end":{"records":${leaves.length - 1},"root":"${root}"}}`);

    const { _segment: header } = JSON.parse(leaves[0] as string) as {
      _segment: { records: { count: number }; events: { first: number; last: number; count: number } };
    };
    expect(header.records.count).toBe(leaves.length - 1);
    const sent = bodies.split('\n').map((body) => JSON.parse(body) as string);
    expect(header.events.count).toBe(sent.length);
    const records = leaves.slice(1).map((line) => {
      const at = line.lastIndexOf('"_seal":{"record":');
      const { _seal, _text, _value } = JSON.parse(line) as {
        _seal: { event: number; record: number };
        _text?: string;
        _value?: number;
      };
      const object = line.slice(0, at).replace(/,$/, '}').replace(/^\{$/, '{}');
      const original = _text ?? (_value === undefined ? object : String(_value));
      return { ..._seal, original };
    });
    expect(records.map(({ record }) => record)).toEqual([0, 1, 2, 3]);
    for (const { event, original } of records) expect(sent[event - header.events.first]).toContain(original);
  });

  test('the worked example is what the program makes', async () => {
    // Another release of Zstandard may store other bytes for the same lines.
    const withoutBytes = (text: string): string =>
      text
        .replace(/The \d+ stored bytes/, '')
        .replace(/```base64\n[^`]+```/, '')
        .replace(/"frames":"[0-9a-f]+"/, '');
    expect(withoutBytes((await readBlock(PAGE, 'example')).trim())).toBe(withoutBytes(formatExample()));
  });

  test('the bodies become the records that the page says', () => {
    const hidden = new Map([
      ['␊', '\n'],
      ['␍', '\r'],
      ['␉', '\t'],
      ['␠', ' '],
      ['␅', '\ufeff'],
    ]);
    const plain = (text: string): string => text.replaceAll(/[␊␍␉␠␅]/g, (sign) => hidden.get(sign) as string);
    const examples = (blocksOf('bodies')[0] as string).split(/\n(?! )/);
    expect(examples.length).toBeGreaterThan(30);
    const said = examples.map((example) => {
      const [body, ...lines] = example.split('\n').map((line) => plain(line.replace(/^ {4}/, '')));
      return { body: body === '(nothing)' ? '' : body, lines: lines.filter((line) => line !== '(no record)') };
    });
    expect(said.map(({ body }) => ({ body, lines: linesOf(body as string) }))).toEqual(said);
  });
});

/** linesOf seals a body and gives its lines as the page shows them: without seals and reasons, the envelope last. */
function linesOf(body: string): string[] {
  const buffer = new LineBuffer(2, 1024);
  sealEvent(buffer, { body: Buffer.from(body), sequenceNumber: 1, enqueued: '2026-11-22T10:00:00.000Z' }, 0);
  const lines = buffer.bytes.toString('utf8', buffer.start, buffer.length).split('\n').slice(0, -1);
  const envelopes: string[] = [];
  const shown = lines.map((line) => {
    const at = line.lastIndexOf('"_seal":{"record":');
    const envelope = /,"envelope":(.*)\}\}$/.exec(line.slice(at))?.[1];
    if (envelope !== undefined) envelopes.push(`envelope ${envelope}`);
    const form = /^(\{"_(?:value|text|base64)":.*),"_reason":"[^"]*",$/s.exec(line.slice(0, at))?.[1];
    return `${form ?? line.slice(0, at).replace(/,$/, '')}}`;
  });
  return [...shown, ...envelopes];
}
