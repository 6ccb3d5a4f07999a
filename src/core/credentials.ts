import type { Secret } from './secret.ts'

/** AWS credentials that sign requests. */
export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string | Secret
  /** Part of temporary credentials. */
  readonly sessionToken?: string | Secret | undefined
}

/** Credentials, or a function that is called for each call. AWS credential providers fit. */
export type CredentialSource = SigningCredentials | (() => SigningCredentials | Promise<SigningCredentials>)
