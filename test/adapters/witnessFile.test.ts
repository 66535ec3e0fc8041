import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WitnessFile } from '../../src/adapters/witnessFile.ts';
import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { formatNote, parseNote } from '../../src/core/note/note.ts';
import { createSignerKey } from '../../src/core/note/signerKey.ts';
import { coded, oneByteChanges } from '../support/logVectors.ts';
import { LOG_KEY, TestLog, WITNESS_KEY } from '../support/witnessLog.ts';

const ORIGIN = LOG_KEY.verifierKey.keyName;
const OTHER = createSignerKey('audit.example.com/log2', Buffer.alloc(32, 2));
const KEY = cosignatureKey(WITNESS_KEY.verifierKey);

/** noteOf gives a checkpoint that the witness cosigned. */
function noteOf(size: number, key = LOG_KEY): Buffer {
  const { text, signatures } = parseNote(new TestLog(key).checkpoint(size));
  return formatNote({ text, signatures: [...signatures, signCosignature(text, WITNESS_KEY, 1_700_000_000)] });
}

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  path = join(folder, 'witness.state');
});
afterEach(() => rm(folder, { recursive: true }));

const openState = async (): Promise<WitnessFile> => (await WitnessFile.open(path, KEY)).state;

describe('WitnessFile', () => {
  test('keeps the newest note of each log', async () => {
    const { state, isNew } = await WitnessFile.open(path, KEY);
    expect(isNew).toBe(true);
    expect(await state.read(ORIGIN)).toBeUndefined();
    expect(await state.replace(ORIGIN, undefined, noteOf(1))).toBe('replaced');
    expect(await state.replace(ORIGIN, noteOf(1), noteOf(2))).toBe('replaced');
    expect(await state.replace(OTHER.verifierKey.keyName, undefined, noteOf(3, OTHER))).toBe('replaced');
    const again = await WitnessFile.open(path, KEY);
    expect(again.isNew).toBe(false);
    for (const it of [state, again.state]) {
      expect(await it.read(ORIGIN)).toEqual(noteOf(2));
      expect(await it.read(OTHER.verifierKey.keyName)).toEqual(noteOf(3, OTHER));
    }
    expect(await readdir(folder)).toEqual(['witness.state']);
  });

  test('replaces only what the caller saw', async () => {
    const state = await openState();
    expect(await state.replace(ORIGIN, noteOf(1), noteOf(2))).toBe('changed');
    const racing = await Promise.all([1, 2, 3].map((size) => state.replace(ORIGIN, undefined, noteOf(size))));
    expect(racing).toEqual(['replaced', 'changed', 'changed']);
    expect(await state.replace(ORIGIN, undefined, noteOf(4))).toBe('changed');
    expect(await (await openState()).read(ORIGIN)).toEqual(noteOf(1));
  });

  test('sees what another process wrote', async () => {
    const [one, other] = [await openState(), await openState()];
    expect(await one.replace(ORIGIN, undefined, noteOf(5))).toBe('replaced');
    expect(await other.replace(ORIGIN, undefined, noteOf(3))).toBe('changed');
    expect(await other.read(ORIGIN)).toEqual(noteOf(5));
    expect(await other.replace(ORIGIN, noteOf(5), noteOf(6))).toBe('replaced');
    expect(await one.replace(ORIGIN, noteOf(5), noteOf(7))).toBe('changed');
  });

  test('does not write while another process does, and is fit again afterwards', async () => {
    const state = await openState();
    await writeFile(`${path}.next`, '');
    await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toEqual(coded('STORE_UNAVAILABLE'));
    expect(await readdir(folder)).toEqual(['witness.state', 'witness.state.next']);
    await rm(`${path}.next`);
    expect(await state.replace(ORIGIN, undefined, noteOf(1))).toBe('replaced');
  });

  test('goes on after a write that was cut off', async () => {
    await (await openState()).replace(ORIGIN, undefined, noteOf(1));
    await writeFile(`${path}.next`, (await readFile(path)).subarray(0, 50));
    expect(await (await openState()).read(ORIGIN)).toEqual(noteOf(1));
    expect(await readdir(folder)).toEqual(['witness.state']);
  });

  test('refuses a file that is damaged in any byte, or cut off', async () => {
    await (await openState()).replace(ORIGIN, undefined, noteOf(1));
    const good = await readFile(path);
    const bad = [...oneByteChanges(good)].filter((_, i) => i % 7 === 0);
    for (const bytes of [
      ...bad,
      Buffer.alloc(0),
      good.subarray(0, -1),
      Buffer.concat([good, good]),
      Buffer.from('{}\n'),
    ]) {
      await writeFile(path, bytes);
      await expect(openState()).rejects.toEqual(coded('TARGET_INVALID'));
    }
    // What was refused stays as it is, for whoever has to mend it.
    expect(await readFile(path, 'utf8')).toBe('{}\n');
  });

  test("refuses another witness's file", async () => {
    await (await openState()).replace(ORIGIN, undefined, noteOf(1));
    const { verifierKey } = createSignerKey('witness.example.com/w2', Buffer.alloc(32, 3));
    await expect(WitnessFile.open(path, cosignatureKey(verifierKey))).rejects.toThrow('did not cosign');
  });

  test('stops when the file is gone or damaged under it', async () => {
    const state = await openState();
    await rm(path);
    await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toThrow('was removed while the witness ran');
    await writeFile(path, 'x');
    await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toThrow('is damaged');
    expect(await state.read(ORIGIN)).toBeUndefined();
  });

  test('says what is wrong with a path', async () => {
    await mkdir(path);
    await expect(openState()).rejects.toThrow('EISDIR');
    await expect(WitnessFile.open(join(folder, 'none', 'x'), KEY)).rejects.toThrow('ENOENT');
  });
});
