// Finds lines, and reads the seals that most of them end in and their categories, as src/core/segment/recordLine.ts and
// categories.ts do.
import { BACKSLASH, QUOTE } from './json';
import { INPUT, RECORDS } from './slice';
import { CATEGORY, EVENT_START, INDEX_START, SEAL_START, TIME_START, textAt, textBefore } from './texts';

/**
 * A line takes 32 bytes, in the place of records: the numbers `record`, `event` and `index` of its seal, in 64 bits each, where
 * it ends before its LF, counted from `input`, and what else is known of it, in 32 bits each.
 */
const LINE_BYTES: usize = 32;
const MOST_LINES: i32 = 12288;
/** The seal was read. */
const IS_READ: u32 = 1;
/** Its time is that of the line before, byte for byte. */
const IS_SAME_TIME: u32 = 2;
/** From here on stand the length of its category, 0 if it is of none that counts, and where that starts, counted from `input`. */
const LENGTH_SHIFT: u32 = 2;
const START_SHIFT: u32 = 9;
const MOST_CATEGORY: usize = 64;

const TIME_LENGTH: usize = 24;

/** The number that readDigits read. */
let number: u64 = 0;

/**
 * lines finds the lines of the `length` bytes at `input`, as many as there is room for, and gives how many. What is behind the
 * last LF is none. Categories are looked for if that is wanted.
 */
export function lines(length: i32, hasCategories: bool): i32 {
  const end = INPUT + <usize>length;
  let row = RECORDS;
  let start = INPUT;
  let timeBefore: usize = 0;
  for (let at = INPUT; at < end; at += 16) {
    let hits = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x0a)));
    while (hits != 0) {
      const lineEnd = at + <usize>ctz(hits);
      // What is behind the bytes is from before.
      if (lineEnd >= end) break;
      hits &= hits - 1;
      const time = readSeal(row, start, lineEnd);
      let known: u32 = 0;
      if (time != 0) known = timeBefore != 0 && isSameTime(time, timeBefore) ? IS_READ | IS_SAME_TIME : IS_READ;
      timeBefore = time;
      if (hasCategories) known |= findCategory(start, lineEnd);
      store<u32>(row, <u32>(lineEnd - INPUT), 24);
      store<u32>(row, known, 28);
      row += LINE_BYTES;
      if (row == RECORDS + <usize>MOST_LINES * LINE_BYTES) return MOST_LINES;
      start = lineEnd + 1;
    }
  }
  return <i32>((row - RECORDS) / LINE_BYTES);
}

/**
 * readSeal reads the seal of the line [start, end) if it is an object's and ends with its time, and gives where the time stands,
 * else 0. The others the reference reads.
 */
function readSeal(row: usize, start: usize, end: usize): usize {
  // Z"}}, and before it the time.
  if (end - start < TIME_LENGTH + 4 || load<u32>(end - 4) != 0x7d7d225a || load<u8>(start) != 0x7b) return 0;
  const time = end - 3 - TIME_LENGTH;
  let at = textBefore(time, start, TIME_START);
  if (at == 0) return 0;
  at = readDigits(start, at);
  store<f64>(row, <f64>number, 16);
  if (at == 0 || (at = textBefore(at, start, INDEX_START)) == 0) return 0;
  at = readDigits(start, at);
  store<f64>(row, <f64>number, 8);
  if (at == 0 || (at = textBefore(at, start, EVENT_START)) == 0) return 0;
  at = readDigits(start, at);
  store<f64>(row, <f64>number);
  if (at == 0 || (at = textBefore(at, start, SEAL_START)) == 0) return 0;
  // It is a member behind a comma. One that is the only member the reference reads.
  return at > start && load<u8>(at - 1) == 0x2c ? time : 0;
}

/** findCategory gives where the category of the line [start, end) stands and its length, as `lines` stores them, or 0. */
function findCategory(start: usize, end: usize): u32 {
  const keyLength = <usize>load<u32>(CATEGORY);
  const first = i8x16.splat(load<u8>(CATEGORY, 16));
  const second = i8x16.splat(load<u8>(CATEGORY, 17));
  for (let at = start; at < end; at += 16) {
    let hits = i8x16.bitmask(v128.and(i8x16.eq(v128.load(at), first), i8x16.eq(v128.load(at, 1), second)));
    while (hits != 0) {
      const key = at + <usize>ctz(hits);
      hits &= hits - 1;
      if (key + keyLength >= end) return 0;
      if (textAt(key, CATEGORY)) return readCategory(key + keyLength, end);
    }
  }
  return 0;
}

/** readCategory reads the value at `at` as findCategory gives it: a string of printable ASCII without escapes. */
function readCategory(at: usize, end: usize): u32 {
  while (load<u8>(at) == 0x20) at++;
  if (<u32>load<u8>(at) != QUOTE) return 0;
  const start = ++at;
  for (; at < end && at - start <= MOST_CATEGORY; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE)
      return at == start ? 0 : ((<u32>(at - start)) << LENGTH_SHIFT) | ((<u32>(start - INPUT)) << START_SHIFT);
    if (byte < 0x20 || byte > 0x7e || byte == BACKSLASH) return 0;
  }
  return 0;
}

/** readDigits reads the decimal number that ends before `at` into `number`, and gives where it starts, or 0. */
function readDigits(start: usize, at: usize): usize {
  number = 0;
  let from = at;
  for (let unit: u64 = 1; from > start && at - from < 16; unit *= 10) {
    const digit = <u32>load<u8>(from - 1) - 0x30;
    if (digit > 9) break;
    number += <u64>digit * unit;
    from--;
  }
  return from == at || (load<u8>(from) == 0x30 && at - from > 1) ? 0 : from;
}

function isSameTime(time: usize, other: usize): bool {
  return (
    load<u64>(time) == load<u64>(other) &&
    load<u64>(time, 8) == load<u64>(other, 8) &&
    load<u64>(time, 16) == load<u64>(other, 16)
  );
}
