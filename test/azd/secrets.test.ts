import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { refuseSecrets } from '../../tools/azd/secretSettings.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';
import { hook } from './support.ts';

const FILES = [
  'azure.yaml',
  ...['infra', 'tools/azd'].flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name))),
].filter((file) => /\.(ts|yaml|bicepparam)$/.test(file));

/** The settings that hooks, templates and the pipeline read. Of `AZURE_` those of azd; `az` has secrets among its own. */
const SETTINGS = [
  ...new Set(
    FILES.flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(/\b(AUDITSEAL|AZURE)_[A-Z_]+\b/g) ?? []),
  ),
];

test('a secret in any setting of the deployment is refused, and not repeated', () => {
  expect(SETTINGS.length).toBeGreaterThan(40);
  for (const name of SETTINGS) {
    for (const text of Object.values(SPELLINGS)) {
      let message = '';
      try {
        refuseSecrets({ AZURE_ENV_NAME: 'logs', [name]: text });
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).toContain(`${name} holds a secret`);
      expect(message).not.toContain(SECRET);
    }
  }
  expect(() => refuseSecrets({ AZURE_ENV_NAME: 'logs', HOME: SPELLINGS['a SAS alone'] })).not.toThrow();
});

test.each(['preprovision', 'postprovision', 'predown', 'package', 'policy'])(
  'the hook %s asks nobody then',
  async (name) => {
    const { code, stdout, stderr, calls } = await hook(name, [], {
      AUDITSEAL_SIZE: SPELLINGS['a signer key'] as string,
    });
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: '', calls: [] });
    expect(stderr).toContain('AUDITSEAL_SIZE holds a secret');
    expect(stderr).not.toContain(SECRET);
  },
);

test('a hook that is a secret is not repeated', async () => {
  const { code, stderr } = await hook(SPELLINGS["a function's key"] as string);
  expect(code).toBe(64);
  expect(stderr).not.toContain(SECRET);
});
