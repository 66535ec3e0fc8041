import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { AZD } from '../infra/support/serviceRules.ts';
import { readYaml } from '../support/yaml.ts';

interface HookEntry {
  readonly shell: string;
  readonly run: string;
}
interface AzureYaml {
  readonly requiredVersions: Readonly<Record<string, string>>;
  readonly infra: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly hooks: Readonly<Record<string, { readonly posix: HookEntry; readonly windows: HookEntry }>>;
}

const read = async (): Promise<AzureYaml> => (await readYaml('azure.yaml')) as AzureYaml;

/** hasPath tells whether a file has a member: `a.*.b` for any name between, `a.b=c` for a value. */
function hasPath(value: unknown, path: string): boolean {
  const [members = '', wanted] = path.split('=');
  const found = members
    .split('.')
    .reduce<unknown[]>(
      (at, name) =>
        at
          .filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null)
          .flatMap((each) => (name === '*' ? Object.values(each) : Object.hasOwn(each, name) ? [each[name]] : [])),
      [value],
    );
  return found.some((each) => wanted === undefined || each === wanted);
}

const numbersOf = (version: string): number[] => version.split('.').map(Number);

/** isBefore compares versions of three numbers. */
function isBefore(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const at = left.findIndex((number, i) => number !== right[i]);
  return at >= 0 && (left[at] as number) < (right[at] as number);
}

test('both apps get the folder that `npm run package` makes, and nothing is built on Azure', async () => {
  const { services } = await read();
  expect(Object.keys(services)).toEqual(['sealer', 'auditor']);
  for (const service of Object.values(services))
    expect(service).toEqual({ project: './package', host: 'function', language: 'js', remoteBuild: 'false' });
  expect(readFileSync(join(ROOT, 'tools/package.ts'), 'utf8')).toContain("join(ROOT, 'package')");
});

test('every feature of azd that is used is on by default', async () => {
  const yaml = await read();
  for (const { language = '' } of Object.values(yaml.services)) expect(AZD.languages).toContain(language);
  expect(Object.keys(AZD.alpha).filter((path) => hasPath(yaml, path))).toEqual([]);
  expect(hasPath({ services: { a: { language: 'custom' } } }, 'services.*.language=custom')).toBe(true);
  expect(hasPath({ services: { a: { language: 'js' } } }, 'services.*.language=custom')).toBe(false);
});

test('an azd that is too old for the file refuses it', async () => {
  const yaml = await read();
  expect(
    Object.keys(yaml.requiredVersions).filter((name) => !AZD.requiredVersions.some((one) => one === name)),
  ).toEqual([]);
  const [, least = ''] = /^>= (\d+\.\d+\.\d+)$/.exec(yaml.requiredVersions['azd'] ?? '') ?? [];
  expect(least).toBe(AZD.read);
  for (const [path, version] of Object.entries(AZD.since)) {
    expect({ path, isUsed: hasPath(yaml, path) }).toEqual({ path, isUsed: true });
    expect({ path, isTooOld: isBefore(least, version) }).toEqual({ path, isTooOld: false });
  }
  expect([isBefore('1.9.0', '1.10.0'), isBefore('1.10.0', '1.9.9'), isBefore('1.2.3', '1.2.3')]).toEqual([
    true,
    false,
    false,
  ]);
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
  expect(Object.keys(hooks)).toEqual(['preprovision', 'postprovision', 'prepackage', 'predeploy', 'predown', 'postup']);
  const known = readFileSync(join(ROOT, 'tools/azd/hook.ts'), 'utf8');
  for (const [event, { posix, windows }] of Object.entries(hooks)) {
    const name = { prepackage: 'package', predeploy: 'package', postup: 'doctor' }[event] ?? event;
    // What doctor finds after a deployment must not look like a deployment that failed.
    const more = event === 'postup' ? { continueOnError: 'true' } : {};
    expect(posix).toEqual({ shell: 'sh', run: `sh infra/hooks/hook.sh ${name}`, ...more });
    expect(windows).toEqual({ shell: 'pwsh', run: `./infra/hooks/hook.ps1 ${name}; exit $LASTEXITCODE`, ...more });
    expect(known).toMatch(new RegExp(String.raw`HOOKS\b[^;]*\b${name}\b`));
  }
  for (const script of ['hook.sh', 'hook.ps1']) {
    const text = readFileSync(join(ROOT, 'infra/hooks', script), 'utf8');
    expect(text).toContain('node tools/bootstrap.mjs tools/azd/hook.ts');
  }
});
