import type { Secret } from './secret.ts'

/** What requests are signed with. */
export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string | Secret
  /** Comes with temporary credentials. */
  readonly sessionToken?: string | Secret | undefined
}

/** Credentials, or a function asked at each call: the vendor's own credential providers fit as they are. */
export type CredentialSource = SigningCredentials | (() => SigningCredentials | Promise<SigningCredentials>)
