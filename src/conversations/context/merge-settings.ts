import type { Conversation } from '../storage/index.ts'
import type { AnswerOptions, ServiceContext, TurnSettings } from '../contract/index.ts'

/** The settings of a turn's calls: those of the request, else of the conversation, else of the service. */
export function mergeSettings(
  service: ServiceContext,
  request: AnswerOptions,
  conversation: Conversation | undefined,
): TurnSettings {
  const settings: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(request))
    if (!OWN_FIELDS.has(name) && value !== undefined) settings[name] = value
  const { defaults } = service.options
  const named = request.provider !== undefined || request.model !== undefined
  const inherited = {
    model: named ? undefined : (conversation?.model ?? defaults?.model),
    temperature: conversation?.temperature ?? defaults?.temperature,
    maxTokens: defaults?.maxTokens,
    // The history of a conversation is sent again with every turn.
    cache: 'auto',
  }
  for (const [name, value] of Object.entries(inherited)) if (value !== undefined) settings[name] ??= value
  return settings
}

const OWN_FIELDS: ReadonlySet<string> = new Set([
  'identity',
  'requestId',
  'history',
  'images',
  'persona',
  'agent',
  'decisions',
  'results',
  'userName',
  'template',
  'templateData',
  'examples',
  'system',
  'message',
  'messageId',
  'conversationId',
  'begin',
  'newIds',
  'expected',
  'onAccepted',
  'persist',
  'parentId',
  'context',
  'customPrompt',
  'name',
  'metadata',
  'attachments',
  'attachmentIds',
  'title',
  'orgId',
  'projectId',
])
