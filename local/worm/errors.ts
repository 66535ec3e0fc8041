import { randomUUID } from 'node:crypto';

/** Refusal names why a request isn't carried out, in Azure's terms. Both planes print it in their own shape. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Answer is a complete HTTP response. */
export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** refuse makes a Refusal. */
export const refuse = (status: number, code: string, message: string): Refusal => ({ status, code, message });

/** isRefusal tells a Refusal from the value that a function gives otherwise. */
export const isRefusal = (value: object): value is Refusal => 'status' in value && 'code' in value;

/** storageAnswer prints a refusal as the blob service does: XML, and the code again in a header. */
export function storageAnswer(refusal: Refusal): Answer {
  const requestId = randomUUID();
  const message = `${refusal.message}\nRequestId:${requestId}\nTime:${new Date().toISOString()}`;
  return {
    status: refusal.status,
    reason: refusal.message,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': refusal.code, 'x-ms-request-id': requestId },
    body:
      '<?xml version="1.0" encoding="utf-8"?>\n' +
      `<Error><Code>${refusal.code}</Code><Message>${escapeXml(message)}</Message></Error>`,
  };
}

/** armAnswer prints a refusal as Azure Resource Manager does. */
export function armAnswer(refusal: Refusal): Answer {
  return jsonAnswer(refusal.status, { error: { code: refusal.code, message: refusal.message } });
}

/** jsonAnswer makes an answer of the management plane. */
export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'x-ms-request-id': randomUUID(), ...headers },
    body: JSON.stringify(body),
  };
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** REFUSALS are the answers whose code and text Azure documents. */
export const REFUSALS = {
  immutablePolicy: refuse(
    409,
    'BlobImmutableDueToPolicy',
    'This operation is not permitted as the blob is immutable due to a policy.',
  ),
  immutableHold: refuse(
    409,
    'BlobImmutableDueToLegalHold',
    'This operation is not permitted as the blob is immutable due to one or more legal holds.',
  ),
  containerLocked: refuse(
    409,
    'ContainerImmutabilityPolicyLocked',
    'The requested operation is not allowed as the container has a locked immutability policy.',
  ),
  containerHold: refuse(
    409,
    'ContainerHasLegalHold',
    'The requested operation is not allowed as the container has a legal hold.',
  ),
  containerPolicy: refuse(
    409,
    'ContainerProtectedFromDeletion',
    'The container is protected from deletion due to ImmutabilityPolicy.',
  ),
  overwrite: refuse(403, 'UnauthorizedBlobOverwrite', 'This request is not authorized to perform blob overwrites.'),
  blobNotFound: refuse(404, 'BlobNotFound', 'The specified blob does not exist.'),
  containerNotFound: refuse(404, 'ContainerNotFound', 'The specified container does not exist.'),
  condition: refuse(412, 'ConditionNotMet', 'The condition specified using HTTP conditional header(s) is not met.'),
} as const;
