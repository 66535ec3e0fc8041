import { BackwardBits, damaged } from './bits.ts';
import { buildStates, oneSymbol, readStates } from './tables.ts';
import type { StateTable } from './tables.ts';

// RFC 8878 sections 3.1.1.3.2 and 3.1.1.5.

interface Code {
  readonly log: number;
  readonly symbol: number;
  readonly usual: StateTable;
}

const table = (log: number, probabilities: string): StateTable =>
  buildStates(log, probabilities.split(' ').map(Number));

const LITERALS: Code = {
  log: 9,
  symbol: 35,
  usual: table(6, '4 3 2 2 2 2 2 2 2 2 2 2 2 1 1 1 2 2 2 2 2 2 2 2 2 3 2 1 1 1 1 1 -1 -1 -1 -1'),
};
const OFFSETS: Code = {
  log: 8,
  symbol: 31,
  usual: table(5, '1 1 1 1 1 1 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1'),
};
const MATCHES: Code = {
  log: 9,
  symbol: 52,
  usual: table(
    6,
    '1 4 3 2 2 2 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1 -1 -1',
  ),
};

const lengths = (least: number, plain: number, extra: string): { bits: Uint8Array; bases: Uint32Array } => {
  const bits = [...Array.from({ length: plain }, () => 0), ...extra.split(' ').map(Number)];
  let next = least;
  return { bits: Uint8Array.from(bits), bases: Uint32Array.from(bits, (count) => (next += 2 ** count) - 2 ** count) };
};
const LITERAL_LENGTHS = lengths(0, 16, '1 1 1 1 2 2 3 3 4 6 7 8 9 10 11 12 13 14 15 16');
const MATCH_LENGTHS = lengths(3, 32, '1 1 1 1 2 2 3 3 4 4 5 7 8 9 10 11 12 13 14 15 16');

/** Larger offsets than 2^28 are beyond every window. */
const MAX_OFFSET_CODE = 28;

/** SequenceTables are what the next block of a frame may use again. */
export interface SequenceTables {
  literals: StateTable | undefined;
  offsets: StateTable | undefined;
  matches: StateTable | undefined;
}

/** Content is what was decoded so far, and how far a frame may look back in it. */
export interface Content {
  readonly bytes: Uint8Array;
  /** where the frame begins in it */
  readonly start: number;
  length: number;
  readonly windowSize: number;
  /** the last three offsets of the frame */
  readonly offsets: [number, number, number];
}

/**
 * runSequences reads the sequences in bytes[at, end) and appends to `content` what they make of the literals, up to `most`
 * bytes. It throws SEGMENT_MALFORMED.
 */
export function runSequences(
  bytes: Uint8Array,
  at: number,
  end: number,
  literals: Uint8Array,
  tables: SequenceTables,
  content: Content,
  most: number,
): void {
  const out = content.bytes;
  const limit = content.length + most;
  const { start, windowSize, offsets } = content;
  let position = content.length;
  let literal = 0;
  const header = readHeader(bytes, at, end, tables);
  if (header.count > 0) {
    const {
      literals: ll,
      offsets: of,
      matches: ml,
    } = tables as Required<SequenceTables> as Record<string, StateTable> &
      Record<'literals' | 'offsets' | 'matches', StateTable>;
    const bits = new BackwardBits(bytes, header.end, end);
    let literalState = bits.read(ll.log);
    let offsetState = bits.read(of.log);
    let matchState = bits.read(ml.log);
    for (let left = header.count; left > 0; left--) {
      const offsetCode = of.symbols[offsetState] as number;
      if (offsetCode > MAX_OFFSET_CODE) throw damaged('a Zstandard block looks back too far');
      const offsetValue = 2 ** offsetCode + bits.read(offsetCode);
      const matchCode = ml.symbols[matchState] as number;
      let length = (MATCH_LENGTHS.bases[matchCode] as number) + bits.read(MATCH_LENGTHS.bits[matchCode] as number);
      const literalCode = ll.symbols[literalState] as number;
      const count =
        (LITERAL_LENGTHS.bases[literalCode] as number) + bits.read(LITERAL_LENGTHS.bits[literalCode] as number);
      if (left > 1) {
        literalState = (ll.bases[literalState] as number) + bits.read(ll.bits[literalState] as number);
        matchState = (ml.bases[matchState] as number) + bits.read(ml.bits[matchState] as number);
        offsetState = (of.bases[offsetState] as number) + bits.read(of.bits[offsetState] as number);
      }
      if (bits.left < 0) throw damaged('the sequences of a Zstandard block are cut off');
      const offset = takeOffset(offsets, offsetValue, count === 0);
      if (literal + count > literals.length || position + count + length > limit) {
        throw damaged('a Zstandard block holds more than it may');
      }
      for (const to = literal + count; literal < to;) out[position++] = literals[literal++] as number;
      let from = position - offset;
      if (offset <= 0 || from < start || offset > windowSize) throw damaged('a Zstandard block looks back too far');
      if (length >= 32 && offset >= length) {
        out.copyWithin(position, from, from + length);
        position += length;
      } else for (; length > 0; length--) out[position++] = out[from++] as number;
    }
    if (bits.left !== 0) throw damaged('the sequences of a Zstandard block end too early');
  }
  const rest = literals.length - literal;
  if (position + rest > limit) throw damaged('a Zstandard block holds more than it may');
  out.set(literals.subarray(literal), position);
  content.length = position + rest;
}

function readHeader(
  bytes: Uint8Array,
  at: number,
  end: number,
  tables: SequenceTables,
): { count: number; end: number } {
  const next = (): number => {
    if (at >= end) throw damaged('the sequences of a Zstandard block are cut off');
    return bytes[at++] as number;
  };
  const first = next();
  let count = first;
  if (first === 255) count = next() + next() * 256 + 0x7f00;
  else if (first > 127) count = (first - 128) * 256 + next();
  if (count === 0) {
    if (at !== end) throw damaged('a Zstandard block has more than its sequences');
    return { count, end: at };
  }
  const modes = next();
  if ((modes & 3) !== 0) throw damaged('a Zstandard block has a reserved bit set');
  const read = (mode: number, code: Code, before: StateTable | undefined): StateTable => {
    if (mode === 0) return code.usual;
    if (mode === 1) {
      const symbol = next();
      if (symbol > code.symbol) throw damaged('a Zstandard block has an unknown symbol');
      return oneSymbol(symbol);
    }
    if (mode === 3) {
      if (before === undefined) throw damaged('a Zstandard block repeats a table that there is not');
      return before;
    }
    const { table, end: after } = readStates(bytes, at, end, code);
    at = after;
    return table;
  };
  tables.literals = read(modes >> 6, LITERALS, tables.literals);
  tables.offsets = read((modes >> 4) & 3, OFFSETS, tables.offsets);
  tables.matches = read((modes >> 2) & 3, MATCHES, tables.matches);
  return { count, end: at };
}

/** takeOffset gives the offset that a value stands for: a number of its own, or one of the last three. */
function takeOffset(last: [number, number, number], value: number, isBare: boolean): number {
  if (value > 3) {
    last[2] = last[1];
    last[1] = last[0];
    return (last[0] = value - 3);
  }
  const place = value - 1 + (isBare ? 1 : 0);
  if (place === 0) return last[0];
  const offset = place === 3 ? last[0] - 1 : (last[place] as number);
  if (place > 1) last[2] = last[1];
  last[1] = last[0];
  return (last[0] = offset);
}
