import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { Decision, PendingCall } from '../../../tools/index.ts'
import { hostAnswer, type CallerAccess } from '../guards/index.ts'
import type { PageChoice, PageTurn } from './page-turn.ts'
import type { ChatServiceTarget } from './stored-chats.ts'

/** What a person at a page decided about a call that waits, as `decide` of a chat handler gets it. */
export interface PageDecision extends Omit<PageChoice, 'toolCallId'> {
  /** The call with the arguments that are stored, whatever the page has shown. */
  readonly call: PendingCall
}

/** Signs the decision of a caller, or returns `undefined` if the caller may not decide. */
export type Decide = (
  decision: PageDecision,
  access: CallerAccess,
) => Decision | undefined | Promise<Decision | undefined>

interface Deciding {
  readonly options: { readonly decide?: Decide | undefined; readonly clock?: Clock | undefined }
  readonly access: CallerAccess
  readonly request: Omit<Parameters<NonNullable<ChatServiceTarget['pending']>>[0], 'messageId'>
}

/** The signed decisions of a page's turn. Rejects with `unauthorized` if the host has not opened that, or refuses one. */
export async function decisionsOf(
  chats: ChatServiceTarget,
  { decisions: choices = [], messageId = '' }: PageTurn,
  { options, access, request }: Deciding,
): Promise<readonly Decision[]> {
  if (choices.length === 0) return []
  const { decide, clock } = options
  const { identity, conversationId, signal } = request
  const ask = async (decision: PageDecision): Promise<Decision | undefined> => {
    try {
      return await hostAnswer(decide?.(decision, access), { request: { signal }, clock, option: 'decide' })
    } catch (cause) {
      if (LlmError.is(cause)) throw cause
      throw new LlmError('tool-failed', 'decide of the chat handler failed', { cause })
    }
  }
  if (decide === undefined || chats.pending === undefined)
    throw refused('pages decide nothing; the host opens it with decide')
  const calls = await chats.pending({ identity, conversationId, messageId, signal })
  const decided: Decision[] = []
  for (const { toolCallId, ...choice } of choices) {
    const call = calls.find((one) => one.toolCallId === toolCallId && one.needs === 'approval')
    if (call === undefined)
      throw new LlmError('conflict', `the call "${toolCallId}" waits for no decision`, {
        code: 'not-pending',
      })
    const decision = await ask({ call, ...choice })
    if (decision === undefined) throw refused(`this caller may not decide about ${call.name}`)
    decided.push(decision)
  }
  return decided
}

function refused(problem: string): LlmError {
  return new LlmError('unauthorized', problem, { code: 'decision-refused' })
}
