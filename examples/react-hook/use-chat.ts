import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import {
  createChatClient,
  type ChatClient,
  type ChatClientOptions,
  type ChatState,
} from 'llm-switchyard/client'

/** The state of a chat, and what a component may do with it. */
export interface UseChat extends Pick<
  ChatClient,
  'send' | 'stop' | 'retry' | 'reset' | 'dismissError' | 'cancelQueued'
> {
  readonly state: ChatState
  /** True from the sending to the end of an answer. */
  readonly isBusy: boolean
}

/**
 * A chat for as long as the component is there. Another `url` or `conversationId` makes another chat; the other options
 * are read when it is made. With the component the connection goes, not the answer: with a `store`, the next one takes it up.
 */
export function useChat(options: ChatClientOptions): UseChat {
  const [client, setClient] = useState<ChatClient>()
  const { url, conversationId } = options
  useEffect(() => {
    // Made here, not while rendering: strict mode takes every effect back once.
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
  const snapshot = useCallback(() => client?.getState() ?? NOTHING, [client])
  const state = useSyncExternalStore(subscribe, snapshot, () => NOTHING)
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

// Before the first effect, and on a server.
const NOTHING: ChatState = {
  status: 'idle',
  connection: { state: 'closed' },
  conversationId: '',
  messages: [],
  queue: [],
}
