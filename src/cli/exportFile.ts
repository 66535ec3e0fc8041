import { basename } from 'node:path';
import { createFile, refuseExisting } from './files.ts';
import { exporterOf, hitFormat, TEXT_FORMATS } from './hits.ts';
import type { FormatOptions } from './hits.ts';
import { printable, warn } from './output.ts';
import { ENDING_SIGNALS } from './signals.ts';
import type { Written } from './sink.ts';
import type { Exporter } from '../export/exporter.ts';
import { MANIFEST_ENDING, formatManifest, queryData } from '../export/manifest.ts';
import type { AskedBeside, ManifestFacts } from '../export/manifest.ts';
import { OcsfExporter } from '../export/ocsf.ts';
import type { Query } from '../find/query.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** FORMATS is what hits are written as. */
export const FORMATS = [...TEXT_FORMATS, 'ocsf', 'parquet'] as const;
export type FormatName = (typeof FORMATS)[number];

/** TOOL is what files say wrote them. */
const TOOL = `auditseal ${packageJson.version}`;

/** makeExporter gives what writes hits in a format. `ledger` is asked for with each, once the search knows. */
export async function makeExporter(
  format: FormatName,
  options: FormatOptions,
  {
    query,
    beside,
    ledger,
  }: { readonly query: Query; readonly beside: AskedBeside; readonly ledger: () => string | undefined },
): Promise<Exporter> {
  if (format === 'ocsf') return new OcsfExporter({ version: packageJson.version, ledger, printable });
  if (format !== 'parquet') return exporterOf(hitFormat(format, options));
  // Whoever writes something else need not wait until this is loaded.
  const { ParquetExporter } = await import('../export/parquet.ts');
  return new ParquetExporter({ tool: TOOL, query: JSON.stringify(queryData(query, beside)) });
}

/** hasManifest tells whether a manifest stands beside a file of this format: beside what programs read, and no table. */
export const hasManifest = (format: FormatName): boolean => format !== 'table';

const manifestOf = (path: string): string => `${path}${MANIFEST_ENDING}`;

/** refuseManifest throws TARGET_INVALID where the name of the manifest is taken. */
export const refuseManifest = async (path: string): Promise<void> => refuseExisting('--out', manifestOf(path));

/** writeManifest writes the manifest of an export beside it, last of all: whatever has none was cut off. */
export async function writeManifest(
  path: string,
  written: Written,
  facts: Omit<ManifestFacts, 'file' | 'tool'>,
): Promise<string> {
  const text = formatManifest({ ...facts, tool: TOOL, file: { name: basename(path), ...written } });
  const shown = text.split('\n').map(printable).join('\n');
  await createFile(manifestOf(path), Buffer.from(shown));
  return manifestOf(path);
}

/** sayingCutOff does what a manifest is written at the end of, and says so of the file if it doesn't come to that. Without a path, it only does it. */
export async function sayingCutOff<T>(path: string | undefined, action: () => Promise<T>): Promise<T> {
  if (path === undefined) return action();
  const cutOff = `${path} has no manifest, so take it for cut off`;
  const end = (signal: NodeJS.Signals): void => {
    warn(`ended by ${signal}: ${cutOff}`);
    // As without this: whoever runs programs one after another has to see that it was ended.
    for (const each of ENDING_SIGNALS) process.off(each, end);
    process.kill(process.pid, signal);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  try {
    return await action();
  } catch (error) {
    warn(cutOff);
    throw error;
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, end);
  }
}
