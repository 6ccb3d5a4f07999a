import { LlmError } from '../../core/error.ts'
import type { AnswerOptions, ServiceContext } from '../contract/index.ts'

/** A request with what its agent brings, where it has none of its own. Rejects with `not-found` for an unknown agent. */
export async function withAgent<R extends AnswerOptions>(service: ServiceContext, request: R): Promise<R> {
  const { agent: name } = request
  if (name === undefined) return request
  const { agents = [], orchestrator, defaults } = service.options
  const agent = agents.find((one) => one.name === name)
  if (agent === undefined) throw unknownAgent(name, agents)
  const { system: own, tools: more = [] } = request
  const { provider, model = provider === undefined ? defaults?.model : undefined } = request
  const { run, estimateTokens } = orchestrator
  const runs = run === undefined || estimateTokens === undefined ? undefined : { run, estimateTokens }
  const { system, tools, settings, memory } = await agent.setup({ orchestrator: runs, model, provider })
  const { model: named, provider: from } = settings
  const isFree = request.model === undefined && request.provider === undefined
  const target = named !== undefined && isFree ? { model: named, provider: from } : {}
  return {
    ...request,
    ...target,
    responseFormat: request.responseFormat ?? settings.responseFormat,
    system: own ?? system,
    tools: [...tools, ...more],
    ...(memory ? undefined : { persist: false, history: { maxMessages: 0 } }),
  }
}

function unknownAgent(name: string, agents: readonly { readonly name: string }[]): LlmError {
  const known = agents.length === 0 ? 'the chat service has none' : agents.map((one) => one.name).join(', ')
  return new LlmError('not-found', `there is no agent "${name}"; known: ${known}`, {
    code: 'agent-not-found',
  })
}
