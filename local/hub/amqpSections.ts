/** MalformedMessage is thrown for bytes that are not an AMQP 1.0 message. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** SECTION names the descriptor codes of an AMQP message's sections, in the order in which they may appear. */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  data: 0x75,
  footer: 0x78,
} as const;

/** Section says which section of an encoded message it is, and where it and its value lie. */
export interface Section {
  readonly code: number;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** sectionsOf walks an encoded message without decoding any value. */
export function* sectionsOf(message: Buffer): Generator<Section> {
  let start = 0;
  let previous = 0;
  while (start < message.length) {
    const code = descriptorAt(message, start);
    if (code < SECTION.header || code > SECTION.footer || code < previous) {
      throw new MalformedMessage(`section 0x${code.toString(16)} at byte ${start} is unknown or out of order`);
    }
    const valueStart = skipPlain(message, start + 1);
    const end = skipValue(message, valueStart);
    yield { code, start, valueStart, end };
    previous = code;
    start = end;
  }
}

/** binaryAt returns the content of the binary value that starts at `at`. */
export function binaryAt(bytes: Buffer, at: number): Buffer {
  const code = byteAt(bytes, at);
  if (code !== 0xa0 && code !== 0xb0) throw new MalformedMessage(`no binary at byte ${at}`);
  return bytes.subarray(at + (code === 0xa0 ? 2 : 5), skipPlain(bytes, at));
}

/** textAt returns the string or symbol that starts at `at`, or undefined when another type does. */
export function textAt(bytes: Buffer, at: number): string | undefined {
  const code = byteAt(bytes, at);
  if (code === 0xa1 || code === 0xa3) return bytes.toString('utf8', at + 2, skipPlain(bytes, at));
  if (code === 0xb1 || code === 0xb3) return bytes.toString('utf8', at + 5, skipPlain(bytes, at));
  return undefined;
}

/** MapEntry says where a key and its value lie in an encoded map. */
export interface MapEntry {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly end: number;
}

/** entriesOf walks the encoded map that starts at `at`. */
export function* entriesOf(bytes: Buffer, at: number): Generator<MapEntry> {
  const code = byteAt(bytes, at);
  if (code !== 0xc1 && code !== 0xd1) throw new MalformedMessage(`no map at byte ${at}`);
  const mapEnd = skipPlain(bytes, at);
  let keyStart = at + (code === 0xc1 ? 3 : 9);
  while (keyStart < mapEnd) {
    const valueStart = skipValue(bytes, keyStart);
    const end = skipValue(bytes, valueStart);
    if (end > mapEnd) throw new MalformedMessage(`a map entry at byte ${keyStart} reaches past its map`);
    yield { keyStart, valueStart, end };
    keyStart = end;
  }
}

/** encodeMapSection encodes a section whose value is a map, from its entries in encoded form. */
export function encodeMapSection(code: number, entryCount: number, entries: readonly Buffer[]): Buffer {
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  const head = Buffer.allocUnsafe(12);
  head.writeUInt32BE(0x005300d1 + code * 256, 0); // described, small ulong, code, map32
  head.writeUInt32BE(length + 4, 4);
  head.writeUInt32BE(entryCount * 2, 8);
  return Buffer.concat([head, ...entries], 12 + length);
}

/** encodeSymbol encodes a symbol of at most 255 ASCII characters. */
export const encodeSymbol = (text: string): Buffer => encodeShort(0xa3, text);

/** encodeString encodes a string of at most 255 bytes of UTF-8. */
export const encodeString = (text: string): Buffer => encodeShort(0xa1, text);

/** encodeLong encodes a signed 64-bit number. */
export const encodeLong = (value: number): Buffer => encodeWide(0x81, value);

/** encodeTimestamp encodes milliseconds since the Unix epoch. */
export const encodeTimestamp = (value: number): Buffer => encodeWide(0x83, value);

function encodeShort(constructor: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(constructor, bytes.length), bytes]);
}

function encodeWide(constructor: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes.writeUInt8(constructor, 0);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function descriptorAt(bytes: Buffer, at: number): number {
  const marker = byteAt(bytes, at);
  const kind = byteAt(bytes, at + 1);
  if (marker === 0 && kind === 0x53) return byteAt(bytes, at + 2);
  if (marker === 0 && kind === 0x80 && at + 10 <= bytes.length) return Number(bytes.readBigUInt64BE(at + 2));
  throw new MalformedMessage(`no section starts at byte ${at}`);
}

function skipValue(bytes: Buffer, at: number): number {
  let start = at;
  while (byteAt(bytes, start) === 0) start = skipPlain(bytes, start + 1); // a described value: pass its descriptor
  return skipPlain(bytes, start);
}

function skipPlain(bytes: Buffer, at: number): number {
  const end = at + 1 + widthAt(bytes, at);
  if (end > bytes.length) throw new MalformedMessage(`the value at byte ${at} reaches past the end`);
  return end;
}

/** widthAt reads how many bytes follow the constructor at `at`; the constructor's high half says how to tell. */
function widthAt(bytes: Buffer, at: number): number {
  const constructor = byteAt(bytes, at);
  switch (constructor >> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return 1 + byteAt(bytes, at + 1);
    case 0xb:
    case 0xd:
    case 0xf:
      if (at + 5 > bytes.length) throw new MalformedMessage(`the value at byte ${at} has no length`);
      return 4 + bytes.readUInt32BE(at + 1);
    default:
      throw new MalformedMessage(`0x${constructor.toString(16)} at byte ${at} is no AMQP type`);
  }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new MalformedMessage(`the message ends at byte ${at}, in the middle of a value`);
  return byte;
}
