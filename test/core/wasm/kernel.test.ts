import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { MODULE } from '../../../src/core/wasm/module.ts';
import { kernel } from '../../../src/core/wasm/kernel.ts';
import { byReference, isTaken, linesOf, theKernel } from '../../support/bothPaths.ts';
import { ROOT, runNode } from '../../support/program.ts';
import { TIME } from '../../support/segments.ts';

const event = (body: Buffer | string, changes: { properties?: string } = {}) => ({
  body: Buffer.from(body),
  sequenceNumber: 7,
  enqueued: TIME,
  ...changes,
});

describe('the module', () => {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: {
      Module: { new (bytes: Uint8Array): object; imports(module: object): unknown[] };
    };
  };

  test('is small, and asks its host for nothing', () => {
    const bytes = Buffer.from(MODULE, 'base64');
    expect(bytes.length).toBeLessThan(10_000);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([]);
  });

  test('has a memory that never grows', () => {
    const { bytes } = theKernel();
    const memory = bytes.buffer as ArrayBuffer;
    const size = memory.byteLength;
    expect(size).toBeLessThan(6 * 1024 * 1024);
    for (const body of ['{"records":[{"a":1}]}', `[${'{},'.repeat(300_000)}{}]`, 'x'.repeat(5_000_000)])
      linesOf(event(body), 0);
    expect(theKernel().bytes.buffer).toBe(memory);
    expect(memory.byteLength).toBe(size);
  });
});

describe('what the kernel takes', () => {
  test.each([
    ['an envelope', '{"records":[{"a":1},{"b":2}]}'],
    ['an envelope with other members', '{"v":1,"records":[{"a":1}],"w":{"x":[2]}}'],
    ['line breaks between tokens', '{\r\n "records": [\n  { "a" : 1 },\n  2\n ]\n}\n'],
    ['a line break among the other members', '{"v":1,\n"records":[{"a":1}],\n"w": 2}'],
    ['a CR alone', '{"a":1,\r"b": 2}{"v": 1,"records":[{"c" :3}],\r"w":2}'],
    ['an array', '[{"a":1},{"records":[{"b":1}],"v":2},3,"x",null]'],
    ['concatenated objects', '{"a":1}{"b":2}\n{"records":[{}]} 12 "x"true[]'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['an object without members', '{"records":[{},{ },{\n}]}'],
    ['the greatest depth', '['.repeat(66) + ']'.repeat(66)],
  ])('%s', (_what, body) => {
    expect(isTaken(Buffer.from(body))).toBe(true);
    expect(linesOf(event(body), 3)).toEqual(byReference(() => linesOf(event(body), 3)));
  });

  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
  test.each([
    ['a body that is no JSON', '{"records":[{"a":01}]}'],
    ['a body that is not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
    ['surrogates as UTF-8', Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1')],
    ['no record', '{"records":[]}'],
    ['an empty body', ''],
    ['what nests deeper', '['.repeat(67) + ']'.repeat(67)],
    ['very deep nesting', deep],
    ['very deep nesting that is cut off', '{"a":'.repeat(100_000)],
    ['very many records', `[${'1,'.repeat(20_000)}1]`],
    ['lines that take more room than there is', `[${`"${'x'.repeat(58)}",`.repeat(16_383)}1]`],
    ['a large body', `{"a":"${'x'.repeat(1024 * 1024)}"}`],
  ])('not %s', (_what, body) => {
    expect(isTaken(Buffer.from(body))).toBe(false);
    expect(linesOf(event(body), 3)).toEqual(byReference(() => linesOf(event(body), 3)));
  });

  test.each([
    ['a body that fills its place', `{"a":"${'x'.repeat(1024 * 1024 - 8)}"}`],
    ['a huge number', `{"a":-${'9'.repeat(900_000)}.${'0'.repeat(100_000)}e-${'9'.repeat(1000)}}`],
    ['lone surrogates in escapes', '{"a":"\\ud800","\\udfff":"\\udc00\\ud800"}'],
    ['a zero in a string', '{"a":"\0"}'],
    ['a zero between tokens', '{"a":1}\0{"b":2}'],
    ['an escape at the end', '{"a":"\\'],
    ['a cut escape at the end', '{"a":"\\u12'],
    ['a cut word at the end', '[tru'],
  ])('%s comes out the same', (_what, body) => {
    expect(linesOf(event(body), 3)).toEqual(byReference(() => linesOf(event(body), 3)));
  });

  test('properties of every size', () => {
    for (const length of [0, 16_360, 16_383, 16_384, 16_385, 100_000]) {
      const it = event('{"records":[{"a":1},{"b":2}]}', { properties: `{"p":"${'é'.repeat(length)}"}` });
      expect(linesOf(it, 3)).toEqual(byReference(() => linesOf(it, 3)));
    }
  });
});

// In processes of their own, because what is tried ends the kernel, or begins without one.
const PROGRAM = `
  import { kernel } from './src/core/wasm/kernel.ts';
  import { LineBuffer, sealEvent } from './src/core/segment/seal.ts';
  import { TreeRoot } from './src/core/merkle/tree.ts';
  if (process.argv[2] === 'trap' && kernel().root(2 ** 28) >= 0) throw new Error('it did not trap');
  const lines = new LineBuffer(1, 16);
  sealEvent(lines, { body: Buffer.from('{"records":[{"a":1},{"b":2}]}'), sequenceNumber: 7, enqueued: '${TIME}' }, 3);
  const tree = new TreeRoot();
  for (let i = 0; i < 20; i++) for (const leaf of lines.leaves) tree.add(leaf);
  const root = Buffer.from(tree.root(), 'latin1').toString('hex');
  console.log(JSON.stringify([kernel() !== undefined, lines.bytes.toString('latin1', 1, lines.length), root]));
`;

describe('without a kernel the reference does the work', () => {
  let program = '';
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auditseal-kernel-'));
    program = join(folder, 'program.mjs');
    await build({
      stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    });
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  const run = async (flags: readonly string[], ...args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await runNode([...flags, program, ...args]);
    expect(stderr.replaceAll(/^Warning: disabling flag.*$/gm, '').trim()).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout) as unknown;
  };

  test.each([
    ['where there is no WebAssembly', ['--jitless'], []],
    // Elsewhere the flag means nothing, and the kernel stays.
    ['where there is none of its SIMD', process.arch === 'x64' ? ['--no-enable-sse4-1'] : ['--jitless'], []],
    ['after a call that failed', [], ['trap']],
  ])('%s', async (_what, flags, args) => {
    const [hasKernel, ...sealed] = (await run([])) as unknown[];
    expect(hasKernel).toBe(true);
    expect(await run(flags, ...args)).toEqual([false, ...sealed]);
  });
});

test('there is a kernel here', () => expect(kernel()).toBeDefined());
