import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
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
const opened = new Set<WitnessFile>();
afterEach(async () => {
  for (const state of opened) await close(state);
  await rm(folder, { recursive: true });
});

const unavailable = coded('STORE_UNAVAILABLE');

async function openState(at = path): Promise<WitnessFile> {
  const { state } = await WitnessFile.open(at, KEY);
  opened.add(state);
  return state;
}

async function close(state: WitnessFile): Promise<void> {
  opened.delete(state);
  await state.close();
}

/** kept gives what a witness that starts now knows of the log. */
async function kept(): Promise<Buffer | undefined> {
  const state = await openState();
  const note = await state.read(ORIGIN);
  await close(state);
  return note;
}

describe('WitnessFile', () => {
  test('keeps the newest note of each log', async () => {
    const { state, isNew } = await WitnessFile.open(path, KEY);
    expect(isNew).toBe(true);
    expect(await state.read(ORIGIN)).toBeUndefined();
    expect(await state.replace(ORIGIN, undefined, noteOf(1))).toBe('replaced');
    expect(await state.replace(ORIGIN, noteOf(1), noteOf(2))).toBe('replaced');
    expect(await state.replace(OTHER.verifierKey.keyName, undefined, noteOf(3, OTHER))).toBe('replaced');
    const notes = async (it: WitnessFile): Promise<unknown> => [
      await it.read(ORIGIN),
      await it.read(OTHER.verifierKey.keyName),
    ];
    expect(await notes(state)).toEqual([noteOf(2), noteOf(3, OTHER)]);
    await state.close();
    const again = await WitnessFile.open(path, KEY);
    expect(again.isNew).toBe(false);
    expect(await notes(again.state)).toEqual([noteOf(2), noteOf(3, OTHER)]);
    await again.state.close();
    expect(await readdir(folder)).toEqual(['witness.state', 'witness.state.lock']);
  });

  test('replaces only what the caller saw', async () => {
    const state = await openState();
    expect(await state.replace(ORIGIN, noteOf(1), noteOf(2))).toBe('changed');
    const racing = await Promise.all([1, 2, 3].map((size) => state.replace(ORIGIN, undefined, noteOf(size))));
    expect(racing).toEqual(['replaced', 'changed', 'changed']);
    expect(await state.replace(ORIGIN, undefined, noteOf(4))).toBe('changed');
    await close(state);
    expect(await kept()).toEqual(noteOf(1));
  });

  test('is open once at a time, whatever links lead to it', async () => {
    const state = await openState();
    const links = [join(folder, 'link'), join(folder, 'elsewhere', 'witness.state')];
    await symlink('witness.state', links[0] as string);
    await symlink(folder, join(folder, 'elsewhere'));
    for (const at of [path, ...links]) await expect(openState(at)).rejects.toThrow('in use by another process');
    await close(state);
    for (const at of [path, ...links]) await close(await openState(at));
  });

  test('waits for the write under way before another may open it', async () => {
    const state = await openState();
    const writing = state.replace(ORIGIN, undefined, noteOf(1));
    await close(state);
    expect(await kept()).toEqual(noteOf(1));
    expect(await writing).toBe('replaced');
  });

  test('believes and overwrites nothing that another program wrote, such as an older copy', async () => {
    const state = await openState();
    await state.replace(ORIGIN, undefined, noteOf(1));
    const older = await readFile(path);
    await state.replace(ORIGIN, noteOf(1), noteOf(2));
    const newest = await readFile(path);
    await writeFile(path, older);
    await expect(state.read(ORIGIN)).rejects.toEqual(unavailable);
    await expect(state.replace(ORIGIN, noteOf(1), noteOf(3))).resolves.toBe('changed');
    await expect(state.replace(ORIGIN, noteOf(2), noteOf(3))).rejects.toThrow('was changed while the witness ran');
    expect(await readFile(path)).toEqual(older);
    await writeFile(path, newest);
    expect(await state.replace(ORIGIN, noteOf(2), noteOf(3))).toBe('replaced');
    expect((await readdir(folder)).toSorted()).toEqual(['witness.state', 'witness.state.lock']);
  });

  test('decides nothing any more once its lock was removed', async () => {
    const state = await openState();
    await rm(`${path}.lock`);
    const refuses = async (): Promise<void> => {
      await expect(state.read(ORIGIN)).rejects.toThrow('lost its lock');
      await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toEqual(unavailable);
    };
    await refuses();
    const other = await openState();
    await refuses();
    expect(await other.replace(ORIGIN, undefined, noteOf(2))).toBe('replaced');
  });

  test('says what is wrong with its lock', async () => {
    await writeFile(`${path}.lock`, 'no lock');
    await expect(openState()).rejects.toThrow("can't be used (its lock: file is not a database)");
    await rm(`${path}.lock`);
    await mkdir(`${path}.lock`);
    await expect(openState()).rejects.toThrow('its lock: unable to open database file');
    expect(await readdir(folder)).toEqual(['witness.state.lock']);
  });

  test('goes on after a write that was cut off, and touches no file of others', async () => {
    const state = await openState();
    await state.replace(ORIGIN, undefined, noteOf(1));
    await close(state);
    const part = (await readFile(path)).subarray(0, 50);
    const others = ['witness.state.next', 'witness.state.1.next', `x.${randomUUID()}.next`];
    for (const name of [`witness.state.${randomUUID()}.next`, ...others]) await writeFile(join(folder, name), part);
    expect(await kept()).toEqual(noteOf(1));
    expect((await readdir(folder)).toSorted()).toEqual(['witness.state', 'witness.state.lock', ...others].toSorted());
  });

  test('refuses a file that is damaged in any byte, or cut off', async () => {
    const state = await openState();
    await state.replace(ORIGIN, undefined, noteOf(1));
    await close(state);
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

  test('refuses a file of another version, and one that no state fills', async () => {
    await close(await openState());
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('/v1"', '/v2"'));
    await expect(openState()).rejects.toEqual(coded('VERSION_UNKNOWN'));
    await expect(openState()).rejects.toThrow('expected auditseal-witness/v1, got auditseal-witness/v2');
    for (const version of ['v1x', 'v', 'v1\u0000']) {
      await writeFile(path, text.replace('/v1"', `/${version}"`));
      await expect(openState()).rejects.toThrow('is damaged');
    }
    await truncate(path, 2 ** 40);
    await expect(openState()).rejects.toThrow('it has more than 16777216 bytes');
  });

  test("refuses another witness's file", async () => {
    const state = await openState();
    await state.replace(ORIGIN, undefined, noteOf(1));
    await close(state);
    const { verifierKey } = createSignerKey('witness.example.com/w2', Buffer.alloc(32, 3));
    await expect(WitnessFile.open(path, cosignatureKey(verifierKey))).rejects.toThrow('did not cosign');
  });

  test('stops when the file is gone or damaged under it', async () => {
    const state = await openState();
    await rm(path);
    await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toThrow('was removed while the witness ran');
    for (const bytes of ['', 'x']) {
      await writeFile(path, bytes);
      await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toThrow('was changed while the witness ran');
    }
    await rm(path);
    await mkdir(path);
    await expect(state.read(ORIGIN)).rejects.toThrow('EISDIR');
    await expect(state.replace(ORIGIN, undefined, noteOf(1))).rejects.toEqual(unavailable);
    await rm(path, { recursive: true });
    execFileSync('mkfifo', [path]);
    await expect(state.read(ORIGIN)).rejects.toThrow('was changed');
  });

  test('says what is wrong with a path, and makes nothing there', async () => {
    await expect(openState(join(folder, 'none', 'x'))).rejects.toThrow('ENOENT');
    await symlink('none', path);
    await expect(openState()).rejects.toThrow('is a link to a file that is not there');
    await rm(path);
    execFileSync('mkfifo', [path]);
    await expect(openState()).rejects.toThrow('is no file: expected a file');
    await rm(path);
    await mkdir(path);
    await expect(openState()).rejects.toThrow('is a folder: expected a file');
    await expect(openState(join(path, 'x', '..'))).rejects.toEqual(coded('TARGET_INVALID'));
    expect(await readdir(folder)).toEqual(['witness.state']);
  });
});
