/** AmqpValue is a value of AMQP 1.0 (part 1, section 1.6), with as much of its type as its JSON depends on. */
export type AmqpValue =
  | { readonly type: 'plain'; readonly value: null | boolean | number | string }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'symbol'; readonly name: string }
  | { readonly type: 'binary'; readonly bytes: Buffer }
  | { readonly type: 'time'; readonly milliseconds: number }
  | { readonly type: 'list'; readonly items: readonly AmqpValue[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [AmqpValue, AmqpValue])[] }
  | { readonly type: 'described'; readonly descriptor: AmqpValue; readonly value: AmqpValue };

/** AmqpMalformed is thrown for bytes that are no value of AMQP, or one that is too large to be looked at. */
export class AmqpMalformed extends Error {
  override readonly name = 'AmqpMalformed';
}

/** So deep may lists, maps and described values nest: JSON of them has room in a header. */
const MAX_DEPTH = 32;
/** So many values are read of one: an array of nothing may claim billions in a few bytes. */
const MAX_VALUES = 100_000;

/** valueEnd gives where the value ends that begins at `at`, without looking into it. */
export function valueEnd(bytes: Buffer, at: number): number {
  let start = at;
  // A described value: what it is called, then it.
  while (byteAt(bytes, start) === 0) start = plainEnd(bytes, start + 1);
  return plainEnd(bytes, start);
}

/** readValue reads the whole value at `at`. */
export const readValue = (bytes: Buffer, at: number): AmqpValue => new Reader(bytes, at).value(0);

/** binaryAt gives the bytes of the value at `at`, or undefined if it is of another type. */
export function binaryAt(bytes: Buffer, at: number): Buffer | undefined {
  const code = byteAt(bytes, at);
  return code === 0xa0 || code === 0xb0 ? bytes.subarray(at + (code === 0xa0 ? 2 : 5), plainEnd(bytes, at)) : undefined;
}

/** entriesAt gives where the keys and values of the map at `at` begin. */
export function* entriesAt(bytes: Buffer, at: number): Generator<{ readonly key: number; readonly value: number }> {
  const code = byteAt(bytes, at);
  if (code !== 0xc1 && code !== 0xd1) throw new AmqpMalformed(`expected a map at byte ${at}`);
  const end = plainEnd(bytes, at);
  for (let key = at + (code === 0xc1 ? 3 : 9); key < end;) {
    const value = valueEnd(bytes, key);
    yield { key, value };
    key = valueEnd(bytes, value);
  }
}

function plainEnd(bytes: Buffer, at: number): number {
  const end = at + 1 + widthAt(bytes, at);
  if (end > bytes.length) throw new AmqpMalformed(`the value at byte ${at} is cut off`);
  return end;
}

/** widthAt gives how many bytes follow the constructor at `at`. */
function widthAt(bytes: Buffer, at: number): number {
  const code = byteAt(bytes, at);
  const fixed = [undefined, undefined, undefined, undefined, 0, 1, 2, 4, 8, 16][code >> 4];
  if (fixed !== undefined) return fixed;
  if (code >> 4 < 0xa) throw new AmqpMalformed(`expected a type at byte ${at}`);
  // Binaries, lists and arrays alike have sizes of one byte and of four.
  return (code >> 4) % 2 === 0 ? 1 + byteAt(bytes, at + 1) : 4 + sizeAt(bytes, at + 1);
}

function sizeAt(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new AmqpMalformed(`the size at byte ${at} is cut off`);
  return bytes.readUInt32BE(at);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new AmqpMalformed(`the value at byte ${at} is cut off`);
  return byte;
}

/** Reader reads values one behind the other. */
class Reader {
  readonly #bytes: Buffer;
  #at: number;
  #values = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  value(depth: number): AmqpValue {
    if (depth > MAX_DEPTH) throw new AmqpMalformed(`it nests deeper than ${MAX_DEPTH}`);
    const code = byteAt(this.#bytes, this.#at++);
    if (code === 0) {
      const descriptor = this.value(depth + 1);
      return { type: 'described', descriptor, value: this.value(depth + 1) };
    }
    return this.#ofType(code, depth);
  }

  #ofType(code: number, depth: number): AmqpValue {
    if (++this.#values > MAX_VALUES) throw new AmqpMalformed(`it has more than ${MAX_VALUES} values`);
    const kind = code >> 4;
    if (kind >= 0xc) return this.#compound(code, depth);
    // The constructor of an element stands before all of an array.
    const width = kind >= 0xa ? this.#number(kind === 0xa ? 1 : 4) : [0, 1, 2, 4, 8, 16][kind - 4];
    if (width === undefined) throw new AmqpMalformed(`expected a type, got 0x${code.toString(16)}`);
    return scalar(code, this.#take(width));
  }

  #compound(code: number, depth: number): AmqpValue {
    const width = (code >> 4) % 2 === 0 ? 1 : 4;
    const end = this.#number(width) + this.#at;
    const count = this.#number(width);
    if (count > MAX_VALUES) throw new AmqpMalformed(`it has more than ${MAX_VALUES} values`);
    const items = code >= 0xe0 ? this.#elements(count, depth) : this.#items(count, depth);
    if (this.#at !== end) throw new AmqpMalformed('the size of a list, a map or an array is wrong');
    if (code >= 0xe0 || code === 0xc0 || code === 0xd0) return { type: 'list', items };
    if (code !== 0xc1 && code !== 0xd1) throw new AmqpMalformed(`expected a type, got 0x${code.toString(16)}`);
    if (items.length % 2 !== 0) throw new AmqpMalformed('a map has a key without a value');
    const entries = Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]] as const);
    return { type: 'map', entries: entries as readonly (readonly [AmqpValue, AmqpValue])[] };
  }

  #items(count: number, depth: number): AmqpValue[] {
    const items: AmqpValue[] = [];
    while (items.length < count) items.push(this.value(depth + 1));
    return items;
  }

  #elements(count: number, depth: number): AmqpValue[] {
    const code = byteAt(this.#bytes, this.#at++);
    // One descriptor would be of every element: a few bytes would say gigabytes.
    if (code === 0) throw new AmqpMalformed('the elements of an array are described');
    const items: AmqpValue[] = [];
    while (items.length < count) items.push(this.#ofType(code, depth + 1));
    return items;
  }

  #number(width: number): number {
    return this.#take(width).readUIntBE(0, width);
  }

  #take(width: number): Buffer {
    const end = this.#at + width;
    if (end > this.#bytes.length) throw new AmqpMalformed(`the value at byte ${this.#at} is cut off`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

const plain = (value: null | boolean | number | string): AmqpValue => ({ type: 'plain', value });

/** scalar makes a value of the bytes behind its constructor. */
function scalar(code: number, bytes: Buffer): AmqpValue {
  const whole = WHOLE[code];
  if (whole !== undefined) return plain(whole(bytes));
  switch (code) {
    case 0x80:
      return { type: 'long', value: bytes.readBigUInt64BE() };
    case 0x81:
      return { type: 'long', value: bytes.readBigInt64BE() };
    case 0x40:
      return plain(null);
    case 0x41:
    case 0x42:
      return plain(code === 0x41);
    case 0x56:
      return plain(bytes[0] !== 0);
    case 0x45:
      return { type: 'list', items: [] };
    case 0x72:
      return plain(shortest(bytes.readFloatBE()));
    case 0x82:
      return plain(bytes.readDoubleBE());
    case 0x73:
      return plain(characterOf(bytes.readUInt32BE()));
    case 0x83:
      return { type: 'time', milliseconds: Number(bytes.readBigInt64BE()) };
    case 0x98:
      return plain(bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'));
    case 0xa1:
    case 0xb1:
      return plain(bytes.toString('utf8'));
    case 0xa3:
    case 0xb3:
      return { type: 'symbol', name: bytes.toString('latin1') };
    // Decimals: no other type keeps them exactly.
    case 0x74:
    case 0x84:
    case 0x94:
    case 0xa0:
    case 0xb0:
      return { type: 'binary', bytes };
    default:
      throw new AmqpMalformed(`expected a type, got 0x${code.toString(16)}`);
  }
}

const zero = (): number => 0;
const byte = (bytes: Buffer): number => bytes.readUInt8();
const signedByte = (bytes: Buffer): number => bytes.readInt8();
const WHOLE: Readonly<Record<number, (bytes: Buffer) => number>> = {
  0x43: zero,
  0x44: zero,
  0x50: byte,
  0x51: signedByte,
  0x52: byte,
  0x53: byte,
  0x54: signedByte,
  0x55: signedByte,
  0x60: (bytes) => bytes.readUInt16BE(),
  0x61: (bytes) => bytes.readInt16BE(),
  0x70: (bytes) => bytes.readUInt32BE(),
  0x71: (bytes) => bytes.readInt32BE(),
};

const characterOf = (code: number): string => (code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code));

/** shortest gives the number of fewest digits that is the same float: 1.1, where the float as a double is 1.10000002384. */
function shortest(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(float.toPrecision(digits));
    if (Math.fround(candidate) === float) return candidate;
  }
  return float;
}
