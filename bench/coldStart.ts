import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSignerKey, generateSignerKey } from '../src/core/note/signerKey.ts';
import { readResult } from './child.ts';
import { spreadOf } from './measure.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';

const LEAST_ROUNDS = 11;

/** What the app is told where it runs; the addresses are nobody's, and nothing is asked of them at start. */
const SETTINGS = {
  HUB: 'Endpoint=sb://127.0.0.1;SharedAccessKeyName=bench;SharedAccessKey=bench',
  HUB_NAME: 'audit',
  HUB_CONSUMER_GROUP: 'ingest',
  WATCH_SCHEDULE: '50 * * * * *',
  INTEGRATE_SCHEDULE: '*/30 * * * * *',
  VERIFY_SCHEDULE: '0 */5 * * * *',
  LEDGER_SIGNER_KEY: formatSignerKey(generateSignerKey('bench.example.com/ledger')),
  LEDGER: 'BlobEndpoint=http://127.0.0.1/bench;SharedAccessSignature=sig=bench',
  LEDGER_ORIGIN: 'bench.example.com/ledger',
};

/** The host brings this package; as little of it as the library needs to register a function. */
const CORE = `
exports.version = '4.0.0';
exports.setProgrammingModel = () => {};
exports.registerFunction = () => {};
exports.registerHook = () => {};
exports.Disposable = class {};
exports.log = () => {};
`;

/** Tells at the end what processor time the process took, which says more than a clock on a busy machine. */
const TELL = `data:text/javascript,${encodeURIComponent(`
import { writeSync } from 'node:fs';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeSync(3, String((user + system) / 1000));
});
`)}`;

interface Start {
  readonly ms: number;
  readonly processorMs: number;
}

async function measure({ rounds, folder, app }: Surroundings): Promise<Measurement> {
  const place = await folder();
  const core = join(place, 'node_modules', '@azure', 'functions-core');
  await mkdir(core, { recursive: true });
  await writeFile(join(core, 'index.js'), CORE);
  await cp(join(await app(), 'dist'), join(place, 'dist'), { recursive: true });
  await writeFile(join(place, 'empty.mjs'), '');
  const env = { ...process.env, ...SETTINGS };
  const start = async (file: string): Promise<Start> => {
    const started = performance.now();
    const processorMs = await readResult<number>([process.execPath, '--import', TELL, join(place, file)], { env });
    return { ms: performance.now() - started, processorMs };
  };
  const empty: Start[] = [];
  const ingest: Start[] = [];
  for (let round = -1; round < Math.max(rounds, LEAST_ROUNDS); round++) {
    const [without, with_] = [await start('empty.mjs'), await start(join('dist', 'functions', 'ingest.mjs'))];
    if (round < 0) continue; // the files were not in memory
    empty.push(without);
    ingest.push(with_);
  }
  const of = (starts: readonly Start[], what: keyof Start): number[] => starts.map((one) => one[what]);
  const added = (what: keyof Start): number[] => ingest.map((one, round) => one[what] - (empty[round] as Start)[what]);
  return {
    figures: [
      figure('empty Node process', 'ms', spreadOf(of(empty, 'ms'))),
      figure('with the ingest bundle', 'ms', spreadOf(of(ingest, 'ms'))),
      figure('what the bundle adds', 'ms', spreadOf(added('ms')), { is: 'at most', value: 150 }),
      figure('the same in processor time', 'ms', spreadOf(added('processorMs'))),
    ],
  };
}

/** coldStart measures what loading the ingest bundle adds to the start of a process. */
export const coldStart: Subject = { name: 'cold-start', title: 'cold start of the ingest bundle', measure };
