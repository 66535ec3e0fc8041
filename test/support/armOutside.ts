import type { StorageManagementClient } from '@azure/arm-storage';
import type { Outside } from '../../src/cli/outside.ts';

/** tokenOf makes the text of a token that claims this; nobody signed it. */
const tokenOf = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.none`;

/** Terminal is what was asked, and what will be typed. */
export interface Terminal {
  readonly asked: string[];
  readonly typed: string[];
  /** runs before each answer */
  beforeAnswer: () => Promise<void>;
}

/** terminalOf makes a terminal at which these answers are typed; one more question finds nobody there. */
export const terminalOf = (...typed: string[]): Terminal => ({
  asked: [],
  typed,
  beforeAnswer: () => Promise.resolve(),
});

/** armOutside is the world of commands with the gateway in the place of Azure Resource Manager. */
export const armOutside = (
  gateway: { readonly armUrl: string },
  client: StorageManagementClient,
  terminal: Terminal = terminalOf(),
  claims: object = { upn: 'ann@example.com' },
): Outside => ({
  connect: async () =>
    Promise.resolve({ client, endpoint: gateway.armUrl, token: async () => Promise.resolve(tokenOf(claims)) }),
  ask: async (question) => {
    terminal.asked.push(question);
    await terminal.beforeAnswer();
    return terminal.typed.shift();
  },
  now: Date.now,
});
