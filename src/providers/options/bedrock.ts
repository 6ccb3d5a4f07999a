import type { ServerToolTable } from '../../core/server-tool.ts'

/** The tools of Nova models on Bedrock. */
export const novaTools: ServerToolTable = {
  'web-search': { item: { systemTool: { name: 'nova_grounding' } } },
  'code-execution': { item: { systemTool: { name: 'nova_code_interpreter' } } },
}
