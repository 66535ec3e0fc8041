const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/**
 * partitionHash maps a partition key to a signed 16-bit number: Bob Jenkins' public-domain lookup3 ("hashlittle2",
 * both seeds zero) over the key's UTF-8 bytes, folded by XOR. Words wrap at 32 bits, which is what `| 0` is for.
 */
export function partitionHash(partitionKey: string): number {
  const key = Buffer.from(partitionKey, 'utf8');
  let a = (0xdeadbeef + key.length) | 0;
  let b = a;
  let c = a;
  if (key.length === 0) return foldToInt16(b, c);

  let at = 0;
  for (; key.length - at > 12; at += 12) {
    a = (a + key.readUInt32LE(at)) | 0;
    b = (b + key.readUInt32LE(at + 4)) | 0;
    c = (c + key.readUInt32LE(at + 8)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }

  const last = Buffer.alloc(12);
  key.copy(last, 0, at);
  a = (a + last.readUInt32LE(0)) | 0;
  b = (b + last.readUInt32LE(4)) | 0;
  c = (c + last.readUInt32LE(8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return foldToInt16(b, c);
}

/** partitionOfKey returns the partition that takes the events of a partition key. */
export function partitionOfKey(partitionKey: string, partitions: number): number {
  return Math.abs(partitionHash(partitionKey) % partitions);
}

function foldToInt16(b: number, c: number): number {
  return ((b ^ c) << 16) >> 16;
}
