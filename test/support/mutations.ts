import { readFileSync, readdirSync } from 'node:fs';
import type { Random } from './random.ts';
import { bodyVectors } from './vectors.ts';

const EXAMPLES = new URL('../../local/examples/', import.meta.url);
const MAX_BODY = 4096;

/** seedBodies loads the bodies that mutation begins with: the examples and the vectors, without the very long ones. */
export function seedBodies(): [Buffer, ...Buffer[]] {
  const examples: Buffer[] = readdirSync(EXAMPLES).map((name) => readFileSync(new URL(name, EXAMPLES)));
  const bodies = examples.concat(bodyVectors().map(({ body }) => body));
  return bodies.filter(({ length }) => length <= MAX_BODY) as [Buffer];
}

const KEYS = [
  '"records"',
  '"\\u0072ecords"',
  '"_seal"',
  '"_value"',
  '"_text"',
  '"_reason"',
  '"a"',
  '""',
  '"é"',
] as const;
const SCALARS = [
  'null',
  'true',
  'false',
  '0',
  '-0.50e-7',
  '9007199254740993',
  `1${'0'.repeat(400)}`,
  '1e9999',
  '""',
  '"records"',
  '"\\"},\\"_seal\\":{\\"record\\":1"',
  '"\\ud800\\u0000\\/"',
  '"漢😀\u2028\u007f"',
  '"},]"',
] as const;
const SPACES = ['', '', '', '', ' ', '\n', '\r\n', '\t ', '  \n  '] as const;
const PIECES = (
  '{ } [ ] , : " \\ \\u {} [] "" ,, {"records":[ ]} "records": \ufeff ' +
  '\u0000 \u001f \u0085 \u2028 0 - . e 1e null tru _'
)
  .split(' ')
  .concat('\n', '\r', '\r\n', ' ', '\t') as [string];

/** generateText makes a JSON text, most often in the shapes that the format tells apart. */
function generateText(random: Random, depth: number): string {
  const space = (): string => random.pick(SPACES);
  const list = (): string =>
    Array.from({ length: random.below(4) }, () => space() + generateText(random, depth - 1) + space()).join(',');
  const member = (): string => `${space()}${random.pick(KEYS)}${space()}:${space()}${generateText(random, depth - 1)}`;
  const records = (): string => `${space()}"records"${space()}:${space()}[${list() || space()}]${space()}`;
  switch (depth <= 0 ? 0 : random.below(6)) {
    case 0:
    case 1:
      return random.pick(SCALARS);
    case 2:
      return `[${list() || space()}]`;
    case 3: {
      const members = Array.from({ length: random.below(3) }, member);
      members.splice(random.below(members.length + 1), 0, records());
      return `{${members.join(',')}}`;
    }
    default:
      return `{${Array.from({ length: random.below(4) }, member).join(',') || space()}}`;
  }
}

/** generateBody makes one or more JSON texts. */
const generateBody = (random: Random): Buffer =>
  Buffer.from(
    Array.from({ length: 1 + random.below(3) }, () => generateText(random, 4) + random.pick(SPACES)).join(''),
  );

type Mutation = (body: Buffer, random: Random, other: Buffer) => Buffer;

const insert = (body: Buffer, at: number, piece: Buffer | string): Buffer =>
  Buffer.concat([body.subarray(0, at), Buffer.from(piece), body.subarray(at)]);
/** A place behind a comma, colon or bracket, where there may be one: most often between two tokens. */
function gapIn(body: Buffer, random: Random): number {
  const from = random.below(body.length + 1);
  for (let at = from; at < body.length; at++)
    if (',:[]{}'.includes(String.fromCharCode(body[at] as number))) return at + 1;
  return from;
}
const range = (body: Buffer, random: Random, most: number): [number, number] => {
  const start = random.below(body.length + 1);
  return [start, Math.min(body.length, start + random.below(most))];
};

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  // one bit, one byte
  (body, random) => {
    const changed = Buffer.from(body);
    if (body.length > 0) changed[random.below(body.length)]! ^= 1 << random.below(8);
    return changed;
  },
  (body, random) => {
    const changed = Buffer.from(body);
    if (body.length > 0) changed[random.below(body.length)] = random.below(256);
    return changed;
  },
  // cut at the end, at the start, in the middle
  (body, random) => body.subarray(0, random.below(body.length + 1)),
  (body, random) => body.subarray(random.below(body.length + 1)),
  (body, random) => {
    const [start, end] = range(body, random, 40);
    return Buffer.concat([body.subarray(0, start), body.subarray(end)]);
  },
  // a part twice, a part of another body, two bodies
  (body, random) => {
    const [start, end] = range(body, random, 200);
    return insert(body, end, body.subarray(start, end));
  },
  (body, random, other) => insert(body, gapIn(body, random), other.subarray(...range(other, random, 300))),
  (body, random, other) => Buffer.concat([body, Buffer.from(random.pick(SPACES)), other]),
  // pieces of structure, white space between tokens, values
  (body, random) => insert(body, random.below(body.length + 1), random.pick(PIECES)),
  (body, random) => insert(body, gapIn(body, random), random.pick(PIECES)),
  (body, random) => insert(body, gapIn(body, random), random.pick(SPACES)),
  (body, random) => insert(body, gapIn(body, random), random.pick(SPACES)),
  (body, random) => insert(body, gapIn(body, random), `${random.pick(SCALARS)},`),
  (body, random) => insert(body, gapIn(body, random), `${random.pick(KEYS)}:${random.pick(SCALARS)},`),
  // the body inside something
  (body) => Buffer.concat([Buffer.from('{"records":['), body, Buffer.from(']}')]),
  (body, random, other) =>
    Buffer.concat([Buffer.from(`{${random.pick(KEYS)}:`), other, Buffer.from(',"records":['), body, Buffer.from(']}')]),
  (body) => Buffer.concat([Buffer.from('['), body, Buffer.from(']')]),
  (body, random) => {
    const depth = random.below(200);
    return Buffer.concat([Buffer.from('[{"a":'.repeat(depth)), body, Buffer.from('}]'.repeat(depth))]);
  },
  (body) => Buffer.concat([Buffer.from('\ufeff'), body]),
  (body) => Buffer.from(JSON.stringify(body.toString())),
];

/** mutatedBody makes a body out of one of `seeds` or of generated JSON, by up to three mutations. */
export function mutatedBody(random: Random, seeds: readonly [Buffer, ...Buffer[]]): Buffer {
  const source = (): Buffer => (random.below(3) === 0 ? random.pick(seeds) : generateBody(random));
  let body = source();
  for (let count = Math.min(random.below(4), random.below(4)); count > 0; count--) {
    body = random
      .pick(MUTATIONS)(body, random, source())
      .subarray(0, 2 * MAX_BODY);
  }
  return body;
}
