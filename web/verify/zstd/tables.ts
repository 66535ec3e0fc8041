import { BackwardBits, damaged, highestBit } from './bits.ts';

/** StateTable decodes a stream of FSE: for each state its symbol, and what the next state is read with. */
export interface StateTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** buildStates makes a table from the probabilities of the symbols; -1 stands for "less than 1". RFC 8878 section 4.1.1. */
export function buildStates(log: number, probabilities: readonly number[]): StateTable {
  const size = 2 ** log;
  const [symbols, bits, bases] = [new Uint8Array(size), new Uint8Array(size), new Uint16Array(size)];
  const next = new Uint16Array(probabilities.length);
  let high = size;
  for (const [symbol, probability] of probabilities.entries()) {
    if (probability === -1) symbols[--high] = symbol;
    next[symbol] = Math.abs(probability);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [symbol, probability] of probabilities.entries()) {
    for (let i = 0; i < probability; i++) {
      symbols[at] = symbol;
      do at = (at + step) % size;
      while (at >= high);
    }
  }
  for (let state = 0; state < size; state++) {
    const count = (next[symbols[state] as number] as number)++;
    const width = log - highestBit(count);
    bits[state] = width;
    bases[state] = (count << width) - size;
  }
  return { log, symbols, bits, bases };
}

/** oneSymbol makes the table of a stream that has one symbol only. */
export const oneSymbol = (symbol: number): StateTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  bases: Uint16Array.of(0),
});

/** readStates reads the description of an FSE table in bytes[at, end), and gives where it ends. */
export function readStates(
  bytes: Uint8Array,
  at: number,
  end: number,
  most: { readonly log: number; readonly symbol: number },
): { table: StateTable; end: number } {
  let position = at * 8;
  const peek = (count: number): number => {
    const byte = position >> 3;
    const word = (bytes[byte] as number) | ((bytes[byte + 1] as number) << 8) | ((bytes[byte + 2] as number) << 16);
    if (position > end * 8) throw damaged('a table of a Zstandard block is cut off');
    return (word >> (position & 7)) & ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  position += 4;
  if (log > most.log) throw damaged('a table of a Zstandard block is too large');
  const probabilities: number[] = [];
  let rest = 2 ** log;
  while (rest > 0 && probabilities.length <= most.symbol) {
    const width = highestBit(rest + 1) + 1;
    const value = peek(width);
    const low = value & ((1 << (width - 1)) - 1);
    const short = (1 << width) - 2 - rest;
    const isShort = low < short;
    position += isShort ? width - 1 : width;
    const probability = (isShort ? low : value >= 1 << (width - 1) ? value - short : value) - 1;
    rest -= Math.abs(probability);
    probabilities.push(probability);
    if (probability !== 0) continue;
    let zeros: number;
    do {
      zeros = peek(2);
      position += 2;
      for (let i = 0; i < zeros; i++) probabilities.push(0);
    } while (zeros === 3 && probabilities.length <= most.symbol);
  }
  const ended = Math.ceil(position / 8);
  if (rest !== 0 || probabilities.length > most.symbol + 1 || ended > end) {
    throw damaged('a table of a Zstandard block is none');
  }
  return { table: buildStates(log, probabilities), end: ended };
}

/** CodeTable decodes Huffman codes: for each `width` bits, the symbol in the low byte and the code's length above it. */
export interface CodeTable {
  readonly width: number;
  readonly codes: Uint16Array;
}

const MAX_CODE_BITS = 11;

/** readCodes reads the description of a Huffman table in bytes[at, end), and gives where it ends. RFC 8878 section 4.2.1. */
export function readCodes(bytes: Uint8Array, at: number, end: number): { table: CodeTable; end: number } {
  if (at >= end) throw damaged('a Huffman table is cut off');
  const first = bytes[at] as number;
  const count = first - 127;
  const ended = at + 1 + (first < 128 ? first : Math.ceil(count / 2));
  if (ended > end) throw damaged('a Huffman table is cut off');
  const weights =
    first < 128
      ? readWeights(bytes, at + 1, ended)
      : Array.from({ length: count }, (_, i) => {
          const pair = bytes[at + 1 + (i >> 1)] as number;
          return i % 2 === 0 ? pair >> 4 : pair & 15;
        });
  return { table: buildCodes(weights), end: ended };
}

function readWeights(bytes: Uint8Array, at: number, end: number): number[] {
  const { table, end: start } = readStates(bytes, at, end, { log: 6, symbol: 255 });
  const stream = new BackwardBits(bytes, start, end);
  const weights: number[] = [];
  const states = [stream.read(table.log), stream.read(table.log)] as [number, number];
  if (stream.left < 0) throw damaged('a Huffman table is cut off');
  for (let turn = 0; ; turn = 1 - turn) {
    const state = states[turn] as number;
    weights.push(table.symbols[state] as number);
    if (weights.length > 255) throw damaged('a Huffman table has too many symbols');
    const next = (table.bases[state] as number) + stream.read(table.bits[state] as number);
    if (stream.left < 0) {
      weights.push(table.symbols[states[1 - turn] as number] as number);
      return weights;
    }
    states[turn] = next;
  }
}

function buildCodes(weights: number[]): CodeTable {
  if (weights.length > 255 || weights.some((weight) => weight > MAX_CODE_BITS)) {
    throw damaged('a Huffman table is none');
  }
  const sum = weights.reduce((sum, weight) => sum + (weight === 0 ? 0 : 2 ** (weight - 1)), 0);
  const width = sum === 0 ? Infinity : highestBit(sum) + 1;
  const rest = 2 ** width - sum;
  // The last weight is not written: it is what is missing to a power of two.
  if (width > MAX_CODE_BITS || 2 ** highestBit(rest) !== rest) throw damaged('a Huffman table is none');
  const all = [...weights, highestBit(rest) + 1];
  const ones = all.filter((weight) => weight === 1).length;
  if (ones < 2 || ones % 2 === 1) throw damaged('a Huffman table is none');
  const codes = new Uint16Array(2 ** width);
  let at = 0;
  for (let weight = 1; weight <= width; weight++) {
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      codes.fill(symbol | ((width + 1 - weight) << 8), at, at + 2 ** (weight - 1));
      at += 2 ** (weight - 1);
    }
  }
  return { width, codes };
}
