import type { ServerToolForm, ServerToolTable } from '../../core/server-tool.ts'

const domains = { allowedDomains: 'allowed_domains', blockedDomains: 'blocked_domains' } as const
const location = ['user_location', 'user_location.type', 'approximate'] as const
const screen = { displayWidth: 'display_width_px', displayHeight: 'display_height_px' } as const

/** The tools that Anthropic runs, and those whose form it knows. */
export const anthropicTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search_20250305', name: 'web_search' },
    fields: { maxUses: 'max_uses', ...domains, userLocation: location },
  },
  'web-fetch': {
    item: { type: 'web_fetch_20250910', name: 'web_fetch' },
    fields: {
      maxUses: 'max_uses',
      ...domains,
      maxContentTokens: 'max_content_tokens',
      citations: 'citations.enabled',
    },
    betas: ['web-fetch-2025-09-10'],
  },
  'code-execution': {
    item: { type: 'code_execution_20250825', name: 'code_execution' },
    also: { at: '', merged: true, fields: { container: 'container' } },
    betas: ['code-execution-2025-08-25'],
  },
  mcp: {
    item: { type: 'mcp_toolset' },
    fields: { name: 'mcp_server_name' },
    also: {
      at: 'mcp_servers',
      item: { type: 'url' },
      fields: { name: 'name', url: 'url', authorization: 'authorization_token' },
    },
    betas: ['mcp-client-2025-11-20'],
  },
  computer: {
    item: { type: 'computer_20251124', name: 'computer' },
    fields: screen,
    betas: ['computer-use-2025-11-24'],
  },
  browser: { item: { type: 'browser_toolset_20260801', name: 'browser' } },
  'tool-search': {
    item: { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' },
    betas: ['advanced-tool-use-2025-11-20'],
  },
  memory: {
    item: { type: 'memory_20250818', name: 'memory' },
    betas: ['context-management-2025-06-27'],
  },
  shell: { item: { type: 'bash_20250124', name: 'bash' } },
  'text-editor': {
    item: { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
    fields: { maxCharacters: 'max_characters' },
  },
  advisor: {
    item: { type: 'advisor_20260301', name: 'advisor' },
    fields: { model: 'model', maxUses: 'max_uses' },
    betas: ['advisor-tool-2026-03-01'],
  },
}

const responsesMcp = {
  item: { type: 'mcp' },
  fields: {
    name: 'server_label',
    url: 'server_url',
    description: 'server_description',
    authorization: 'authorization',
    headers: 'headers',
    allowedTools: 'allowed_tools',
    approval: 'require_approval',
  },
} as const
const responsesFiles = {
  item: { type: 'file_search' },
  fields: { stores: 'vector_store_ids', maxResults: 'max_num_results', filter: 'filters' },
} as const

/** The tools of OpenAI's responses. */
export const openaiTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search' },
    fields: {
      allowedDomains: 'filters.allowed_domains',
      blockedDomains: 'filters.blocked_domains',
      userLocation: location,
      contextSize: 'search_context_size',
    },
  },
  'code-execution': {
    item: { type: 'code_interpreter', container: { type: 'auto' } },
    fields: { container: 'container', fileIds: 'container.file_ids' },
  },
  'file-search': responsesFiles,
  'image-generation': {
    item: { type: 'image_generation' },
    fields: { model: 'model', size: 'size', quality: 'quality', format: 'output_format' },
  },
  mcp: responsesMcp,
  computer: {
    item: { type: 'computer' },
    fields: { displayWidth: 'display_width', displayHeight: 'display_height', environment: 'environment' },
  },
  'tool-search': { item: { type: 'tool_search' } },
  shell: { item: { type: 'shell' }, fields: { environment: 'environment.type' } },
  'text-editor': { item: { type: 'apply_patch' } },
}

/** OpenAI's chat completions: models made for searching take its options. */
export const openaiSearch: ServerToolTable = {
  'web-search': {
    at: 'web_search_options',
    merged: true,
    fields: {
      contextSize: 'search_context_size',
      userLocation: ['user_location.approximate', 'user_location.type', 'approximate'],
    },
  },
}

/** The tools of xAI's responses. */
export const xaiTools: ServerToolTable = {
  'web-search': {
    item: { type: 'web_search' },
    fields: {
      allowedDomains: 'filters.allowed_domains',
      blockedDomains: 'filters.excluded_domains',
      images: 'enable_image_understanding',
    },
  },
  'x-search': {
    item: { type: 'x_search' },
    fields: {
      allowedHandles: 'allowed_x_handles',
      blockedHandles: 'excluded_x_handles',
      since: 'from_date',
      until: 'to_date',
      images: 'enable_image_understanding',
    },
  },
  'code-execution': { item: { type: 'code_interpreter' } },
  'file-search': responsesFiles,
  'image-generation': { item: { type: 'image_generation' } },
  mcp: responsesMcp,
}

const googleCommon: ServerToolTable = {
  'web-search': { item: { googleSearch: {} }, fields: { blockedDomains: 'googleSearch.excludeDomains' } },
  'web-fetch': { item: { urlContext: {} } },
  'code-execution': { item: { codeExecution: {} } },
  computer: {
    item: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    fields: { environment: 'computerUse.environment' },
  },
  browser: {
    item: { computerUse: { environment: 'ENVIRONMENT_BROWSER' } },
    fields: { environment: 'computerUse.environment' },
  },
  maps: { item: { googleMaps: {} } },
}

/** The tools of the Gemini API. */
export const googleTools: ServerToolTable = {
  ...googleCommon,
  'file-search': {
    item: { fileSearch: {} },
    fields: {
      stores: 'fileSearch.fileSearchStoreNames',
      maxResults: 'fileSearch.topK',
      filter: 'fileSearch.metadataFilter',
    },
  },
}

/** The tools of Gemini on Vertex. */
export const vertexTools: ServerToolTable = {
  ...googleCommon,
  'file-search': {
    item: { retrieval: {} },
    fields: { stores: 'retrieval.vertexAiSearch.datastore', filter: 'retrieval.vertexAiSearch.filter' },
  },
}

/** The tools of Mistral's chat. */
export const mistralTools: ServerToolTable = {
  'web-search': { item: { type: 'web_search' } },
  'code-execution': { item: { type: 'code_interpreter' } },
  'file-search': { item: { type: 'document_library' }, fields: { stores: 'library_ids' } },
  'image-generation': { item: { type: 'image_generation' } },
}

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

/** The search of open models on Groq. */
export const groqTools: ServerToolTable = {
  'web-search': { item: { type: 'browser_search' } },
  'code-execution': { item: { type: 'code_interpreter' } },
}
/** Compound models on Groq search and run code without being asked; their search has options. */
export const groqCompoundTools: ServerToolTable = {
  'web-search': {
    at: 'search_settings',
    merged: true,
    fields: {
      allowedDomains: 'include_domains',
      blockedDomains: 'exclude_domains',
      images: 'include_images',
    },
  },
}

/** The tools of Nova models on Bedrock. */
export const novaTools: ServerToolTable = {
  'web-search': { item: { systemTool: { name: 'nova_grounding' } } },
  'code-execution': { item: { systemTool: { name: 'nova_code_interpreter' } } },
}
