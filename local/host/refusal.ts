/** Refusal says why the host can't run: 64 when settings or host.json are wrong, 70 when the app is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: 64 | 70;

  constructor(exitCode: 64 | 70, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** messageOf reads the text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
