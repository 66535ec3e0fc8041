import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runHost } from './host.ts';
import { captureStdout } from './hostLine.ts';
import type { Emit } from './hostLine.ts';
import { Refusal, messageOf } from './refusal.ts';
import { loadSettings } from './settings.ts';
import { refusalOfSecrets } from '../secrets.ts';

const USAGE = 'usage: node local/host/main.ts --app DIR --settings FILE [--http-port N]';

/** main runs the host until it is told to stop, and never returns before. */
async function main(emit: Emit): Promise<void> {
  const { appDir, settingsPath, httpPort } = parseArguments();
  const settings = loadSettings(settingsPath);
  Object.assign(process.env, settings);
  // The worker's working directory is the app's folder.
  process.chdir(appDir);
  const stopped = untilStopped();
  const host = await runHost({ appDir, settings, httpPort, emit });
  await stopped;
  await host.stop();
  emit({ type: 'stopped' });
}

function parseArguments(): { appDir: string; settingsPath: string; httpPort: number } {
  const refusal = refusalOfSecrets(process.argv.slice(2));
  if (refusal !== undefined) throw new Refusal(64, `${refusal}\n${USAGE}`);
  let values: { app?: string; settings?: string; 'http-port'?: string };
  try {
    ({ values } = parseArgs({
      options: { app: { type: 'string' }, settings: { type: 'string' }, 'http-port': { type: 'string' } },
    }));
  } catch (error) {
    throw new Refusal(64, `${messageOf(error)}\n${USAGE}`);
  }
  const { app, settings, 'http-port': port = '0' } = values;
  if (app === undefined || settings === undefined) throw new Refusal(64, USAGE);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Refusal(64, `--http-port must be a port\n${USAGE}`);
  return { appDir: resolve(app), settingsPath: resolve(settings), httpPort: Number(port) };
}

/** untilStopped resolves at the first signal to stop, or when the process that started this one is gone. */
async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
    process.once('disconnect', resolve);
  });
}

const emit = captureStdout(process.stdout);
// As in Azure, an error that no invocation catches ends the worker.
process.on('uncaughtException', (error) => {
  emit({ type: 'error', message: `uncaught: ${error.stack ?? error.message}` });
  process.exit(1);
});
process.stdout.on('error', () => process.exit(1));

try {
  await main(emit);
  process.exit(0);
} catch (error) {
  const text = error instanceof Error && !(error instanceof Refusal) ? error.stack : messageOf(error);
  process.stderr.write(`${text ?? ''}\n`);
  process.exit(error instanceof Refusal ? error.exitCode : 70);
}
