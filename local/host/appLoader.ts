import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closeRegistration, getProgrammingModel } from './coreApi.ts';
import type { ProgrammingModel, RegisteredFunction } from './coreApi.ts';
import { isJsonObject } from './json.ts';
import { Refusal, messageOf } from './refusal.ts';

export interface LoadedApp {
  readonly model: ProgrammingModel;
  readonly functions: readonly RegisteredFunction[];
}

/** provideCore makes '@azure/functions-core' resolve to our coreApi for import, require and createRequire alike. */
function provideCore(): void {
  const url = new URL('coreApi.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@azure/functions-core' ? { url, shortCircuit: true } : next(specifier, context),
  });
}

/** loadApp imports every file that package.json's main names and collects what they registered. */
export async function loadApp(appDir: string): Promise<LoadedApp> {
  const pattern = mainOf(appDir);
  const files = globSync(pattern, { cwd: appDir }).sort();
  if (files.length === 0) throw new Refusal(70, `${appDir}: no file matches main ${JSON.stringify(pattern)}`);
  provideCore();
  for (const file of files) {
    try {
      await import(pathToFileURL(resolve(appDir, file)).href);
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      throw new Refusal(70, `${file} failed to load: ${stack ?? messageOf(error)}`, { cause: error });
    }
  }
  const functions = closeRegistration();
  const model = getProgrammingModel();
  if (model === undefined || functions.length === 0) {
    throw new Refusal(70, `${appDir}: ${files.join(', ')} registered no function through @azure/functions`);
  }
  const capabilities = await model.getCapabilities({});
  if (capabilities['HttpUri'] !== undefined) {
    throw new Refusal(70, 'app.setup enableHttpStream: this host has no HTTP streaming');
  }
  return { model, functions };
}

function mainOf(appDir: string): string {
  const path = join(appDir, 'package.json');
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Refusal(70, `${path} can't be read: ${messageOf(error)}`);
  }
  const main = isJsonObject(file) ? file['main'] : undefined;
  if (typeof main !== 'string' || main === '') throw new Refusal(70, `${path} names no main`);
  return main;
}
