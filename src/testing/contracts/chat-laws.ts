import { conversationTrials } from './conversation-laws.ts'
import { historyTrials } from './history-laws.ts'
import { laws, type ChatStoreLaw } from './law.ts'
import { messageTrials } from './message-laws.ts'
import { partTrials } from './part-laws.ts'
import { transactionTrials } from './transaction-laws.ts'

/**
 * The contract of chat stores, one test each. All may run on one database, because each uses its own ids.
 *
 * ```ts
 * for (const { name, check } of chatStoreLaws) test(name, () => check(() => createMyStore()))
 * ```
 */
export const chatStoreLaws: readonly ChatStoreLaw[] = laws([
  ...conversationTrials,
  ...messageTrials,
  ...historyTrials,
  ...partTrials,
  ...transactionTrials,
])
