import { Refusal } from './refusal.ts';

/** Place is where an environment is deployed. */
export interface Place {
  readonly environment: string;
  readonly location: string;
  readonly subscription: string;
}

/** placeOf reads what azd says of the environment. What goes on to command lines is checked here. */
export function placeOf(env: Readonly<Record<string, string | undefined>>): Place {
  const read = (name: string, ok: RegExp, hint: string): string => {
    const value = env[name] ?? '';
    if (!ok.test(value)) throw new Refusal(`${name} is ${value === '' ? 'not set' : 'wrong'}: ${hint}`);
    return value;
  };
  return {
    environment: read('AZURE_ENV_NAME', /^[\w.()-]{1,64}$/, 'run `azd env new NAME`'),
    location: read(
      'AZURE_LOCATION',
      /^[A-Za-z0-9 ]{3,64}$/,
      'run `azd env set AZURE_LOCATION REGION`, such as westeurope',
    ),
    subscription: read(
      'AZURE_SUBSCRIPTION_ID',
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      'run `azd env set AZURE_SUBSCRIPTION_ID ID`; `az account list` shows the IDs',
    ),
  };
}
