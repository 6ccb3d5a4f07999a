import type { Activation, ChatStoreUnit, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type Branch,
  type TurnPlan,
  answersOf,
  endOf,
  laterUpTo,
  onlyCounts,
  readBranch,
} from '../contract/index.ts'

/** What a write adds to a turn: a tool round, a complete answer, or one that broke off. */
export type AnswerStep = 'round' | 'answer' | 'partial'

/**
 * Appends messages of an answer so that of all answers to its user message exactly one counts, and none if the user message
 * does not. Call it inside a transaction: it reads what other turns wrote and decides under the conversation's lock.
 */
export async function appendToBranch(
  unit: Pick<ChatStoreUnit, 'conversations' | 'messages'>,
  plan: TurnPlan,
  { rows, step }: { readonly rows: readonly NewMessage[]; readonly step: AnswerStep },
): Promise<readonly StoredMessage[]> {
  const { conversationId: id, questionId } = plan
  // Locks the conversation.
  await unit.conversations.get(id)
  const question = await unit.messages.get(id, questionId, { deleted: true })
  if (question === undefined) return unit.messages.append(id, rows)
  const branch = await readBranch(unit, question)
  const active = counts(branch, plan, step)
  const variantOf = step === 'round' ? undefined : firstVariant(branch, plan)
  const appended = await unit.messages.append(
    id,
    rows.map((row) => ({ ...row, active, variantOf })),
  )
  const change = switchOver(branch, plan, { active, step })
  if (change !== undefined) await unit.messages.activate(id, change)
  return appended
}

/** Takes a user message that is replaced out of the history, with its variants, their answers and all that comes after. */
export async function leaveBranch(
  unit: Pick<ChatStoreUnit, 'conversations' | 'messages'>,
  original: StoredMessage,
): Promise<void> {
  const { conversationId: id, variantOf } = original
  await unit.conversations.get(id)
  const first =
    variantOf === undefined ? undefined : await unit.messages.get(id, variantOf, { deleted: true })
  const root = await unit.messages.get(id, first?.id ?? original.id, { deleted: true })
  if (root === undefined) return
  const { answers, later } = await readBranch(unit, root)
  const change = onlyCounts([], [root, ...answers, ...later])
  if (change !== undefined) await unit.messages.activate(id, change)
}

function counts(
  { question, answers }: Branch,
  { requestId, operation }: TurnPlan,
  step: AnswerStep,
): boolean {
  if (!question.active) return false
  // A new answer replaces others when it is complete, not before.
  if (operation === 'regenerate' && step === 'answer') return true
  if (operation === 'regenerate' && step === 'round') return false
  return !answers.some((row) => row.active && row.requestId !== requestId)
}

function switchOver(
  branch: Branch,
  { requestId, answerLocation }: TurnPlan,
  { active, step }: { readonly active: boolean; readonly step: AnswerStep },
): Pick<Activation, 'on' | 'off'> | undefined {
  const own = branch.answers.filter((row) => row.requestId === requestId)
  if (!active) return onlyCounts([], own)
  const rounds = own.filter(({ partial }) => !partial)
  if (step === 'round') return onlyCounts(rounds, own)
  const left = answerLocation.upTo === undefined ? [] : laterUpTo(branch, answerLocation.upTo)
  return onlyCounts(rounds, [...branch.answers, ...left])
}

// All variants of an answer name the first one.
function firstVariant(branch: Branch, { requestId }: TurnPlan): string | undefined {
  const first = answersOf(branch)
    .map((answer) => endOf(answer))
    .find((end) => end !== undefined && (end.partial || end.requestId !== requestId))
  return first?.variantOf ?? first?.id
}
