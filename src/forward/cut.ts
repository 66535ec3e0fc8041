/** Cut is a text that fits, and whether something of it was left out. */
export interface Cut {
  readonly text: string;
  readonly isCut: boolean;
}

/** cutBytes gives the beginning of valid UTF-8 as text, of at most so many bytes and without a part of a character. */
export function cutBytes(bytes: Buffer, most: number): Cut {
  if (bytes.length <= most) return { text: bytes.toString('utf8'), isCut: false };
  let end = most;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return { text: bytes.toString('utf8', 0, end), isCut: true };
}

/** cutText is cutBytes for a text; lone surrogates, of which JSON makes no text, become U+FFFD. */
export function cutText(text: string, most: number): Cut {
  const whole = text.toWellFormed();
  // A character takes at least a byte, and the rest is not looked at.
  return cutBytes(Buffer.from(whole.slice(0, most + 1)), most);
}
