import type { ServerToolForm, ServerToolTable } from '../../core/server-tool.ts'

function routed(name: string, fields: ServerToolForm['fields'] = {}): ServerToolForm {
  return { item: { type: `openrouter:${name}` }, fields }
}

/** The tools that OpenRouter runs for every model. */
export const openrouterTools: ServerToolTable = {
  'web-search': routed('web_search', {
    allowedDomains: 'parameters.allowed_domains',
    blockedDomains: 'parameters.excluded_domains',
    userLocation: ['parameters.user_location', 'parameters.user_location.type', 'approximate'],
    contextSize: 'parameters.search_context_size',
  }),
  'web-fetch': routed('web_fetch'),
  'code-execution': routed('code_interpreter'),
  'image-generation': routed('image_generation', { model: 'parameters.model' }),
  browser: routed('browser_use'),
  mcp: routed('mcp'),
  'tool-search': routed('tool_search'),
  advisor: routed('advisor', { model: 'parameters.model' }),
  shell: routed('shell'),
  memory: routed('memory'),
  'text-editor': routed('text_editor'),
}
