import { readFileSync } from 'node:fs';

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));

/** BodyVector is one case of bodies.json, decoded. */
export interface BodyVector {
  readonly name: string;
  readonly body: Buffer;
  readonly records: readonly {
    readonly form: 'object' | 'value' | 'text' | 'base64';
    readonly original: Buffer;
    readonly envelope?: Buffer;
  }[];
}

interface BodyCase {
  name: string;
  body?: string;
  bodyHex?: string;
  records: { object?: string; value?: string; text?: true; base64?: true; envelope?: string }[];
}

/** bodyVectors loads what event bodies must become. */
export const bodyVectors = (): BodyVector[] =>
  (load('bodies.json') as { cases: BodyCase[] }).cases.map(({ name, body: text, bodyHex, records }) => {
    const body = text === undefined ? Buffer.from(bodyHex ?? '', 'hex') : Buffer.from(text);
    return {
      name,
      body,
      records: records.map(({ object, value, text: isText, envelope }) => {
        const json = object ?? value;
        return {
          form: object === undefined ? (value === undefined ? (isText ? 'text' : 'base64') : 'value') : 'object',
          original: json === undefined ? body : Buffer.from(json),
          ...(envelope !== undefined && { envelope: Buffer.from(envelope) }),
        };
      }),
    };
  });

/** SegmentVector is one case of segments.json, decoded: what stands before a signature frame. */
export interface SegmentVector {
  readonly name: string;
  readonly expect: 'valid' | 'malformed' | 'end-differs' | 'contradiction';
  readonly frames: Buffer;
  readonly root?: string;
  readonly lines?: readonly string[];
}

/** segmentVectors loads frames of segments, good and bad ones. */
export const segmentVectors = (): SegmentVector[] =>
  (load('segments.json') as { cases: (SegmentVector & { frames: string })[] }).cases.map((it) => ({
    ...it,
    frames: Buffer.from(it.frames, 'base64'),
  }));
