// Texts of the format that the caller hands over, so that they stand in one place: src/core/segment/kernelTexts.ts. A slot of 80
// bytes holds how many bytes a text has, in 32 bits, and 16 bytes behind its start the text, of 64 bytes at most.

export const SLOTS: usize = memory.data(13 * 80, 16);

// Before and behind a record that isn't an object.
export const VALUE_START: usize = SLOTS;
export const VALUE_END: usize = SLOTS + 80;
// The parts of a seal, up to the number that follows each.
export const SEAL_START: usize = SLOTS + 160;
export const EVENT_START: usize = SLOTS + 240;
export const INDEX_START: usize = SLOTS + 320;
export const TIME_START: usize = SLOTS + 400;
export const VALUE_FORM: usize = SLOTS + 480;
export const ENVELOPE_START: usize = SLOTS + 560;
// The key that a category stands behind.
export const CATEGORY: usize = SLOTS + 640;
// Of one event: its number with what is before and behind it, and its time.
export const EVENT: usize = SLOTS + 720;
export const TIME: usize = SLOTS + 800;

export const texts: usize = SLOTS;

/** putText copies a text to `to`, where at least 64 bytes are free, and gives the position behind it. */
export function putText(to: usize, slot: usize): usize {
  v128.store(to, v128.load(slot, 16));
  v128.store(to, v128.load(slot, 32), 16);
  v128.store(to, v128.load(slot, 48), 32);
  v128.store(to, v128.load(slot, 64), 48);
  return to + <usize>load<u32>(slot);
}

/** textBefore gives where a text starts that ends before `at`, in bytes that start at `start`, or 0 if another one does. */
export function textBefore(at: usize, start: usize, slot: usize): usize {
  const length = <usize>load<u32>(slot);
  if (at - start < length) return 0;
  const from = at - length;
  return textAt(from, slot) ? from : 0;
}

/** textAt tells whether a text stands at `from`. */
export function textAt(from: usize, slot: usize): bool {
  const length = <usize>load<u32>(slot);
  for (let i: usize = 0; i < length; i += 16) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(from + i), v128.load(slot + i, 16)));
    const left = <i32>(length - i);
    const wanted = left < 16 ? (1 << left) - 1 : 0xffff;
    if ((same & wanted) != wanted) return false;
  }
  return true;
}
