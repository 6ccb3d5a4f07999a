import { onTestFinished } from 'vitest'
import {
  createChatClient,
  type ChatClient,
  type ChatClientOptions,
  type ChatState,
} from '../../../src/delivery/client/index.ts'
import { createFakeClock, type FakeClock } from '../../../src/testing/index.ts'
import { testPage, type ScriptedFetch, type TestPage } from './scripted.ts'

/** A client over a scripted server, in a page and a time of the test's own. */
export interface Made {
  readonly client: ChatClient
  readonly net: ScriptedFetch
  readonly clock: FakeClock
  readonly page: TestPage
  readonly states: ChatState[]
}

export function make(net: ScriptedFetch, options: Partial<ChatClientOptions> = {}): Made {
  const clock = createFakeClock()
  const page = testPage()
  const client = createChatClient({
    url: 'http://host/chat',
    conversationId: 'c',
    fetch: net.fetch,
    clock,
    page,
    ...options,
  })
  const states: ChatState[] = []
  client.subscribe((state) => void states.push(state))
  onTestFinished(() => client.dispose())
  return { client, net, clock, page, states }
}

export const RUN: Readonly<Record<string, string>> = { 'x-stream-id': 'r' }
export const OK = ':ok\n\n'
