import type { ChatToolPart } from 'llm-switchyard/client'

/** The signed-in person, and who else may be invited. */
export interface Me {
  readonly userId: string
  readonly name: string
  readonly orgId: string
  readonly colleagues: readonly Me[]
}

/** A part of a stored message, as far as the page shows it. */
export interface StoredPart {
  readonly type: string
  readonly text?: string
  readonly id?: string
  readonly name?: string
  readonly arguments?: ChatToolPart['arguments']
  readonly filename?: string
  readonly mediaType?: string
  readonly url?: string
}

/** A stored message. */
export interface Stored {
  readonly id: string
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string | readonly StoredPart[]
  readonly userId?: string
  readonly toolCallId?: string
  readonly isError?: boolean
  readonly partial: boolean
  readonly model: string | null
  readonly usage?: {
    readonly inputTokens: number
    readonly outputTokens: number
    readonly totalTokens: number
  }
  readonly variantOf?: string
  readonly createdAt: number
  readonly editedAt?: number
  readonly deletedAt?: number
}

/** A conversation in the list. */
export interface Listed {
  readonly id: string
  readonly title?: string
  readonly userId: string
  readonly members: readonly { readonly userId: string; readonly role: string }[]
  readonly messageCount: number
  readonly lastSequence: number
  readonly version: number
  readonly usage: { readonly totalTokens: number }
}

/** A conversation with its messages. */
export interface Opened extends Listed {
  readonly messages: readonly Stored[]
  /** The calls of the newest answer that wait for a person. */
  readonly pending: readonly { readonly toolCallId: string; readonly needs: string }[]
  readonly reactions: readonly {
    readonly messageId: string
    readonly emoji: string
    readonly count: number
    readonly userIds: readonly string[]
  }[]
  readonly attachments: readonly {
    readonly messageId?: string
    readonly name: string
    readonly sizeBytes: number
  }[]
}

/** A request to the routes failed: `message` is for the reader. */
export class RequestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Calls a route. Rejects with a `RequestError`. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`/api${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const answer = (await response.json()) as T & { readonly error?: { readonly message?: string } }
  if (!response.ok) throw new RequestError(response.status, answer.error?.message ?? 'That did not work.')
  return answer
}
