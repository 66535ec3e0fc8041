/** Tried is what the commands are about. */
export interface Tried {
  /** the ledger's address and that of its tiles, with the right to read */
  readonly ledger: string;
  readonly tlog: string;
  readonly logKey: string;
  readonly auditorKey: string;
  /** the ledger's address with the right to create too */
  readonly writable: string;
  readonly accountId: string;
  /** where the stand-in for Azure Resource Manager is */
  readonly armUrl: string;
  /** the file of evidence, where there is one */
  readonly evidence: string | undefined;
}

/** tryCommands gives commands that are complete: in double quotes, which every shell takes for one word. */
export function tryCommands(tried: Tried): string[] {
  const { ledger, tlog, logKey, auditorKey, writable, accountId, armUrl, evidence } = tried;
  const cli = (...words: readonly string[]): string => ['npm run -s cli --', ...words].join(' ');
  const keys = [`--key "${logKey}"`, `--auditor-key "${auditorKey}"`];
  const source = [`"${ledger}"`, `--tlog "${tlog}"`];
  const arm = [`--resource-id "${accountId}"`, `--arm ${armUrl}`];
  return [
    cli('status', ...source, ...keys),
    cli('verify', ...source, ...keys),
    cli('find', ...source, '--operation SecretGet', keys[0] ?? ''),
    ...(evidence === undefined ? [] : [cli('check', `"${evidence}"`, keys[0] ?? '')]),
    cli('mirror', `"${ledger}"`, './mirror', `--tlog "${tlog}"`),
    cli('show', './mirror', '0 0'),
    cli('posture', `"${ledger}"`, ...arm),
    cli('hold set', `"${writable}"`, ...arm, '--case 117 --who me --why trial'),
    cli('lock', `"${writable}"`, ...arm, '--who me --why trial'),
  ];
}
