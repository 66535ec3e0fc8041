import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { refusalOfSecrets } from '../secrets.ts';

export const HELP = `npm start -- [options]: the whole of Auditseal on this machine, without a cloud

  --once            end after the recheck, with its exit status, instead of staying up
  --input DIR       send every file of DIR as one event body, byte for byte (default: the examples in local/examples)
  --repeat N        send everything N times (default: 1)
  --partitions N    partitions of the event hub (default: 4)
  --data DIR        keep the state in DIR; a second start goes on with the same ledger, and sends its events again
  --out DIR         write a mirror of the ledger and its log to DIR, and evidence of a record to DIR.evidence.json
  --key-vault       sign the log with a key in a stand-in for Azure Key Vault too
  --serve           only the stand-ins, at the ports and with the keys of local.settings.example.json, for func start
  --json            one JSON object on standard output at the end, everything else on standard error
                    (npm prints a line of its own first: use npm start --silent -- --json)
`;

export interface StartOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly serve: boolean;
  readonly keyVault: boolean;
  readonly input?: string;
  readonly repeat: number;
  readonly partitions: number;
  readonly dataDir?: string;
  readonly out?: string;
}

/** parseStartOptions reads the command line, or says what is wrong with it. Paths are relative to where the user is. */
export function parseStartOptions(
  args: readonly string[],
  from: string,
): StartOptions | { readonly wrong: string } | 'help' {
  const refusal = refusalOfSecrets(args);
  if (refusal !== undefined) return { wrong: refusal };
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        serve: { type: 'boolean', default: false },
        'key-vault': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        input: { type: 'string' },
        repeat: { type: 'string', default: '1' },
        partitions: { type: 'string', default: '4' },
        data: { type: 'string' },
        out: { type: 'string' },
      },
    }));
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return 'help';
  const repeat = Number(values.repeat);
  const partitions = Number(values.partitions);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 1_000_000)
    return { wrong: '--repeat takes a whole number from 1 to 1,000,000' };
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 32)
    return { wrong: '--partitions takes a whole number from 1 to 32' };
  const { 'key-vault': keyVault } = values;
  if (
    values.serve &&
    (values.once || values.json || keyVault || values.input !== undefined || values.out !== undefined)
  ) {
    return { wrong: '--serve goes with --partitions and --data alone' };
  }
  return {
    once: values.once,
    json: values.json,
    serve: values.serve,
    keyVault,
    repeat,
    partitions,
    ...(values.input !== undefined && { input: resolve(from, values.input) }),
    ...(values.data !== undefined && { dataDir: resolve(from, values.data) }),
    ...(values.out !== undefined && { out: resolve(from, values.out) }),
  };
}
