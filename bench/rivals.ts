/** What one would write without knowing better: parse, print again in canonical form, chain, gzip. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SealableEvent } from '../src/core/segment/seal.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** canonical prints JSON with the members of objects in order of their names. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Json)}`);
  return `{${members.join(',')}}`;
}

const chainHash = (prev: string, text: string): string => createHash('sha256').update(prev).update(text).digest('hex');

/** naiveSeal chains each record by its canonical text and compresses with gzip -6. */
export function naiveSeal(events: readonly SealableEvent[]): Buffer {
  let prev = '';
  const lines: string[] = [];
  for (const { body } of events) {
    const { records } = JSON.parse(body.toString('utf8')) as { records: Json[] };
    for (const record of records) {
      const text = canonical(record);
      prev = chainHash(prev, text);
      lines.push(`{"hash":"${prev}","record":${text}}`);
    }
  }
  return gzipSync(lines.join('\n'), { level: 6 });
}

/** naiveVerify reads what naiveSeal wrote and hashes the chain anew. It says whether every record has its hash. */
export function naiveVerify(stored: Buffer): boolean {
  let prev = '';
  return gunzipSync(stored)
    .toString('utf8')
    .split('\n')
    .every((line) => {
      const { hash, record } = JSON.parse(line) as { hash: string; record: Json };
      prev = chainHash(prev, canonical(record));
      return prev === hash;
    });
}
