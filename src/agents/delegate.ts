import type { StreamEvent } from '../core/event.ts'
import type { Tool, ToolContext } from '../core/request.ts'
import { stableHash } from '../core/fit/stable-hash.ts'
import { innerRunOf, type RunResponse } from '../tools/index.ts'
import type { Agent, AgentRequest } from './agent-types.ts'
import { slugOf } from './instructions.ts'
import { LlmError } from '../core/error.ts'
import type { ChatStream } from '../stream/index.ts'

const MAX_NAME = 64
const MAX_RUN_ID = 200

/** Starts an agent for a tool call. */
type Start = (request: AgentRequest) => Promise<ChatStream<RunResponse>>

/**
 * The tool by which a model delegates a task to an agent. The agent runs within the call: it ends with it, waits for no slot
 * that the run holds, and has at most the permissions of the run.
 */
export function delegateTool({ name, purpose }: Pick<Agent, 'name' | 'purpose'>, start: Start): Tool {
  const what = purpose === '' ? '' : ` ${purpose}`
  return {
    name: `delegate_to_${slugOf(name)}`.slice(0, MAX_NAME),
    description: `Delegates a task to the agent "${name}" and returns its answer.${what}`,
    parameters: {
      type: 'object',
      properties: {
        task: { type: 'string', description: 'What the agent shall do, with all that it needs to know.' },
      },
      required: ['task'],
      additionalProperties: false,
    },
    // Bounded by the run alone.
    timeoutMs: 0,
    execute: ({ task }: { readonly task: string }, context: ToolContext) =>
      run({ name, task, start }, context),
  }
}

interface Delegation {
  readonly name: string
  readonly task: string
  readonly start: Start
}

async function run({ name, task, start }: Delegation, context: ToolContext): Promise<unknown> {
  const { toolCallId, parent, signal, permissions, identity, logger, userId, tags } = context
  const inner = innerRunOf(context)
  const stream = await start({
    message: task,
    parent: parent?.withPurpose('agent'),
    signal,
    permissions,
    identity,
    logger,
    userId,
    tags,
    runs: inner?.runs,
    runId: innerRunId(context),
  })
  try {
    for await (const batch of stream.batches())
      for (const event of batch) inner?.tell(told(event, name, toolCallId))
  } catch (error) {
    if (LlmError.is(error) && error.partial !== undefined)
      inner?.spend({ agent: name, toolCallId, usage: error.partial.usage, costUsd: null })
    throw error
  }
  const { usage, costUsd, agents, text, object, status } = await stream.response
  // What its own agents used is part of its usage, and listed beside it.
  inner?.spend({ agent: name, toolCallId, usage, costUsd, agents })
  if (status === 'needs-approval' || status === 'needs-results')
    throw new LlmError(
      'tool-failed',
      `the agent "${name}" waits for a decision, which an agent inside of a run cannot get`,
    )
  return object ?? text
}

function told(event: StreamEvent, agent: string, parentToolCallId: string): StreamEvent {
  return { type: 'agent-event', agent, parentToolCallId, event }
}

// The same for every try of the call, so that the records of an interrupted run are found again.
function innerRunId({ idempotencyKey }: ToolContext): string | undefined {
  const id = idempotencyKey
  return id === undefined || id.length <= MAX_RUN_ID ? id : `${id.slice(0, 100)}.${stableHash(id)}`
}
