/**
 * rawFrame puts content of 256 bytes to 128 KiB into one Zstandard frame as it is, in a block of type raw: so every release of
 * Zstandard stores the same bytes. RFC 8878, section 3.1.1.
 */
export function rawFrame(content: Buffer): Buffer {
  const head = Buffer.from('28b52ffda000000000000000', 'hex');
  head.writeUInt32LE(content.length, 5);
  head.writeUIntLE(content.length * 8 + 1, 9, 3);
  return Buffer.concat([head, content]);
}
