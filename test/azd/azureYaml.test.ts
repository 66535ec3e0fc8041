import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { readYaml } from '../support/yaml.ts';

interface HookEntry {
  readonly shell: string;
  readonly run: string;
}
interface AzureYaml {
  readonly infra: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly hooks: Readonly<Record<string, { readonly posix: HookEntry; readonly windows: HookEntry }>>;
}

const read = async (): Promise<AzureYaml> => (await readYaml('azure.yaml')) as AzureYaml;

test('both apps get the folder that `npm run package` makes, as it is', async () => {
  const { services } = await read();
  expect(Object.keys(services)).toEqual(['sealer', 'auditor']);
  for (const service of Object.values(services))
    expect(service).toEqual({
      project: '.',
      host: 'function',
      language: 'custom',
      dist: 'package',
      remoteBuild: 'false',
    });
  expect(readFileSync(join(ROOT, 'tools/package.ts'), 'utf8')).toContain("join(ROOT, 'package')");
  // With this file azd would leave out what it names, and might build on Azure after all.
  expect(existsSync(join(ROOT, '.funcignore'))).toBe(false);
});

test('the services are the apps of the template', async () => {
  const { services, infra } = await read();
  const apps = JSON.parse(readFileSync(join(ROOT, 'infra/functionApps.json'), 'utf8')) as object;
  expect(Object.keys(services)).toEqual(Object.keys(apps));
  expect(existsSync(join(ROOT, infra['path'] ?? '', `${infra['module']}.bicep`))).toBe(true);
});

test('the template reads what the hook found out', () => {
  const parameters = readFileSync(join(ROOT, 'infra/main.bicepparam'), 'utf8');
  expect(parameters).toContain(
    "param isPolicyLocked = readEnvironmentVariable('AUDITSEAL_POLICY_STATE', 'Unlocked') == 'Locked'",
  );
});

test('every hook runs the same program on Linux, macOS and Windows', async () => {
  const { hooks } = await read();
  expect(Object.keys(hooks)).toEqual(['preprovision', 'postprovision', 'prepackage', 'predeploy', 'predown']);
  const known = readFileSync(join(ROOT, 'tools/azd/hook.ts'), 'utf8');
  for (const [event, { posix, windows }] of Object.entries(hooks)) {
    const name = ['prepackage', 'predeploy'].includes(event) ? 'package' : event;
    expect(posix).toEqual({ shell: 'sh', run: `sh infra/hooks/hook.sh ${name}` });
    expect(windows).toEqual({ shell: 'pwsh', run: `./infra/hooks/hook.ps1 ${name}; exit $LASTEXITCODE` });
    expect(known).toMatch(new RegExp(String.raw`HOOKS\b[^;]*\b${name}\b`));
  }
  for (const script of ['hook.sh', 'hook.ps1']) {
    const text = readFileSync(join(ROOT, 'infra/hooks', script), 'utf8');
    expect(text).toContain('node tools/bootstrap.mjs tools/azd/hook.ts');
  }
});
