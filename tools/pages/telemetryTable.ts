/**
 * Writes what others need of the table of log lines: `node tools/pages/telemetryTable.ts`. infra/telemetry.json is for queries and
 * alerts, the table in docs/operations.md for people.
 */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import { LINES } from '../../src/ports/telemetry.ts';
import type { FieldKind, Level, LineShape } from '../../src/ports/lines/lineShape.ts';
import { ROOT, writeBlock } from './markedBlock.ts';
import { formatTable } from './formatTable.ts';

export const TELEMETRY_JSON = 'infra/telemetry.json';

interface ExportedLine {
  readonly level: Level;
  /** the first file that logs it */
  readonly file: string;
  readonly fields: readonly string[];
  /** the section of docs/runbook.md, or in braces the field that names it; none of level info */
  readonly runbook?: string;
}

const TABLE: readonly (readonly [string, LineShape])[] = Object.entries(LINES);

/** loggingFiles finds the files that log each message. */
export async function loggingFiles(): Promise<ReadonlyMap<string, readonly string[]>> {
  const files = new Map<string, string[]>();
  for (const entry of await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(ROOT.length + 1).replaceAll('\\', '/');
    for (const [, message] of (await readFile(path, 'utf8')).matchAll(/\blog\.(?:info|warn|error)\('([^']+)'/g)) {
      files.set(message as string, [...(files.get(message as string) ?? []), name].toSorted());
    }
  }
  return files;
}

/** exportTelemetry gives the table as queries read it: messages, each with its level, the names of its fields and its section. */
export async function exportTelemetry(): Promise<Readonly<Record<string, ExportedLine>>> {
  const files = await loggingFiles();
  return Object.fromEntries(
    TABLE.map(([message, { level, fields, runbook }]) => [
      message,
      {
        level,
        file: files.get(message)?.[0] ?? '',
        fields: Object.keys(fields),
        ...(runbook !== undefined && { runbook: typeof runbook === 'string' ? runbook : `{${runbook.field}}` }),
      },
    ]),
  );
}

/** formatTelemetry prints the table for people. */
export function formatTelemetry(): string {
  const ofField = ([name, kind]: [string, FieldKind]): string =>
    `\`${name}\`${kind === 'bytes' || kind === 'count' ? ` (${kind})` : ''}`;
  const link = (runbook: LineShape['runbook']): string => {
    if (runbook === undefined) return '';
    return typeof runbook === 'string' ? `[${runbook}](runbook.md#${runbook})` : `its \`${runbook.field}\``;
  };
  const rows = TABLE.map(([message, { level, fields, runbook, means }]) => [
    level,
    `\`${message}\``,
    Object.entries(fields).map(ofField).join(', '),
    means,
    link(runbook),
  ]);
  const rank = (level: string | undefined): number => ['error', 'warn', 'info'].indexOf(level ?? '');
  const sorted = rows.toSorted(([a], [b]) => rank(a) - rank(b));
  return formatTable(['level', 'message', 'fields', 'means', 'runbook'], sorted);
}

if (import.meta.main) {
  const text = JSON.stringify(await exportTelemetry());
  await writeFile(join(ROOT, TELEMETRY_JSON), await format(text, { parser: 'json', printWidth: 120 }));
  await writeBlock('docs/operations.md', 'telemetry', formatTelemetry());
}
