import type { Message, ToolMessage } from '../core/message.ts'
import type { RunOptions, RunProgress, StepSettings } from '../tools/index.ts'
import type { Compaction } from './agent-types.ts'

const DEFAULT_KEEP = 4
const REMOVED = '[the result was removed to save space; call the tool again if you need it]'

/** A `prepareStep` that takes old results of tools out of a history that has become too long. */
export function compactHistory(
  { aboveTokens, keepResults = DEFAULT_KEEP }: Compaction,
  estimateTokens: (text: string) => number,
): NonNullable<RunOptions['prepareStep']> {
  return ({ messages }: RunProgress): StepSettings | undefined => {
    if (estimateTokens(JSON.stringify(messages)) <= aboveTokens) return undefined
    const results = messages.flatMap((message, at) => (message.role === 'tool' ? [at] : []))
    const old = new Set(results.slice(0, Math.max(0, results.length - keepResults)))
    if (old.size === 0) return undefined
    return {
      messages: messages.map((message, at) => (old.has(at) ? removed(message as ToolMessage) : message)),
    }
  }
}

function removed(message: ToolMessage): Message {
  return { ...message, content: REMOVED }
}
