import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import {
  createChatClient,
  type ChatClient,
  type ChatClientOptions,
  type ChatState,
} from 'llm-switchyard/client'

/** The state of a chat, and the methods of the client. */
export interface UseChat extends Pick<
  ChatClient,
  'send' | 'stop' | 'retry' | 'reset' | 'dismissError' | 'cancelQueued'
> {
  readonly state: ChatState
  /** Whether an answer is active. */
  readonly isBusy: boolean
}

/**
 * Creates a chat client for the lifetime of the component. A changed `url` or `conversationId` creates a new client, which
 * reads all other options once. Unmounting closes the connection but does not stop the answer: with a `store`, the next
 * component resumes it.
 */
export function useChat(options: ChatClientOptions): UseChat {
  const [client, setClient] = useState<ChatClient>()
  const { url, conversationId } = options
  useEffect(() => {
    // Created in the effect, not while rendering, because strict mode runs each effect twice.
    const own = createChatClient(options)
    setClient(own)
    return () => {
      own.dispose()
      setClient(undefined)
    }
    // The other options are read once.
  }, [url, conversationId])
  const subscribe = useCallback(
    (listener: () => void) => client?.subscribe(listener) ?? (() => undefined),
    [client],
  )
  const snapshot = useCallback(() => client?.getState() ?? EMPTY_STATE, [client])
  const state = useSyncExternalStore(subscribe, snapshot, () => EMPTY_STATE)
  const isBusy = state.status !== 'idle' && state.status !== 'error'
  return {
    state,
    isBusy,
    send: async (text, more) => client?.send(text, more),
    stop: () => client?.stop(),
    retry: async () => client?.retry(),
    reset: (next) => client?.reset(next),
    dismissError: () => client?.dismissError(),
    cancelQueued: (messageId) => client?.cancelQueued(messageId) ?? false,
  }
}

// The state before the first effect, and on a server.
const EMPTY_STATE: ChatState = {
  status: 'idle',
  connection: { state: 'closed' },
  conversationId: '',
  messages: [],
  queue: [],
}
