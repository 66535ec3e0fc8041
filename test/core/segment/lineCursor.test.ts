import { LineCursor } from '../../../src/core/segment/lineCursor.ts';
import { readSeal } from '../../../src/core/segment/recordLine.ts';
import { byReference, theKernel } from '../../support/bothPaths.ts';

const TIME = '2026-11-22T12:34:56.789Z';
const sealOf = (record: string, event = '7', index = '0', rest = `"enqueued":"${TIME}"`): string =>
  `{"a":1,"_seal":{"record":${record},"event":${event},"index":${index},${rest}}}`;

/** What the lines of a content are, and the seals that they end in. */
function linesOf(content: Buffer): unknown[] {
  const cursor = new LineCursor(content, 0);
  const lines: unknown[] = [];
  while (cursor.next()) lines.push([cursor.start, cursor.end, cursor.seal()]);
  return [...lines, cursor.start, cursor.end];
}

/** The same by way of what every line is read with where nothing is known of it. */
function expected(content: Buffer): unknown[] {
  const lines: unknown[] = [];
  let start = 0;
  for (let end = content.indexOf(0x0a); end >= 0; end = content.indexOf(0x0a, start)) {
    lines.push([start, end, readSeal(content, start, end)]);
    start = end + 1;
  }
  return [...lines, start, -1];
}

const NUMBERS = [
  '0',
  '9',
  '10',
  '00',
  '01',
  '-1',
  '1.0',
  '',
  'x',
  '9007199254740991',
  '9007199254740993',
  '9'.repeat(16),
].concat(['1'.repeat(17), '9'.repeat(17), '0'.repeat(16), `1${'0'.repeat(15)}`, `0${'1'.repeat(16)}`]);

const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['each number as a record', NUMBERS.map((number) => sealOf(number))],
  ['each number as an event', NUMBERS.map((number) => sealOf('1', number))],
  ['each number as an index', NUMBERS.map((number) => sealOf('1', '7', number))],
  [
    'other times',
    ['', TIME.slice(1), `${TIME}Z`, `${TIME.slice(0, -1)}z`, `"${TIME.slice(1)}`, 'ü'.repeat(12)].map((time) =>
      sealOf('1', '7', '0', `"enqueued":"${time}"`),
    ),
  ],
  [
    'times that go on and change',
    [TIME, TIME, TIME.replace('789', '788'), TIME.replace('2026', '2025'), TIME].map((time, i) =>
      sealOf(`${i}`, '7', '0', `"enqueued":"${time}"`),
    ),
  ],
  [
    'more behind the time',
    [
      `"enqueued":"${TIME}","form":"value"`,
      `"enqueued":"${TIME}","partitionKey":"Z"`,
      `"enqueued":"${TIME}","envelope":{}`,
      `"enqueued":"${TIME}" `,
    ].map((rest) => sealOf('1', '7', '0', rest)),
  ],
  [
    'forms',
    ['{"_value":1,"_reason":"x",', '{"_text":"",'].map((start) =>
      sealOf('1', '7', '0', `"enqueued":"${TIME}","form":"value"`).replace('{"a":1,', start),
    ),
  ],
  ['a seal that is the only member', [sealOf('1').replace('"a":1,', ''), sealOf('1').replace('"a":1', '')]],
  [
    'seals without a part',
    ['"_seal":', '"record":1', '"event":7,', '"index":0,', '"enqueued":', '{', '}', ','].map((part) =>
      sealOf('1').replace(part, ''),
    ),
  ],
  ['cuts of a seal', Array.from({ length: sealOf('1').length }, (_, length) => sealOf('1').slice(length))],
  ['its other cuts', Array.from({ length: sealOf('1').length }, (_, length) => sealOf('1').slice(0, length))],
  ['empty lines', ['', '', sealOf('1'), '', '{}', '}}', 'Z"}}']],
  [
    'long lines among short ones',
    [
      sealOf('1'),
      sealOf('2').replace('1', 'x'.repeat(300_000)),
      sealOf('3'),
      sealOf('4').replace('1', 'y'.repeat(262_000)),
      sealOf('5'),
    ],
  ],
  ['a line that fills a piece', [sealOf('1').replace('1', 'x'.repeat(256 * 1024 - sealOf('1').length)), sealOf('2')]],
  ['more lines than one call has room for', Array.from({ length: 30_000 }, (_, i) => (i % 3 === 0 ? '' : `${i}`))],
  ['many seals', Array.from({ length: 5000 }, (_, i) => sealOf(`${i}`, `${Math.floor(i / 7)}`, `${i % 7}`))],
];

describe('LineCursor', () => {
  test.each(LINES)('reads %s as every line is read', (_what, lines) => {
    for (const end of ['\n', '', '\n\n']) {
      const content = Buffer.from(lines.join('\n') + end);
      expect(linesOf(content)).toEqual(expected(content));
      expect(byReference(() => linesOf(content))).toEqual(expected(content));
    }
  });

  test('of two contents in turn, and with seals that nobody asks for', () => {
    const contents = [1, 2].map((of) =>
      Buffer.from(Array.from({ length: 900 }, (_, i) => `${sealOf(`${i * of}`)}\n`).join('')),
    ) as [Buffer, Buffer];
    const cursors = contents.map((content) => new LineCursor(content, 0));
    for (let i = 0; i < 900; i++)
      for (const [of, cursor] of cursors.entries()) {
        expect(cursor.next()).toBe(true);
        theKernel().bytes.fill(0x0a, theKernel().input, theKernel().input + 1000);
        if (i % 5 > 1) expect(cursor.seal()).toEqual(readSeal(contents[of] as Buffer, cursor.start, cursor.end));
      }
  });
});
