import { LineBuffer, sealEvent } from '../../../src/core/segment/seal.ts';
import { TIME } from '../../support/segments.ts';

// Of each form, one event whose line grows in the sealing: by escapes, or by base64.
test.each([
  ['object', '{"a":1}'],
  ['value', '[1,\n2]'],
  ['text', '\u0001\u0002"'.repeat(20)],
  ['base64', Buffer.alloc(3000, 0xff)],
  ['amqp', Buffer.alloc(3000, 0x53)],
])('a line of the form %s is whole however much room was left for it', (form, body) => {
  const event = {
    body: Buffer.from(body),
    ...(form === 'amqp' && { isAmqp: true as const }),
    sequenceNumber: 7,
    enqueued: TIME,
    partitionKey: 'k',
    properties: '{"p":1}',
  };
  const sealed = (room: number): string => {
    const lines = new LineBuffer(2, room);
    sealEvent(lines, event, 9_007_199_254_740_991);
    return lines.bytes.toString('utf8', lines.start, lines.length);
  };
  const whole = sealed(100_000);
  for (let room = 0; room < 5000; room++) expect(sealed(room)).toBe(whole);
});
