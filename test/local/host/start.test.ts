import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '../../../local/host/settings.ts';
import { APP_DIR, bundleApp, NO_TIMERS, watchHost } from './support.ts';

const MAIN = fileURLToPath(new URL('../../../local/host/main.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** runMain runs the host's own command line to its end. */
async function runMain(...args: readonly string[]): Promise<{ code: number; errors: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code]: unknown[] = await once(child, 'close');
  return { code: Number(code), errors };
}

async function fileWith(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('a settings file', () => {
  test.each([
    ["isn't JSON", '{', "can't be read"],
    ['is encrypted', { IsEncrypted: true, Values: {} }, 'IsEncrypted'],
    ['has a value that is no string', { Values: { A: 1, B: 'x', C: null } }, 'A, C must be a string'],
    ['has a key that is unknown', { Values: {}, Valeus: {} }, 'unknown Valeus'],
    ['has no values', {}, 'Values must be an object'],
    ['is of another runtime', { Values: { FUNCTIONS_WORKER_RUNTIME: 'python' } }, 'must be node'],
  ])('is refused when it %s', async (_what, content, text) => {
    const path = await fileWith('wrong.json', content);
    expect(() => loadSettings(path)).toThrow(text);
  });

  test('gives its values', async () => {
    const path = await fileWith('right.json', { IsEncrypted: false, Values: { A: 'x' } });
    expect(loadSettings(path)).toEqual({ A: 'x' });
  });
});

describe("a host that can't run", () => {
  test.each([
    ['no settings file', undefined, 64, "can't be read"],
    ['no storage for its timers', { Values: {} }, 64, 'AzureWebJobsStorage is missing'],
    [
      'storage that is nonsense',
      { Values: { AzureWebJobsStorage: 'x' } },
      64,
      'AzureWebJobsStorage is no connection string',
    ],
    [
      'a setting of the host that is out of bounds',
      { Values: { AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime: '00:20:00' } },
      64,
      'AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime is above 00:10:00',
    ],
    ['an app that throws', { Values: { BAD: 'throw' } }, 70, 'told not to load'],
    [
      'a trigger it lacks',
      { Values: { BAD: 'topic' } },
      70,
      "function topic: this host can't drive a serviceBusTrigger",
    ],
    ['a schedule that never comes', { Values: { BAD: 'schedule' } }, 70, 'never occurs'],
    ['an unset connection', { Values: { HUB: '', HUB_NAME: 'logs' } }, 70, 'set HUB or HUB__fullyQualifiedNamespace'],
    ['an unset name', { Values: { HUB: 'Endpoint=sb://x' } }, 70, "%HUB_NAME% isn't set"],
    ['a streaming app', { Values: { ...NO_TIMERS, BAD: 'stream' } }, 70, 'enableHttpStream'],
  ])('says so: %s', async (name, content, code, text) => {
    const path = content === undefined ? join(folder, 'missing') : await fileWith(`${name}.json`, content);
    const ended = await runMain('--app', APP_DIR, '--settings', path);
    expect(ended.errors).toContain(text);
    expect(ended.code).toBe(code);
  });

  test('refuses a host.json with an unknown key', async () => {
    const app = join(folder, 'unknownKey');
    await cp(APP_DIR, app, { recursive: true });
    await writeFile(
      join(app, 'host.json'),
      '{"version":"2.0","extensions":{"eventHubs":{"eventProcessorOptions":{}}}}',
    );
    const ended = await runMain('--app', app, '--settings', await fileWith('some.json', { Values: {} }));
    expect(ended.errors).toContain('extensions.eventHubs.eventProcessorOptions is unknown here');
    expect(ended.code).toBe(64);
  });

  test('refuses wrong arguments', async () => {
    expect((await runMain('--ap', APP_DIR)).errors).toContain('usage: ');
    expect((await runMain('--app', APP_DIR, '--settings', 'x', '--http-port', '99999')).code).toBe(64);
  });

  test('startHost rejects with what the host said', async () => {
    await expect(watchHost({ BAD: 'throw' })).rejects.toThrow('told not to load');
  });
});

test.each(['esm', 'cjs'] as const)('loads an app bundled as %s with its own copy of the library', async (format) => {
  const app = join(folder, format);
  await bundleApp(app, format, ['http', 'hooks']);
  const host = await watchHost({ HOOKS: '1' }, app);
  const answer = await fetch(`${host.httpUrl}/api/echo/known`);
  expect(await answer.text()).toBe('known');
  expect(await host.stop()).toBe(0);
  const said = host.lines.filter((line) => line.type === 'log').map((line) => line.message);
  expect(said).toEqual(['hook appStart', 'hook known error none', 'hook appTerminate']);
});
