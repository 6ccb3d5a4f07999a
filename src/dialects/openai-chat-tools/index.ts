import type { Dialect } from '../../core/dialect.ts'
import { encodeServerTools } from '../server-tools.ts'
import { openaiChat } from '../openai-chat/index.ts'

/** The format, for providers that run tools themselves: those of the quirk `serverTools`. */
export const openaiChatWithTools: Dialect = Object.freeze({
  ...openaiChat,
  encode: { ...openaiChat.encode, serverTools: encodeServerTools },
})
