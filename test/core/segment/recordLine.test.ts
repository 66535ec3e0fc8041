import { originalRecord, readSeal } from '../../../src/core/segment/recordLine.ts';
import type { Seal } from '../../../src/core/segment/recordLine.ts';
import { readSegment } from '../../../src/core/segment/reader.ts';
import { sealSegment } from '../../../src/core/segment/writer.ts';
import { readReferenceFrames, referenceLines } from '../../support/referenceLedger.ts';
import { TIME, eventsOf, sealBodies, segmentStart } from '../../support/segments.ts';

const SEAL = `"_seal":{"record":12,"event":345,"index":6,"enqueued":"${TIME}"`;
const EXPECTED: Seal = { record: 12, event: 345, index: 6, enqueued: TIME, form: undefined };
/** readSeal of a line between other bytes, as it stands in a segment. */
const sealOf = (line: string): Seal | undefined => {
  const bytes = Buffer.from(`,"_seal":\n${line}\n}}`);
  return readSeal(bytes, 10, bytes.length - 3);
};
const recordsOf = (...bodies: (string | Buffer)[]): Buffer[] =>
  referenceLines(sealBodies(...bodies).frames).slice(1, -1);
const textsOf = (...bodies: (string | Buffer)[]): string[] => recordsOf(...bodies).map((line) => line.toString());
const original = (line: string): string | undefined => originalRecord(Buffer.from(line))?.toString();

describe('readSeal', () => {
  test.each([
    ['a record', `{"a":1,${SEAL}}}`],
    ['an empty object', `{${SEAL}}}`],
    ['an empty object with space', `{ \t${SEAL}}}`],
    ['white space before the comma', `{ "a" : [ 1 ] ,${SEAL}}}`],
    ['a partition key', `{"a":1,${SEAL},"partitionKey":"k"}}`],
    ['properties', `{"a":1,${SEAL},"properties":{"x":"}}"}}}`],
    ['an envelope', `{"a":1,${SEAL},"envelope":{"time":{"x":[]}}}}`],
    ['all three', `{${SEAL},"partitionKey":"\\"","properties":{},"envelope":{"a":1}}}`],
    ['a record with a seal of its own', `{"_seal":{"record":1,"event":1,"index":1,"enqueued":"${TIME}"},${SEAL}}}`],
    ['its own seal of another kind', `{"_seal":"x","_seal":[],${SEAL}}}`],
    ['a forged seal in a string', `{"a":"\\",\\"_seal\\":{\\"record\\":9}}",${SEAL}}}`],
    [
      'a seal in the envelope',
      `{"a":1,${SEAL},"envelope":{"_seal":{"record":9,"event":9,"index":9,"enqueued":"${TIME}"}}}}`,
    ],
    [
      'a seal in the partition key',
      `{${SEAL},"partitionKey":",\\"_seal\\":{\\"record\\":9,\\"enqueued\\":\\"${TIME}"}}`,
    ],
    ['a time in the partition key', `{${SEAL},"partitionKey":",\\"enqueued\\":\\"${TIME}"}}`],
  ])('reads the seal behind %s', (_name, line) => {
    expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(sealOf(line)).toEqual(EXPECTED);
  });

  test.each([
    ['value', `{"_value":1,"_reason":"x",${SEAL},"form":"value"}}`],
    ['text', `{"_text":"x","_reason":"x",${SEAL},"form":"text"}}`],
    ['base64', `{"_base64":"","_reason":"x",${SEAL},"form":"base64"}}`],
    ['amqp', `{"_base64":"","_reason":"x",${SEAL},"form":"amqp"}}`],
    ['text', `{"_text":"x","_reason":"x",${SEAL},"form":"text","partitionKey":"k"}}`],
    ['amqp', `{"_base64":"","_reason":"x",${SEAL},"form":"amqp","partitionKey":"k"}}`],
    ['value', `{"_value":{},"_reason":"x",${SEAL},"form":"value","properties":{"form":1},"envelope":{"a":"Z\\""}}}`],
    [undefined, `{"_value":1,"_reason":"x",${SEAL}}}`],
    [undefined, `{"a":1,${SEAL},"later":1,"form":"value"}}`],
    [undefined, `{"a":"\\",\\"form\\":\\"value",${SEAL},"partitionKey":"\\",\\"form\\":\\"value"}}`],
  ])('reads the form %j', (form, line) => {
    expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(sealOf(line)).toEqual({ ...EXPECTED, ...(form !== undefined && { form }) });
  });

  test('reads numbers up to 2^53 - 1', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    for (const end of ['}}', ',"partitionKey":""}}'])
      expect(sealOf(`{"_seal":{"record":${largest},"event":0,"index":${largest},"enqueued":"${TIME}"${end}`)).toEqual({
        record: largest,
        event: 0,
        index: largest,
        enqueued: TIME,
      });
  });

  test.each([
    ['nothing', ''],
    ['one brace', '{'],
    ['an empty object', '{}'],
    ['no object', `[${SEAL}}]`],
    ['a line end of CR', `{"a":1,${SEAL}}}\r`],
    ['no seal', '{"a":{"b":1}}'],
    ['a string that looks like a time', `{"a":{"enqueued":"${TIME}"}}`],
    ['a string where a number is', `{"a":{"b":"x","enqueued":"${TIME}"}}`],
    ['no event', `{"a":1,"_seal":{"record":1,"index":2,"enqueued":"${TIME}"}}`],
    ['no record', `{"a":1,"_seal":{"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['another key', `{"a":1,"seal":{"record":1,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['a key written with an escape', `{"a":1,"\\u005fseal":{"record":1,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['a seal that is not the last member', `{${SEAL}},"a":{"b":{}}}`],
    ['a seal one level down', `{"a":{${SEAL}}}}`],
    ['a seal in an array', `{"a":[{${SEAL}}]}`],
    ['no comma before the seal', `{"a":1${SEAL}}}`],
    ['a leading zero', `{"a":1,"_seal":{"record":01,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['an index with a leading zero', `{"a":1,"_seal":{"record":1,"event":1,"index":02,"enqueued":"${TIME}"}}`],
    ['a negative number', `{"a":1,"_seal":{"record":1,"event":-1,"index":2,"enqueued":"${TIME}"}}`],
    ['a fraction', `{"a":1,"_seal":{"record":1.0,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['a number of 17 digits', `{"_seal":{"record":12345678901234567,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['white space in the seal', `{"a":1,"_seal": {"record":1,"event":1,"index":2,"enqueued":"${TIME}"}}`],
    ['a time that is too short', `{"a":1,"_seal":{"record":1,"event":1,"index":2,"enqueued":"2026-11-22T12:34:56Z"}}`],
    ['no JSON', `{"a":1,"b",${SEAL},"partitionKey":"k"}}`],
    ['a bad value', `{"a":x,${SEAL},"partitionKey":"k"}}`],
    ['no comma', `{"a":1 "b":2,${SEAL},"partitionKey":"k"}}`],
    ['a brace too many', `{"a":1},${SEAL},"partitionKey":"k"}}`],
    ['a form that does not exist', `{"_value":1,"_reason":"x",${SEAL},"form":"object"}}`],
    ['such a form, and more', `{"_value":1,"_reason":"x",${SEAL},"form":"object","partitionKey":"k"}}`],
    ['a form that is no text', `{"_value":1,"_reason":"x",${SEAL},"form":1}}`],
    ['a form of another line', `{"a":1,${SEAL},"form":"value"}}`],
    ['a form of another form', `{"_text":"x","_reason":"x",${SEAL},"form":"value"}}`],
    ['a form of another form, and more', `{"_text":"x","_reason":"x",${SEAL},"form":"value","partitionKey":"k"}}`],
    ['a form of nothing', `{${SEAL},"form":"value"}}`],
  ])('finds none in %s', (_name, line) => {
    expect(sealOf(line)).toBeUndefined();
  });

  test('finds none in any truncation of a line', () => {
    for (const line of [`{"a":1,${SEAL}}}`, `{"a":1,${SEAL},"partitionKey":"k","envelope":{"b":{}}}}`])
      for (let length = 0; length < line.length; length++) expect(sealOf(line.slice(0, length))).toBeUndefined();
  });
});

describe('originalRecord', () => {
  test.each([
    ['{"a":1}', '{"a":1}'],
    ['{ "a" : 1 }', '{ "a" : 1 }'],
    ['{}', '{}'],
    ['{ }', '{ }'],
    ['{\r\n}', '{}'],
    ['{"_seal":{"record":0}}', '{"_seal":{"record":0}}'],
    ['[-1.50]', '-1.50'],
    ['"é\\u00e9"', '"é\\u00e9"'],
    ['[[{"a":[]}]]', '[{"a":[]}]'],
    ['', ''],
    ['\u0000"\\\u2028é\ud83d\ude00\r\n\ufeff', '\u0000"\\\u2028é\ud83d\ude00\r\n\ufeff'],
    ['{"a":1,}', '{"a":1,}'],
  ])('gives %j back as %j', (body, expected) => {
    const [line] = recordsOf(body);
    expect(originalRecord(line as Buffer)?.toString()).toBe(expected);
  });

  test('gives bytes that are not UTF-8 back', () => {
    for (let length = 1; length < 9; length++) {
      const body = Buffer.from(Array.from({ length }, (_, i) => 255 - i));
      const [line] = recordsOf(body);
      expect(originalRecord(line as Buffer)?.equals(body)).toBe(true);
    }
  });

  test.each([[''], ['005377a1026869'], ['7b7d']])('gives the body sections of AMQP %j back', (hex) => {
    const event = { ...eventsOf([Buffer.from(hex, 'hex')])[0], isAmqp: true as const };
    const { frames } = sealSegment(segmentStart(), [event], 1e6);
    const [, line] = referenceLines(frames);
    expect(originalRecord(line as Buffer)?.toString('hex')).toBe(hex);
    expect(readReferenceFrames(frames).records).toMatchObject([
      { seal: { form: 'amqp' }, original: Buffer.from(hex, 'hex') },
    ]);
  });

  const REASON = '"_reason":"some words"';
  test.each([
    `{"_value":{"a":1},${REASON}}`,
    `{"_value": 1,${REASON}}`,
    `{"_value":1 ,${REASON}}`,
    `{ "_value":1,${REASON}}`,
    `{"_value":1, ${REASON}}`,
    `{"_value":1,${REASON} }`,
    `{"_value":1,"_reason": "x"}`,
    `{"_value":1,"_reason":7}`,
    `{"_value":1,${REASON},"a":1}`,
    `{"_value":1}`,
    `{"_value":1,"reason":"x"}`,
    `{"_valve":1,${REASON}}`,
    `{"_text":7,${REASON}}`,
    `{"_text":"\\u0041",${REASON}}`,
    `{"_text":"\\/",${REASON}}`,
    `{"_text":"\\ud800",${REASON}}`,
    `{"_base64":7,${REASON}}`,
    `{"_base64":"AB",${REASON}}`,
    `{"_base64":"AA=",${REASON}}`,
    `{"_base64":"A@==",${REASON}}`,
    `{"_base64":"AB==",${REASON}}`,
    `{"_base64":"_-8=",${REASON}}`,
    `{"_base64":"/w==\\n",${REASON}}`,
    `{"_value":1,${REASON}}`,
    `{"_text":"x\\n",${REASON}}`,
    `{"_base64":"/w==",${REASON}}`,
  ])('takes %j, which was received so, for itself', (record) => {
    const [line] = recordsOf(record);
    expect(line?.toString()).toContain(record.slice(0, -1));
    expect(originalRecord(line as Buffer)?.toString()).toBe(record);
  });

  test('opens a form where the seal says that it is one, and nothing else', () => {
    const formed = (record: string, form: string): string => `${record.slice(0, -1)},${SEAL},"form":"${form}"}}`;
    expect(original(formed(`{"_value":1,${REASON}}`, 'value'))).toBe('1');
    expect(original(formed(`{"_text":"x\\n",${REASON}}`, 'text'))).toBe('x\n');
    expect(original(formed(`{"_base64":"/w==",${REASON}}`, 'base64'))).toHaveLength(1);
    for (const [record, form] of [
      ['{"_value":1}', 'value'],
      ['{"_value":1,"_reason":7}', 'value'],
      [`{"_value":1,${REASON},"a":1}`, 'value'],
      [`{"_value":1,${REASON}}`, 'text'],
      [`{"_text":7,${REASON}}`, 'text'],
      [`{"_text":"\\u0041",${REASON}}`, 'text'],
      [`{"_base64":"AB==",${REASON}}`, 'base64'],
      ['{"a":1}', 'value'],
    ] as const)
      expect([record, original(formed(record, form))]).toEqual([record, undefined]);
  });

  test('an object that was received as the pipeline keeps something else is told from it', () => {
    const received = '{"_value":17,"_reason":"not an object"}';
    const [own, other] = recordsOf(received, '[17]') as [Buffer, Buffer];
    expect(own.toString().replace(/,"_seal".*/, '')).toBe(other.toString().replace(/,"_seal".*/, ''));
    expect([originalRecord(own)?.toString(), originalRecord(other)?.toString()]).toEqual([received, '17']);
  });

  test.each([
    '',
    '{}',
    '[]',
    '{"a":1}',
    `{"a":1,${SEAL}`,
    `{${SEAL}},"a":1}`,
    `{"a":{${SEAL}}}}`,
    `{"a":1,"_seal" :{}}`,
    `{"_value":1,${SEAL}}}x`,
  ])('gives nothing for %j', (line) => {
    expect(original(line)).toBeUndefined();
  });
});

describe('record lines', () => {
  const seal = (record: number, event: number, index: number, rest = ''): string =>
    `"_seal":{"record":${record},"event":${event},"index":${index},"enqueued":"${TIME}"${rest}}}`;

  test('are numbered through events, and say where each record came from', () => {
    expect(textsOf('{"records":[{"a":1},{},7]}', '{"records":[]}', '{"b":2}')).toEqual([
      `{"a":1,${seal(100, 7, 0)}`,
      `{${seal(101, 7, 1)}`,
      `{"_value":7,"_reason":"not an object",${seal(102, 7, 2, ',"form":"value"')}`,
      `{"b":2,${seal(103, 9, 0)}`,
    ]);
  });

  test('keep what is not JSON, with the reason', () => {
    expect(textsOf('', 'a"b\n', Buffer.of(0xff))).toEqual([
      `{"_text":"","_reason":"empty body",${seal(100, 7, 0, ',"form":"text"')}`,
      `{"_text":"a\\"b\\n","_reason":"not JSON at byte 0",${seal(101, 8, 0, ',"form":"text"')}`,
      `{"_base64":"/w==","_reason":"not UTF-8",${seal(102, 9, 0, ',"form":"base64"')}`,
    ]);
  });

  test('name the envelope in the first record of each', () => {
    expect(textsOf('{"x":1,"records":[{"a":1},{"b":1}]}{"records":[1,2],"y":"}}"}')).toEqual([
      `{"a":1,${seal(100, 7, 0, ',"envelope":{"x":1}')}`,
      `{"b":1,${seal(101, 7, 1)}`,
      `{"_value":1,"_reason":"not an object",${seal(102, 7, 2, ',"form":"value","envelope":{"y":"}}"}')}`,
      `{"_value":2,"_reason":"not an object",${seal(103, 7, 3, ',"form":"value"')}`,
    ]);
  });

  test('have partition key, properties and envelope in this order on the first record, whatever they hold', () => {
    const hostile = '"},"_seal":{"record":0}}\n\r\u0000\u2028é\ud800';
    const properties = JSON.stringify({ '_seal"\n': hostile, n: 1 });
    const [event] = eventsOf([`{"x":"}}","records":[{"a":1},{"b":2}]}`]);
    const { frames } = sealSegment(segmentStart(), [{ ...event, partitionKey: hostile, properties }], 1);
    const [, first, second] = referenceLines(frames);
    const key = JSON.stringify(hostile);
    const rest = `,"partitionKey":${key},"properties":${properties},"envelope":{"x":"}}"}`;
    expect(first?.toString()).toBe(`{"a":1,${seal(100, 7, 0, rest)}`);
    expect(second?.toString()).toBe(`{"b":2,${seal(101, 7, 1)}`);
    expect(originalRecord(first as Buffer)?.toString()).toBe('{"a":1}');
    expect(readSegment(frames)).toMatchObject({ endDiffers: false });
    expect(readSegment(frames).contradiction).toBeUndefined();
  });
});
