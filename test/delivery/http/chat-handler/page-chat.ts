/** What tests use of `useChat` of any version of the AI SDK, without React. */
export interface Sdk {
  readonly DefaultChatTransport: new (options: object) => object
  readonly AbstractChat: new (options: object) => PageChat
  readonly lastAssistantMessageIsCompleteWithToolCalls: unknown
  readonly lastAssistantMessageIsCompleteWithApprovalResponses?: unknown
}

export interface PagePart {
  readonly type: string
  readonly text?: string
  readonly state?: string
  readonly approval?: { readonly id: string }
  readonly input?: unknown
  readonly output?: unknown
  readonly errorText?: string
}

export interface PageChat {
  readonly id: string
  readonly error: Error | undefined
  readonly status: string
  readonly messages: readonly {
    readonly id: string
    readonly role: string
    readonly parts: readonly PagePart[]
  }[]
  sendMessage(message: object): Promise<void>
  addToolResult(result: object): Promise<void>
  addToolOutput?(result: object): Promise<void>
  addToolApprovalResponse?(response: object): Promise<void>
}

/** A chat as `useChat` keeps it. */
export function pageChat(sdk: Sdk, url: string, options: object = {}): PageChat {
  const state = {
    status: 'ready',
    error: undefined,
    messages: [] as PageChat['messages'],
    pushMessage: (message: PageChat['messages'][number]) =>
      void (state.messages = [...state.messages, message]),
    popMessage: () => void (state.messages = state.messages.slice(0, -1)),
    replaceMessage: (at: number, message: PageChat['messages'][number]) =>
      void (state.messages = state.messages.with(at, structuredClone(message))),
    snapshot: structuredClone,
  }
  const transport = new sdk.DefaultChatTransport({ api: `${url}/api/chat` })
  return new sdk.AbstractChat({ id: crypto.randomUUID(), state, transport, ...options })
}
