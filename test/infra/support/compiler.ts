import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The version that is restored; one that is found must be as new, because snapshots came late and change their form. */
const VERSION = '0.49.2';

const EXE = process.platform === 'win32' ? 'bicep.exe' : 'bicep';

/** compilerAdvice is what to do where there is no compiler. */
export const compilerAdvice = `no Bicep compiler: put bicep ${VERSION} or newer on the PATH, run "az bicep install", or install the .NET SDK`;

/** findCompiler gives the path of the Bicep compiler: on the PATH, of the Azure CLI, or restored from NuGet. */
export async function findCompiler(): Promise<string | undefined> {
  const azure = process.env['AZURE_CONFIG_DIR'] ?? join(homedir(), '.azure');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(azure, 'bin')].filter((name) => name !== '');
  for (const path of folders.map((folder) => join(folder, EXE))) {
    if ((await isProgram(path)) && (await isNewEnough(path))) return path;
  }
  return restore();
}

/** isProgram tells whether a file can be run. A package that is being unpacked by another process has one that can't yet. */
const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

async function isNewEnough(path: string): Promise<boolean> {
  const numbers = (text: string): number[] => text.split('.').map(Number);
  const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
  const [, found] = /version (\d+\.\d+\.\d+)/.exec(stdout) ?? [];
  if (found === undefined) return false;
  const [major = 0, minor = 0] = numbers(found);
  const [leastMajor = 0, leastMinor = 0] = numbers(VERSION);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** restore takes the compiler from NuGet with the .NET SDK. The compiler itself needs no .NET. */
async function restore(): Promise<string | undefined> {
  const system = { linux: 'linux', darwin: 'osx', win32: 'win' }[process.platform as string];
  if (system === undefined) return undefined;
  const name = `Azure.Bicep.CommandLine.${system}-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'auditseal', 'nuget');
  const path = join(cache, name.toLowerCase(), VERSION, 'tools', EXE);
  if (await isProgram(path)) return path;

  const folder = await mkdtemp(join(tmpdir(), 'bicep-'));
  try {
    const project = join(folder, 'restore.csproj');
    await writeFile(
      project,
      `<Project Sdk="Microsoft.NET.Sdk">
        <PropertyGroup>
          <TargetFramework>netstandard2.0</TargetFramework>
          <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
        </PropertyGroup>
        <ItemGroup><PackageDownload Include="${name}" Version="[${VERSION}]" /></ItemGroup>
      </Project>`,
    );
    const env = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
    await run('dotnet', ['restore', project, `-p:RestorePackagesPath=${cache}`], { env });
    await chmod(path, 0o755);
    return path;
  } catch (error) {
    // No SDK is one way to have no compiler. Anything else is worth seeing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
