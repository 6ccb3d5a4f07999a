import type { Wire } from './vendor-bodies.ts'

const steps: Readonly<Partial<Record<Wire, readonly object[]>>> = {
  'anthropic-messages': [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://a.test', title: 'A', encrypted_content: 'E==' }],
    },
  ],
  'openai-responses': [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
    {
      type: 'code_interpreter_call',
      id: 'ci_1',
      status: 'completed',
      code: '1',
      container_id: 'c',
      outputs: [],
    },
  ],
  gemini: [
    { executableCode: { language: 'PYTHON', code: '1' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
  ],
}

/** Steps of tools that the provider of a wire format ran, as parts of an assistant message. */
export function ownSteps(wire: Wire): object[] {
  return (steps[wire] ?? []).map((block, at) => ({
    type: 'server-tool',
    id: `step_${at}`,
    name: 'step',
    block,
    origin: wire,
  }))
}
