import type { Call } from '../core/call.ts'
import type { SigningCredentials } from '../core/credentials.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { SigningAuth } from '../core/provider.ts'
import { Secret } from '../core/secret.ts'
import type { HttpRequest } from '../core/wire.ts'
import { signRequest } from '../transport/index.ts'
import { fromEnvironment, variableOf } from './environment.ts'

/** How a call's requests are signed, and what of that must never be shown. */
export interface Signer {
  readonly secrets: readonly Secret[]
  readonly sign: (request: HttpRequest) => Promise<HttpRequest>
}

/**
 * The signer of a call: by the credentials that it was given, else by those of the environment. Resolves to `undefined`
 * where there are none, or the environment holds a key, which needs no signature.
 */
export async function findSigner(call: Call, auth: SigningAuth): Promise<Signer | undefined> {
  const { credentials, target, clock } = call
  const given = typeof credentials === 'function' ? await ask(credentials, target.provider) : credentials
  const found =
    given ?? (fromEnvironment(target.definition.env) === undefined ? environmentOf(auth) : undefined)
  if (found === undefined) return undefined
  const { accessKeyId, secretAccessKey, sessionToken } = check(found, target.provider)
  const secrets = [accessKeyId, secretAccessKey, sessionToken].flatMap((value) => value ?? [])
  const by = {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    sessionToken: sessionToken?.reveal(),
    region: variableOf(call, 'region'),
    service: auth.service,
  }
  return { secrets, sign: (request) => signRequest(request, { ...by, epochMs: clock.epochMs() }) }
}

async function ask(
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

type Checked = Readonly<
  Record<'accessKeyId' | 'secretAccessKey', Secret> & { sessionToken: Secret | undefined }
>

function check(found: SigningCredentials, provider: string): Checked {
  const read = (name: keyof SigningCredentials): Secret | undefined => {
    const value: unknown = found?.[name]
    const secret = value instanceof Secret ? value : new Secret(typeof value === 'string' ? value.trim() : '')
    const text = secret.reveal()
    if (text === '') return undefined
    if (/^[\x20-\x7e]+$/.test(text)) return secret
    const message = `the ${name} of provider "${provider}" holds characters that no header can carry: check it for line breaks`
    throw new LlmError('misconfigured', message, { provider })
  }
  const accessKeyId = read('accessKeyId')
  const secretAccessKey = read('secretAccessKey')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const message = `the credentials of provider "${provider}" lack accessKeyId or secretAccessKey`
    throw new LlmError('misconfigured', message, { provider })
  }
  return { accessKeyId, secretAccessKey, sessionToken: read('sessionToken') }
}
