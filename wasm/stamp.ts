// Writes the record lines of an event, as src/core/segment/seal.ts does: docs/format.md, section 5.1.
import { OPEN_BRACE, QUOTE, skipString } from './json';
import { RECORDS } from './slice';
import { ENVELOPE_START, EVENT, SEAL_START, TIME, VALUE_END, VALUE_FORM, VALUE_START, putText } from './texts';

/** How many bytes the lines of an event take at most, and where they are written; behind them is room for a text that is too long. */
const MOST_BYTES: i32 = 5 * 512 * 1024;
const OUTPUT: usize = memory.data(MOST_BYTES + 64, 16);
/** Where each line ends, before its LF: 32 bits, counted from the start of the lines. */
const ENDS: usize = memory.data(16384 * 4, 16);
/** What the seal of an event's first record says besides. */
const MOST_FIRST: i32 = 16384;
const FIRST: usize = memory.data(MOST_FIRST, 16);
/** More than the texts and numbers of a line take: eight texts of 64 bytes at most, two numbers of 20 digits. */
const LINE_ROOM: usize = 1024;

export const output: usize = OUTPUT;
export const ends: usize = ENDS;
export const first: usize = FIRST;
export const mostFirst: i32 = MOST_FIRST;

/**
 * stamp writes the lines of the `count` records that slice found, numbered from `record` on, and gives how many bytes they
 * have, or -1 if there is no room. The seal of the first one says besides what the `firstLength` bytes at `first` are.
 * `hasBreaks` says that the body has a CR or LF somewhere.
 */
export function stamp(count: i32, record: f64, firstLength: i32, hasBreaks: bool): i32 {
  let to = OUTPUT;
  const most = OUTPUT + <usize>MOST_BYTES;
  for (let index: i32 = 0; index < count; index++) {
    const row = RECORDS + <usize>index * 24;
    const start = <usize>load<u32>(row);
    const end = <usize>load<u32>(row, 4);
    const beforeFrom = <usize>load<u32>(row, 8);
    const beforeTo = <usize>load<u32>(row, 12);
    const behindFrom = <usize>load<u32>(row, 16);
    const behindTo = <usize>load<u32>(row, 20);
    const envelope = beforeTo - beforeFrom + (behindTo - behindFrom);
    if (most - to < end - start + envelope + <usize>firstLength + LINE_ROOM) return -1;
    const isObject = <u32>load<u8>(start) == OPEN_BRACE;
    if (isObject) {
      const from = to;
      // Without the closing brace.
      to = putRecord(to, start, end, hasBreaks) - 1;
      if (!isEmpty(from, to)) to = putByte(to, 0x2c);
    } else {
      to = putText(to, VALUE_START);
      to = putRecord(to, start, end, hasBreaks);
      to = putText(to, VALUE_END);
    }
    to = putText(to, SEAL_START);
    to = putNumber(to, <u64>record + <u64>index);
    to = putText(to, EVENT);
    to = putNumber(to, <u64>index);
    to = putText(to, TIME);
    if (!isObject) to = putText(to, VALUE_FORM);
    if (index == 0) {
      memory.copy(to, FIRST, <usize>firstLength);
      to += <usize>firstLength;
    }
    if (envelope > 0) {
      to = putText(to, ENVELOPE_START);
      to = putByte(to, 0x7b);
      const isBroken = hasBreak(beforeFrom, beforeTo) || hasBreak(behindFrom, behindTo);
      to = putJson(to, beforeFrom, beforeTo, isBroken);
      if (beforeTo != 0 && behindTo != 0) to = putByte(to, 0x2c);
      to = putJson(to, behindFrom, behindTo, isBroken);
      to = putByte(to, 0x7d);
    }
    to = putByte(putByte(to, 0x7d), 0x7d);
    store<u32>(ENDS + ((<usize>index) << 2), <u32>(to - OUTPUT));
    to = putByte(to, 0x0a);
  }
  return <i32>(to - OUTPUT);
}

function putByte(to: usize, byte: u8): usize {
  store<u8>(to, byte);
  return to + 1;
}

/** putNumber writes a number in decimal. */
function putNumber(to: usize, value: u64): usize {
  let digits: usize = 1;
  for (let rest = value; rest > 9; rest /= 10) digits++;
  for (let at = to + digits - 1; at >= to; at--) {
    store<u8>(at, <u8>(0x30 + (value % 10)));
    value /= 10;
  }
  return to + digits;
}

/** putRecord copies the JSON text [start, end), on one line. */
function putRecord(to: usize, start: usize, end: usize, hasBreaks: bool): usize {
  return putJson(to, start, end, hasBreaks && hasBreak(start, end));
}

/** putJson copies the JSON text [start, end), without the white space between its tokens if it has breaks. */
function putJson(to: usize, start: usize, end: usize, isBroken: bool): usize {
  if (!isBroken) {
    memory.copy(to, start, end - start);
    return to + (end - start);
  }
  for (let at = start; at < end;) {
    const byte: u32 = load<u8>(at);
    const behind = byte == QUOTE ? skipString(at + 1) : at + 1;
    if (byte > 0x20) {
      memory.copy(to, at, behind - at);
      to += behind - at;
    }
    at = behind;
  }
  return to;
}

/** hasBreak tells whether [start, end) holds a CR or LF. */
function hasBreak(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 16) {
    const bytes = v128.load(at);
    const hits = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d))));
    if (hits != 0) return at + <usize>ctz(hits) < end;
  }
  return false;
}

/** isEmpty tells whether the object that starts at `start` and whose closing brace would stand at `end` has no members. */
function isEmpty(start: usize, end: usize): bool {
  let at = end - 1;
  while (at > start && <u32>load<u8>(at) <= 0x20) at--;
  return at == start;
}
