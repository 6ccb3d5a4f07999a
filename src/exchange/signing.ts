import { untilAborted } from '../core/abort.ts'
import type { Call } from '../core/call.ts'
import type { SigningCredentials } from '../core/credentials.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { SigningAuth } from '../core/provider.ts'
import { Secret } from '../core/secret.ts'
import type { HttpRequest } from '../core/wire.ts'
import { signRequest } from '../transport/index.ts'
import { fromEnvironment, variableOf } from './environment.ts'

/** Signs the requests of a call. `secrets` must not appear in errors or logs. */
export interface Signer {
  readonly secrets: readonly Secret[]
  readonly sign: (request: HttpRequest) => Promise<HttpRequest>
}

/**
 * Finds the signer of a call: with its credentials, or else those of the environment. Resolves to `undefined` if there are
 * none, or if the environment contains an API key, which needs no signature. Rejects with `misconfigured` if the credentials
 * are not valid.
 */
export async function findSigner(call: Call, auth: SigningAuth): Promise<Signer | undefined> {
  const { credentials, target, clock } = call
  const given =
    typeof credentials === 'function'
      ? await untilAborted(call, callSource(credentials, target.provider))
      : credentials
  const found =
    given ?? (fromEnvironment(target.definition.env) === undefined ? environmentOf(auth) : undefined)
  if (found === undefined) return undefined
  const { accessKeyId, secretAccessKey, sessionToken } = checkCredentials(found, target.provider)
  const secrets = [accessKeyId, secretAccessKey, sessionToken].flatMap((value) => value ?? [])
  const key = {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    sessionToken: sessionToken?.reveal(),
    region: variableOf(call, 'region'),
    service: auth.service,
  }
  return { secrets, sign: (request) => signRequest(request, { ...key, epochMs: clock.epochMs() }) }
}

async function callSource(
  source: Extract<Call['credentials'], (...args: never) => unknown>,
  provider: string,
): Promise<SigningCredentials> {
  try {
    return await source()
  } catch (error) {
    throw toLlmError(error, 'misconfigured', `provider "${provider}": the credentials function failed`)
  }
}

function environmentOf({ env }: SigningAuth): SigningCredentials | undefined {
  const read = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : fromEnvironment([name])
  const accessKeyId = read(env?.accessKeyId)
  const secretAccessKey = read(env?.secretAccessKey)
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: read(env?.sessionToken) }
}

type CheckedCredentials = Readonly<
  Record<'accessKeyId' | 'secretAccessKey', Secret> & { sessionToken: Secret | undefined }
>

function checkCredentials(found: SigningCredentials, provider: string): CheckedCredentials {
  const read = (name: keyof SigningCredentials): Secret | undefined => {
    const value: unknown = found?.[name]
    const secret = value instanceof Secret ? value : new Secret(typeof value === 'string' ? value.trim() : '')
    const text = secret.reveal()
    if (text === '') return undefined
    if (/^[\x20-\x7e]+$/.test(text)) return secret
    const message = `the ${name} of provider "${provider}" contains characters that no header can carry; remove line breaks from it`
    throw new LlmError('misconfigured', message, { provider })
  }
  const accessKeyId = read('accessKeyId')
  const secretAccessKey = read('secretAccessKey')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const message = `the credentials of provider "${provider}" lack accessKeyId or secretAccessKey; set both`
    throw new LlmError('misconfigured', message, { provider })
  }
  return { accessKeyId, secretAccessKey, sessionToken: read('sessionToken') }
}
