import { createInterface } from 'node:readline/promises';
import { unusable } from './usage.ts';
import type { ArmConnection } from '../adapters/arm.ts';

/** Outside is what commands that work on Azure Resource Manager need of the world besides TARGET. */
export interface Outside {
  /** connect connects to Azure Resource Manager, of the public cloud unless another `endpoint` is given. */
  connect(subscription: string, endpoint?: string): Promise<ArmConnection>;
  /** ask puts a question to whoever sits at the terminal; undefined if nobody does. */
  ask(question: string): Promise<string | undefined>;
  readonly now: () => number;
}

/** AZURE is the world outside of tests. */
export const AZURE: Outside = {
  connect: async (subscription, endpoint) => {
    const { connectArm } = await import('../adapters/arm.ts');
    return connectArm(subscription, { managed: false }, endpoint);
  },
  ask: askAtTerminal,
  now: Date.now,
};

async function askAtTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } catch (error) {
    // Ctrl+C or Ctrl+D.
    if ((error as Error).name !== 'AbortError') throw error;
    throw unusable('the question was not answered; nothing was changed');
  } finally {
    terminal.close();
  }
}
