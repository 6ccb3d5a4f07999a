import type { StartEvent } from '../../core/event.ts'
import type { EncoderOptions } from '../../protocols/index.ts'

type ToldIds = Pick<EncoderOptions, 'conversationId' | 'messageId' | 'userMessageId'>

/** The ids of a stored answer: those of its `start` event, else those that the encoder was created with. */
export function toldIds(options: ToldIds, start: StartEvent | undefined): ToldIds {
  return {
    conversationId: start?.conversationId ?? options.conversationId,
    messageId: start?.messageId ?? options.messageId,
    userMessageId: start?.userMessageId ?? options.userMessageId,
  }
}
