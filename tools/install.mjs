// Installs what a lock file names, with npm, and says from where, how it goes and why it failed. Plain JavaScript without
// dependencies, for Node from 18 up: tools/bootstrap.mjs runs it before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const isWindows = process.platform === 'win32';

/** npm's own defaults wait five minutes for an answer, and ask again after ten seconds. What a user set instead is left alone. */
const PATIENCE = {
  'fetch-timeout': ['300000', '15000'],
  'fetch-retries': ['2', '2'],
  'fetch-retry-mintimeout': ['10000', '500'],
  'fetch-retry-maxtimeout': ['60000', '2000'],
};

/** After so long without a word of npm the user is told that nothing comes. */
const SILENCE_MS = 5000;

const MOST_LINES = 12;

const npmCommand = () =>
  process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : [isWindows ? 'npm.cmd' : 'npm'];

const spawnOptions = (folder) => ({
  cwd: folder,
  shell: isWindows && npmCommand().length === 1,
  // A nested npm must not take over this one's settings (a script's name and the like).
  env: Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
  ),
});

/** withoutSecret takes user and password out of the URLs in a text. */
const withoutSecret = (text) => text.replace(/\/\/[^/\s@]+@/g, '//');

/** npmSettings asks npm for what decides how it fetches. What it doesn't tell, such as a registry with a password, is left out. */
function npmSettings(folder) {
  const [program, ...args] = npmCommand();
  const ask = (names) => {
    const options = { ...spawnOptions(folder), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    const { status, stdout } = spawnSync(program, [...args, 'config', 'get', ...names], options);
    const lines = status === 0 ? stdout.trim().split('\n') : [];
    return lines.flatMap((line) => {
      const [, name, value] = /^([\w-]+)=(.*)$/.exec(line.trim()) ?? [];
      return name === undefined || value === 'null' ? [] : [[name, withoutSecret(value)]];
    });
  };
  const addresses = ['registry', 'https-proxy'];
  const found = ask([...Object.keys(PATIENCE), ...addresses]);
  return Object.fromEntries(found.length > 0 ? found : ask(Object.keys(PATIENCE)));
}

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** isInstalled says whether the node_modules of a folder holds just what the lock file names (npm keeps its own record there). */
export function isInstalled(folder) {
  const wanted = readJson(join(folder, 'package-lock.json'))?.packages;
  const present = readJson(join(folder, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  for (const [path, entry] of Object.entries(present)) {
    if (wanted[path]?.version !== entry.version || wanted[path]?.integrity !== entry.integrity) return false;
  }
  return Object.entries(wanted).every(
    ([path, entry]) => present[path] !== undefined || entry.optional || !path.startsWith('node_modules/'),
  );
}

/**
 * install runs `npm ci` in a folder. It resolves when all is there, and rejects with what went wrong and what to do, in lines.
 * `say` gets a line at a time meanwhile.
 */
export async function install(folder, what, say) {
  const settings = npmSettings(folder);
  const registry = settings.registry ?? 'the registry that npm is set to use';
  const proxy = settings['https-proxy'] ?? process.env.HTTPS_PROXY ?? process.env.https_proxy;
  const way = proxy === undefined || proxy === '' ? '' : `, by way of the proxy ${withoutSecret(proxy)}`;
  say(`fetching ${what}, once, from ${registry}${way}`);
  const patience = Object.entries(PATIENCE).flatMap(([name, [usual, ours]]) =>
    settings[name] === usual ? [`--${name}=${ours}`] : [],
  );
  const heard = await runNpm(
    folder,
    ['ci', '--loglevel=http', '--no-audit', '--no-fund', '--no-update-notifier', ...patience],
    say,
  );
  const missed = [...heard.missed];
  if (heard.status === 0 && missed.length === 0) return;
  // What npm couldn't fetch and thinks optional is no success here, and the next start must not take it for one.
  rmSync(join(folder, 'node_modules', '.package-lock.json'), { force: true });
  const code = heard.status === 0 ? missed[0]?.[1] : heard.code;
  const [cause, advice] = causeOf(code, heard.lines.join('\n'));
  const url = missed.length > 0 ? ` (${missed[0][0]})` : '';
  const lines = heard.lines.filter((line) => !/^\s*(at |[{}]|code:|errno:|$)|complete log of this run/.test(line));
  throw new Error(
    [
      `${what} could not be fetched: ${cause}${url}`,
      `what to do: ${advice}`,
      `registry: ${registry}${way}; folder: ${folder}`,
      ...lines.slice(0, MOST_LINES).map((line) => `npm: ${line}`),
    ].join('\n'),
  );
}

/** runNpm runs npm and gives its exit status, its error code and error lines, and the URLs that it got nothing from. */
async function runNpm(folder, args, say) {
  const [program, ...first] = npmCommand();
  const heard = { status: null, code: undefined, lines: [], missed: new Map() };
  const told = new Set();
  const began = Date.now();
  let last = began;
  const child = spawn(program, [...first, ...args], { ...spawnOptions(folder), stdio: ['ignore', 'ignore', 'pipe'] });
  const hear = (line) => {
    last = Date.now();
    const [, url, fault] = /^npm http fetch GET (\S+) attempt \d+ failed with (\S+)/.exec(line) ?? [];
    const [, answer, from] = /^npm http fetch GET (\d{3}) (\S+)/.exec(line) ?? [];
    const [, error] = /^npm (?:error|ERR!) ?(.*)$/.exec(line) ?? [];
    if (url !== undefined) {
      heard.missed.set(withoutSecret(url), fault);
      if (!told.has(fault)) say(`${withoutSecret(url)}: ${causeOf(fault, '')[0]}; npm tries again`);
      told.add(fault);
    } else if (answer !== undefined) {
      if (Number(answer) < 400) heard.missed.delete(withoutSecret(from));
      else heard.missed.set(withoutSecret(from), `E${answer}`);
    } else if (error !== undefined) {
      heard.code ??= /^code (\S+)$/.exec(error)?.[1];
      heard.lines.push(withoutSecret(error));
    } else if (!/^npm (http|notice|warn|WARN)\b/.test(line)) heard.lines.push(withoutSecret(line));
  };
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line.trimEnd());
  });
  const timer = setInterval(() => {
    if (Date.now() - last < SILENCE_MS) return;
    last = Date.now();
    say(`${Math.round((last - began) / 1000)} s: nothing comes from there; a slow line, or no answer`);
  }, 1000);
  try {
    heard.status = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
  } catch (error) {
    heard.code = error.code === 'ENOENT' ? 'NO_NPM' : error.code;
  } finally {
    clearInterval(timer);
  }
  return heard;
}

const NETWORK =
  'connect this machine, or name a registry that it reaches: npm config set registry URL. ' +
  'Behind a proxy: npm config set https-proxy URL';
const WAIT = 'try again later, or name another registry: npm config set registry URL';

/** What a code of npm or of the operating system means, and what to do. */
const CAUSES = [
  [/^NO_NPM$/, 'there is no npm', 'install Node.js with npm, which belongs to it'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "the registry's name can't be resolved (DNS)", NETWORK],
  [/^(ECONNREFUSED)$/, 'the connection is refused', NETWORK],
  [
    /^(ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|ECONNECTIONTIMEOUT|ERESPONSETIMEOUT)$/,
    'no answer in time',
    NETWORK,
  ],
  [/^FETCH_ERROR$/, 'no usable answer', NETWORK],
  [/^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL)$/, 'there is no way to it in the network', NETWORK],
  [/^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE)$/, 'the connection broke off', NETWORK],
  [
    /^(E?407|EPROXY\w*)$/,
    'the proxy wants to know who asks',
    'npm config set https-proxy http://USER:PASSWORD@HOST:PORT',
  ],
  [
    /CERT|SIGNATURE|SELF_SIGNED|ISSUER|^ERR_TLS|^ERR_SSL|^EPROTO$/,
    'its certificate is not accepted',
    'where a proxy or the registry has a certificate of your own organisation, give its authority: npm config set cafile FILE.pem',
  ],
  [
    /^E40[13]$/,
    'the registry refuses access',
    'sign in: npm login, or put the token that your organisation gives into ~/.npmrc',
  ],
  [
    /^(E404|ETARGET|ENOVERSIONS)$/,
    'the registry has no such package or version',
    'name a registry that has it, or have yours mirror it',
  ],
  [/^E?5\d\d$/, 'the registry answers with a fault', WAIT],
  [/^E?429$/, 'the registry is asked too often', WAIT],
  [/^ENOSPC$/, 'the disk is full', 'make room here and for the cache of npm (npm config get cache)'],
  [/^EDQUOT$/, 'your share of the disk is used up', 'make room here and for the cache of npm (npm config get cache)'],
  [
    /^(EACCES|EPERM|EROFS)$/,
    'you have no right to write there',
    'use a clone in a folder of your own, and a cache of npm that is yours (npm config get cache)',
  ],
  [
    /^EINTEGRITY$/,
    'what came is not what the lock file names',
    'ask who runs the registry; npm cache clean --force drops what is cached',
  ],
  [/^(EUSAGE|ELOCKVERIFY)$/, 'package.json and the lock file disagree', 'take both as they are in the repository'],
];

/** causeOf says in words what a code means, and what to do; `said` is what npm said beside it. */
export function causeOf(code, said) {
  const known = code === 'FETCH_ERROR' && /timeout/i.test(said) ? 'ETIMEDOUT' : (code ?? '');
  const [, cause, advice] = CAUSES.find(([pattern]) => pattern.test(known)) ?? [];
  return cause === undefined
    ? [code ?? 'npm gives no code', 'see what npm says below, and its logs (npm config get cache, folder _logs)']
    : [`${cause}, ${code}`, advice];
}
