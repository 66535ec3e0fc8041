/** `npm run bench`: what the design promises, each figure beside its bound or rival in the same run. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { formatFigure, formatTable } from './subject.ts';
import type { Measurement, Subject } from './subject.ts';
import { SUBJECTS } from './subjects.ts';
import { withSurroundings } from './surroundings.ts';

const DEFAULT_ROUNDS = 5;
const MOST_ROUNDS = 100;
const DEFAULT_MEGABYTES = 100;
const SEGMENTS = 1_000_000;
/** Below this, there are too few segments for some subjects. */
const LEAST_MEGABYTES = 25;
const HELP = `npm run bench [-- OPTIONS]

Measures what the design promises, each figure beside its bound or rival in the same run, in turn, several rounds. It shows the
median of the rounds' ratios and how far they lay apart. A missed bar is shown, and is no failure: the machine may be busy.

  --only NAME      one subject: ${SUBJECTS.map(({ name }) => name).join(', ')}
  --megabytes N    raw bytes of generated log bodies (${DEFAULT_MEGABYTES}); less is faster and says less
  --rounds N       interleaved rounds (${DEFAULT_ROUNDS}); quick subjects take several times as many, and long ones fewer
  --json           print one JSON object
`;

interface Options {
  readonly subjects: readonly Subject[];
  readonly megabytes: number;
  readonly rounds: number;
  readonly isJson: boolean;
}

function parseOptions(): Options | 'help' | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        megabytes: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    const subjects = SUBJECTS.filter(({ name }) => values.only === undefined || values.only === name);
    if (subjects.length === 0) return { wrong: `--only: there is no subject ${String(values.only)}` };
    const megabytes = Number(values.megabytes ?? DEFAULT_MEGABYTES);
    if (!Number.isInteger(megabytes) || megabytes < LEAST_MEGABYTES || megabytes > 1000) {
      return { wrong: `--megabytes must be a whole number from ${LEAST_MEGABYTES} to 1000` };
    }
    const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS) {
      return { wrong: `--rounds must be a whole number from 1 to ${MOST_ROUNDS}` };
    }
    return { subjects, megabytes, rounds, isJson: values.json };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** machine says where the figures come from, and how busy it was before. */
function machine(): Readonly<
  Record<'processor' | 'platform' | 'node', string> & Record<'threads' | 'memoryGb' | 'load', number>
> {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

async function main({ subjects, megabytes, rounds, isJson }: Options): Promise<void> {
  const here = machine();
  const say = (text: string): void => {
    if (!isJson) process.stdout.write(`${text}\n`);
  };
  say(
    `${here.processor}, ${here.threads} threads, ${here.memoryGb} GB; ${here.platform}, Node ${here.node}; load ${here.load}`,
  );
  say(
    `${megabytes} MB of generated log bodies; median of several rounds (least–most); MB are 10^6 bytes of raw bodies`,
  );
  const results: ({ readonly name: string; readonly title: string; readonly seconds: number } & Measurement)[] = [];
  await withSurroundings({ bytes: megabytes * 1e6, rounds, segments: SEGMENTS }, async (surroundings) => {
    for (const subject of subjects) {
      const { name, title } = subject;
      if (isJson) process.stderr.write(`${name}\n`);
      const started = performance.now();
      const { figures, table, notMeasured = [] } = await subject.measure(surroundings);
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      results.push({ name, title, seconds, figures, ...(table && { table }), notMeasured });
      const width = Math.max(...figures.map((figure) => figure.name.length));
      say(`\n${name}: ${title} (${seconds} s)`);
      for (const line of table === undefined ? [] : formatTable(table)) say(line);
      for (const figure of figures) say(formatFigure(figure, width));
      for (const text of notMeasured) say(`  not measured: ${text}`);
    }
  });
  const barred = results.flatMap(({ figures }) => figures).filter(({ bar }) => bar !== undefined);
  const missed = barred.filter(({ isMet }) => isMet === false);
  if (isJson) process.stdout.write(`${JSON.stringify({ machine: here, megabytes, rounds, subjects: results })}\n`);
  say(
    `\n${barred.length - missed.length} of ${barred.length} bars met${missed.length > 0 ? `; not: ${missed.map(({ name }) => name).join('; ')}` : ''}`,
  );
}

const options = parseOptions();
if (options === 'help') process.stdout.write(HELP);
else if ('wrong' in options) {
  process.stderr.write(`bench: ${options.wrong}\n\n${HELP}`);
  process.exitCode = 64;
} else await main(options);
