import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../../tools/pages/markedBlock.ts';
import { compilerAdvice, findCompiler } from './compiler.ts';
import { CompilerServer } from './compilerServer.ts';
import type { Evaluated } from './compilerServer.ts';
import { SETS } from './parameterSets.ts';
import type { SetName } from './parameterSets.ts';
import { resolve } from './runtimeValues.ts';
import type { Json } from './runtimeValues.ts';

const INFRA = join(ROOT, 'infra');
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const TENANT = '00000000-0000-0000-0000-000000000002';

/** Resource is a resource as it would be deployed. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly location?: string;
  readonly properties?: Properties;
  readonly [member: string]: unknown;
}

export type Properties = { readonly [name: string]: Json };

/** Deployment is a template, evaluated with one set of parameters. */
export interface Deployment {
  readonly resources: readonly Resource[];
  readonly outputs: Properties;
  /** the same as the compiler gives it, with expressions for what Azure alone knows */
  readonly snapshot: string;
}

type Scope = 'subscription' | 'tenant' | 'managementGroup';

/** MANAGEMENT_GROUP is the one that templates of that scope are evaluated for. */
export const MANAGEMENT_GROUP = 'corp';

/** Templates runs the compiler on the project's templates. */
export class Templates {
  readonly #compiler: string;
  readonly #evaluated = new Map<SetName, Promise<Deployment>>();
  #server: CompilerServer | undefined;

  constructor(compiler: string) {
    this.#compiler = compiler;
  }

  /** run gives everything that the compiler prints; an exit code other than 0 shows in it as text. */
  run(args: readonly string[], folder = INFRA, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(AZURE|AUDITSEAL)_/.test(name));
    const options = { cwd: folder, env: { ...Object.fromEntries(kept), ...env }, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((done) => {
      execFile(this.#compiler, args, options, (error, stdout, stderr) => {
        done(`${stdout}${stderr}${error === null ? '' : `exit code ${String(error.code)}`}`);
      });
    });
  }

  /** evaluate gives what a set of parameters deploys. Results are kept, by what the templates say, in .cache/. */
  evaluate(set: SetName): Promise<Deployment> {
    const known = this.#evaluated.get(set) ?? this.#read(set);
    this.#evaluated.set(set, known);
    return known;
  }

  /** format gives every template as the formatter writes it, by name. */
  async format(): Promise<{ readonly name: string; readonly text: string }[]> {
    const folder = await mkdtemp(join(tmpdir(), 'infra-'));
    try {
      await cp(INFRA, folder, { recursive: true });
      const newline = ['--newline-kind', 'LF', '--insert-final-newline'];
      const parameters = (await templateFiles(folder)).filter(({ name }) => name.endsWith('.bicepparam'));
      for (const files of [['--pattern', '**/*.bicep'], ...parameters.map(({ name }) => [name, '--outfile', name])]) {
        const printed = await this.run(['format', ...files, ...newline], folder);
        if (printed !== '') throw new Error(printed);
      }
      return (await templateFiles(folder))
        .filter(({ name }) => /\.bicep(param)?$/.test(name))
        .map(({ name, bytes }) => ({ name, text: bytes.toString('utf8') }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** compile gives the same from a compiler of its own, which reads the environment itself. */
  async compile(set: SetName): Promise<string> {
    return this.#snapshot(await readFile(join(INFRA, 'main.bicepparam'), 'utf8'), SETS[set]);
  }

  /**
   * evaluateFile gives what a file of parameters deploys to a subscription, a tenant or a management group, as if it lay in infra/, or throws
   * what the compiler says against it. Both are kept as `evaluate` keeps its results.
   */
  async evaluateFile(parameters: string, to: Scope = 'subscription'): Promise<Deployment> {
    const { snapshot, refusal } = JSON.parse(
      await this.#kept('file', [parameters, to], async () => JSON.stringify(await this.#served(parameters, to))),
    ) as { readonly snapshot: string; readonly refusal?: string };
    if (refusal !== undefined) throw new Error(refusal);
    return toDeployment(snapshot);
  }

  /** build gives what the compiler makes of a template of infra/. It is kept, too. */
  async build(name: string): Promise<unknown> {
    const built = await this.#kept('build', name, async () => {
      const printed = await this.run(['build', `${name}.bicep`, '--stdout']);
      JSON.parse(printed);
      return printed;
    });
    return JSON.parse(built);
  }

  /** #served asks the running compiler. */
  async #served(parameters: string, to: Scope): Promise<Evaluated> {
    const folder = await mkdtemp(join(tmpdir(), 'infra-'));
    try {
      await cp(INFRA, folder, { recursive: true });
      const path = join(folder, 'evaluated.bicepparam');
      await writeFile(path, parameters);
      const scopes = {
        subscription: { subscriptionId: SUBSCRIPTION },
        tenant: {},
        managementGroup: { managementGroupId: MANAGEMENT_GROUP },
      };
      this.#server ??= new CompilerServer(this.#compiler);
      const metadata = { ...scopes[to], tenantId: TENANT, location: 'westeurope' };
      const evaluated = await this.#server.evaluate({ path, metadata });
      return 'snapshot' in evaluated ? { snapshot: inOrder(evaluated.snapshot) } : evaluated;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** close ends the running compiler, if one was asked. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** #snapshot asks a compiler of its own, whose environment is the one of azd. */
  async #snapshot(parameters: string, env: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'infra-'));
    try {
      await cp(INFRA, folder, { recursive: true });
      await writeFile(join(folder, 'evaluated.bicepparam'), parameters);
      const where = ['--subscription-id', SUBSCRIPTION, '--tenant-id', TENANT, '--location', 'westeurope'];
      const command = ['snapshot', 'evaluated.bicepparam', '--mode', 'overwrite', ...where];
      const printed = await this.run(command, folder, env);
      if (printed !== '') throw new Error(printed);
      return inOrder(await readFile(join(folder, 'evaluated.snapshot.json'), 'utf8'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #read(set: SetName): Promise<Deployment> {
    const snapshot = await this.#kept(set, SETS[set], async () => {
      const parameters = await readFile(join(INFRA, 'main.bicepparam'), 'utf8');
      const evaluated = await this.#served(withEnvironment(parameters, SETS[set]), 'subscription');
      if ('refusal' in evaluated) throw new Error(evaluated.refusal);
      return evaluated.snapshot;
    });
    return toDeployment(snapshot);
  }

  /** #kept gives what was made of the same question, templates and compiler before, or makes it. */
  async #kept(name: string, question: unknown, make: () => Promise<string>): Promise<string> {
    const key = createHash('sha256').update(JSON.stringify(question)).update(this.#compiler);
    for (const { name, bytes } of await templateFiles()) key.update(name).update(bytes);
    const folder = join(ROOT, '.cache', 'infra');
    const kept = join(folder, `${name}-${key.digest('hex').slice(0, 16)}.json`);
    return readFile(kept, 'utf8').catch(async () => {
      const made = await make();
      await mkdir(folder, { recursive: true });
      const partial = `${kept}.${process.pid}.partial`;
      await writeFile(partial, made);
      await rename(partial, kept);
      return made;
    });
  }
}

/** withEnvironment has values of an environment where a file of parameters reads them: the running compiler has another environment. */
function withEnvironment(parameters: string, env: Readonly<Record<string, string>>): string {
  const literal = (text: string): string => `'${text.replaceAll(/[\\']|\$(?=\{)/g, '\\$&').replaceAll('\n', '\\n')}'`;
  return parameters.replaceAll(
    /readEnvironmentVariable\('(\w+)', ('[^']*')\)/g,
    (_, name: string, otherwise: string) => {
      const value = env[name];
      return value === undefined ? otherwise : literal(value);
    },
  );
}

function toDeployment(snapshot: string): Deployment {
  const { predictedResources, outputs, diagnostics } = JSON.parse(snapshot) as Readonly<Record<string, Json>>;
  if ((diagnostics as readonly Json[]).length > 0) throw new Error(JSON.stringify(diagnostics));
  return {
    resources: resolve((predictedResources as readonly Json[]).map(withoutRule)) as unknown as readonly Resource[],
    outputs: resolve(outputs as Json) as Properties,
    snapshot,
  };
}

/** withoutRule leaves out a policy's rule: the compiler evaluates all of a template but that, which is one of Azure's own. */
function withoutRule(resource: Json): Json {
  const { type, properties, ...rest } = resource as Record<string, Json>;
  if (type !== 'Microsoft.Authorization/policyDefinitions') return resource;
  const { policyRule: _, ...others } = properties as Record<string, Json>;
  return { ...rest, type, properties: others };
}

/** inOrder sorts the outputs, whose order differs from run to run. */
function inOrder(snapshot: string): string {
  const { outputs, ...rest } = JSON.parse(snapshot) as { readonly outputs: Properties };
  const sorted = Object.fromEntries(Object.entries(outputs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...rest, outputs: sorted }, null, 2)}\n`;
}

/** templateFiles gives every file of infra/, or of a copy, with its content, in order of names. */
export async function templateFiles(folder = INFRA): Promise<{ readonly name: string; readonly bytes: Buffer }[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.toSorted().map(async (path) => ({ name: path.slice(folder.length + 1), bytes: await readFile(path) })),
  );
}

const compiler = await findCompiler();

/**
 * describeTemplates is `describe` for tests that need the compiler. Where there is none it leaves a note among the
 * results that they could not run, and why; where CI is set that is a failure.
 */
export function describeTemplates(what: string, tests: (templates: Templates) => void): void {
  if (compiler !== undefined) {
    const templates = new Templates(compiler);
    describe(what, () => {
      afterAll(() => templates.close());
      tests(templates);
    });
  } else if (process.env['CI'] === undefined) {
    test.todo(`${what}: could not run: ${compilerAdvice}`);
  } else {
    test(what, () => {
      throw new Error(compilerAdvice);
    });
  }
}
