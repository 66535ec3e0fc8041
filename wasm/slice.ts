// Finds the records of an event body, as src/core/segment/body.ts does: docs/format.md, section 5.3.
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipKey,
  skipSpace,
  skipValue,
} from './json';

/** How many bytes a body, or a piece of lines, has at most: what an event of Azure Event Hubs has room for. */
const MOST_BYTES: i32 = 1024 * 1024;
/** Where they stand: with the zero behind them, and as much as a step may read past that. */
export const INPUT: usize = memory.data(MOST_BYTES + 64, 16);

/** How many records a body has at most. */
const MOST_RECORDS: i32 = 16384;
/** A record takes 24 bytes: where it starts and ends, and the other members of its envelope before and behind `records`, from and to. */
const RECORD_BYTES: usize = 24;
export const RECORDS: usize = memory.data(MOST_RECORDS * 24, 16);

export const input: usize = INPUT;
export const mostInput: i32 = MOST_BYTES;
export const records: usize = RECORDS;

/** Where the next record will stand. */
let next: usize = RECORDS;

/**
 * slice finds the records of the body of `length` bytes at `input`, and gives how many there are, or -1 where the reference
 * has to look: the body is not JSON, nests too deep, or has too many records.
 */
export function slice(length: i32): i32 {
  const end = INPUT + <usize>length;
  // Behind the zero nothing decides, but it is the same each time.
  v128.store(end, i64x2.splat(0));
  next = RECORDS;
  return sliceTexts(end) ? <i32>((next - RECORDS) / RECORD_BYTES) : -1;
}

// The functions below append what they find at `next`, and give the position behind what they read, or 0.

function sliceTexts(end: usize): bool {
  // A byte order mark at the very start is skipped.
  const isMarked = (load<u32>(INPUT) & 0xffffff) == 0xbfbbef;
  let at = skipSpace(isMarked ? INPUT + 3 : INPUT);
  if (at == end) return false;
  while (at < end) {
    const first: u32 = load<u8>(at);
    if (first == OPEN_BRACE) at = sliceObject(at);
    else if (first == OPEN_BRACKET) at = sliceArray(at, true);
    else {
      at = sliceElement(at);
      if (at == 0 || (first != QUOTE && goesOn(load<u8>(at)))) return false;
    }
    if (at == 0) return false;
    at = skipSpace(at);
  }
  return at == end;
}

/** goesOn tells the bytes that would make a number or a word longer: letters, digits and _ + . - */
function goesOn(byte: u32): bool {
  const letter = byte | 0x20;
  return byte - 0x30 <= 9 || letter - 0x61 <= 25 || byte == 0x5f || byte == 0x2b || byte == 0x2e || byte == 0x2d;
}

/** sliceArray gives the elements of the array at `at`; with `opens`, those that are envelopes are opened. */
function sliceArray(at: usize, opens: bool): usize {
  at = skipSpace(at + 1);
  if (<u32>load<u8>(at) == CLOSE_BRACKET) return at + 1;
  while (true) {
    at = opens && <u32>load<u8>(at) == OPEN_BRACE ? sliceObject(at) : sliceElement(at);
    if (at == 0) return 0;
    at = skipSpace(at);
    const byte: u32 = load<u8>(at);
    if (byte == CLOSE_BRACKET) return at + 1;
    if (byte != COMMA) return 0;
    at = skipSpace(at + 1);
  }
}

/** sliceElement gives the one value at `at`. */
function sliceElement(at: usize): usize {
  const end = skipValue(at);
  return end != 0 && append(at, end) ? end : 0;
}

function append(start: usize, end: usize): bool {
  if (next == RECORDS + <usize>MOST_RECORDS * RECORD_BYTES) return false;
  store<u32>(next, <u32>start);
  store<u32>(next, <u32>end, 4);
  v128.store(next, i64x2.splat(0), 8);
  next += RECORD_BYTES;
  return true;
}

/**
 * sliceObject gives the elements of the object at `start` if it is an envelope, else the object itself. An envelope has
 * exactly one member whose key is written "records", and that member's value is an array.
 */
function sliceObject(start: usize): usize {
  const mark = next;
  let keys: i32 = 0;
  let isArray = false;
  // The text of the members before and behind `records`.
  let beforeFrom: usize = 0;
  let beforeTo: usize = 0;
  let behindFrom: usize = 0;
  let behindTo: usize = 0;

  let at = skipSpace(start + 1);
  while (<u32>load<u8>(at) != CLOSE_BRACE) {
    const member = at;
    at = skipKey(at);
    if (at == 0) return 0;
    const isRecords = isRecordsKey(member);
    if (isRecords) keys++;
    if (isRecords && keys == 1 && <u32>load<u8>(at) == OPEN_BRACKET) {
      isArray = true;
      at = sliceArray(at, false);
      if (at == 0) return 0;
    } else {
      at = skipValue(at);
      if (at == 0) return 0;
      if (keys == 0) {
        if (beforeTo == 0) beforeFrom = member;
        beforeTo = at;
      } else {
        if (behindTo == 0) behindFrom = member;
        behindTo = at;
      }
    }
    at = skipSpace(at);
    const byte: u32 = load<u8>(at);
    if (byte == COMMA) {
      at = skipSpace(at + 1);
      if (<u32>load<u8>(at) == CLOSE_BRACE) return 0;
    } else if (byte != CLOSE_BRACE) return 0;
  }
  const end = at + 1;
  const isEnvelope = keys == 1 && isArray;
  const hasOthers = beforeTo != 0 || behindTo != 0;
  if (!isEnvelope || (hasOthers && next == mark)) {
    next = mark;
    return append(start, end) ? end : 0;
  }
  if (hasOthers) {
    store<u32>(mark, <u32>beforeFrom, 8);
    store<u32>(mark, <u32>beforeTo, 12);
    store<u32>(mark, <u32>behindFrom, 16);
    store<u32>(mark, <u32>behindTo, 20);
  }
  return end;
}

/** isRecordsKey tells whether `"records"`, quotes included, stands at `at`. */
function isRecordsKey(at: usize): bool {
  return load<u64>(at) == 0x7364726f63657222 && load<u8>(at, 8) == 0x22;
}
