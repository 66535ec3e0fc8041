import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools/pages/markedBlock.ts';
import { readYaml } from './support/yaml.ts';

type Permissions = Readonly<Record<string, string>>;
interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Permissions;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Permissions;
        readonly environment?: string;
        readonly needs?: string;
        readonly 'timeout-minutes'?: string;
        readonly steps: readonly Step[];
      }
    >
  >;
}

const FOLDER = '.github/workflows';
const files = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const workflows = new Map<string, Workflow>();
beforeAll(async () => {
  for (const file of files) workflows.set(file, (await readYaml(file)) as Workflow);
});

const jobs = () =>
  [...workflows].flatMap(([file, { jobs }]) => Object.entries(jobs).map(([name, job]) => ({ file, name, job })));
const steps = () => jobs().flatMap(({ file, job }) => job.steps.map((step) => ({ file, ...step })));

test('there are the four that are spoken of, and steps in them', () => {
  expect(files.map((file) => file.slice(FOLDER.length + 1)).toSorted()).toEqual([
    'azure-dev.yml',
    'ci.yml',
    'release.yml',
    'what-if.yml',
  ]);
  expect(steps().length).toBeGreaterThan(20);
});

test('a workflow may read the sources, and a job just what its work takes besides', () => {
  for (const { permissions } of workflows.values()) expect(permissions).toEqual({ contents: 'read' });
  const more = jobs().flatMap(({ file, name, job }) =>
    job.permissions === undefined ? [] : [[`${file.slice(FOLDER.length + 1)} ${name}`, job.permissions]],
  );
  expect(Object.fromEntries(more)).toEqual({
    'what-if.yml what-if': { contents: 'read', 'id-token': 'write', 'pull-requests': 'write' },
    'azure-dev.yml build': { contents: 'read', 'id-token': 'write', attestations: 'write' },
    'azure-dev.yml deploy': { contents: 'read', 'id-token': 'write', attestations: 'read' },
    'release.yml build': { contents: 'read', 'id-token': 'write', attestations: 'write' },
    'release.yml publish': { contents: 'write', attestations: 'read' },
    'release.yml npm': { contents: 'read', 'id-token': 'write' },
  });
});

test('a release is of a tag alone: checked before it is built, attested before it is published, by somebody who agrees', () => {
  const { on, jobs: of } = workflows.get(`${FOLDER}/release.yml`) as Workflow;
  expect(on).toEqual({ push: { tags: ['v*'] } });
  const runs = (name: string): string => (of[name]?.steps ?? []).map(({ run = '' }) => run).join('\n');
  expect(runs('check')).toMatch(/tools\/releaseNotes\.ts "\$GITHUB_REF_NAME"[^]*bash \.ci\/run/);
  expect(['build', 'publish', 'npm'].map((name) => of[name]?.needs)).toEqual(['check', 'build', 'publish']);
  expect(runs('build')).toContain('sha256sum --check web/check.html.sha256');
  expect(runs('publish')).toMatch(/gh attestation verify[^]*gh release create/);
  // What writes runs nothing of the checkout, and after somebody agreed.
  for (const name of ['publish', 'npm']) {
    expect(of[name]?.environment).toBe('release');
    expect(of[name]?.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))).toEqual([]);
  }
  const told = textOf('CONTRIBUTING.md');
  for (const name of ['`release`', 'NPM_PUBLISH', 'CHANGELOG.md', 'npm version']) expect(told).toContain(name);
});

test('every action is pinned by a commit, has its version beside it, and is the same everywhere', () => {
  const pins = new Map<string, string>();
  for (const file of files) {
    const lines = textOf(file)
      .split('\n')
      .filter((line) => /\buses:/.test(line));
    for (const line of lines) {
      const [, action = '', commit = '', version = ''] =
        /^ *- uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(line) ?? [];
      expect({ file, line, isPinned: action !== '' }).toEqual({ file, line, isPinned: true });
      expect(pins.get(action) ?? `${commit} ${version}`).toBe(`${commit} ${version}`);
      pins.set(action, `${commit} ${version}`);
    }
  }
  expect(steps().filter(({ uses }) => uses !== undefined).length).toBeGreaterThan(10);
});

test('no secret is stored: sign-ins are by OIDC, and the one token is that of the run', () => {
  for (const file of files) {
    expect(textOf(file)).not.toMatch(/\bsecrets\b/);
    expect(textOf(file)).not.toMatch(/pull_request_target|client-secret|creds:/);
  }
  const signIns = steps().filter(({ uses }) => uses?.startsWith('azure/login@'));
  expect(signIns).toHaveLength(2);
  for (const { with: given } of signIns)
    expect(Object.keys(given ?? {})).toEqual(['client-id', 'tenant-id', 'subscription-id']);
});

test('checkouts leave no token behind, and every job ends in time', () => {
  const checkouts = steps().filter(({ uses }) => uses?.startsWith('actions/checkout@'));
  expect(checkouts.map(({ with: given }) => given?.['persist-credentials'])).toEqual(checkouts.map(() => 'false'));
  expect(jobs().filter(({ job }) => job['timeout-minutes'] === undefined)).toEqual([]);
});

test('nothing that somebody else wrote gets into a shell by way of an expression', () => {
  const runs = steps().flatMap(({ file, run }) => (run === undefined ? [] : [{ file, run }]));
  expect(runs.length).toBeGreaterThan(8);
  expect(runs.filter(({ run }) => run.includes('${{'))).toEqual([]);
});

test('programs that steps run are there', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const text = steps()
    .map(({ run }) => run ?? '')
    .join('\n');
  for (const [, script] of text.matchAll(/npm run (?:--silent )?([\w-]+)/g))
    expect(scripts).toHaveProperty([script as string]);
  const paths = [...text.matchAll(/\b(?:bash|sh) ([\w./]+)|--parameters ([\w./]+)/g)].map(
    ([, a, b]) => (a ?? b) as string,
  );
  for (const [, path] of text.matchAll(/\b(tools\/[\w/]+\.(?:ts|mjs))\b/g)) paths.push(path as string);
  expect(paths).toEqual(expect.arrayContaining(['.ci/run', 'infra/hooks/hook.sh', 'infra/main.bicepparam']));
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('what-if asks for no right to write, and the page names each right that it needs', () => {
  const [line = ''] = /az deployment sub what-if .*/.exec(textOf(`${FOLDER}/what-if.yml`)) ?? [];
  expect(line).toContain('--validation-level ProviderNoRbac');
  const page = textOf('docs/deploy.md');
  for (const right of ['whatIf/action', 'validate/action'])
    expect(page).toContain(`"Microsoft.Resources/deployments/${right}"`);
  expect(page).not.toMatch(/"Microsoft\.Resources\/deployments\/(\*|write)"/);
});

test('what deploys does so in an environment of GitHub, and the page makes a credential for that and no branch', () => {
  const deploying = jobs().filter(({ job }) => job.steps.some(({ run }) => run?.startsWith('azd auth login') === true));
  expect(deploying.map(({ job }) => job.environment)).toEqual(['auditseal']);
  const page = textOf('docs/deploy.md');
  const subjects = [...page.matchAll(/--subject (\S+)/g)].map(([, subject]) => subject);
  expect(subjects).toEqual(['repo:OWNER/REPOSITORY:environment:auditseal']);
  expect(page).toMatch(/^az identity federated-credential delete /m);
});

test('it runs every day', () => {
  expect(workflows.get(`${FOLDER}/ci.yml`)?.on).toMatchObject({ schedule: [{ cron: expect.any(String) as string }] });
});

test('the pipeline gets every setting of the template but the one that is found out', async () => {
  const { pipeline } = (await readYaml('azure.yaml')) as { pipeline: { variables: string[] } };
  const read = textOf('infra/main.bicepparam').matchAll(/readEnvironmentVariable\('(AUDITSEAL_\w+)'/g);
  const names = [...new Set([...read].map(([, name]) => name as string))].filter(
    (name) => name !== 'AUDITSEAL_POLICY_STATE',
  );
  expect(pipeline.variables.toSorted()).toEqual(names.toSorted());
  const deploy = textOf(`${FOLDER}/azure-dev.yml`);
  for (const name of [
    'AZURE_CLIENT_ID',
    'AZURE_TENANT_ID',
    'AZURE_SUBSCRIPTION_ID',
    'AZURE_ENV_NAME',
    'AZURE_LOCATION',
  ])
    expect(deploy).toContain(`${name}: \${{ vars.${name} }}`);
});
