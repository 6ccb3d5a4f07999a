import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../core/json.ts'
import type { AssistantMessage, FilePart, Message, ToolMessage, UserMessage } from '../core/message.ts'
import type { ResolvedTool } from '../core/resolved-settings.ts'
import { fileWithText, textOfFile } from '../core/file-text.ts'
import type { ModerationRun, WholeText } from './moderation-run.ts'
import { Reviewer } from './review-response.ts'

/**
 * Moderates all messages but the first `own`, which are the instructions of the application. Resolves to all messages,
 * redacted; blocked texts are in the `issues` of the run.
 */
export async function reviewMessages(
  run: ModerationRun,
  messages: readonly Message[],
  own: number,
): Promise<readonly Message[]> {
  const reviewed: Message[] = []
  // What follows the last answer of the model is new.
  const newest = messages.findLastIndex(({ role }) => role === 'assistant')
  for (const [index, message] of messages.entries()) {
    const how = { path: `messages.${index - own}.content`, past: index <= newest }
    reviewed.push(index < own ? message : await reviewMessage(run, message, how))
  }
  return reviewed
}

async function reviewMessage(run: ModerationRun, message: Message, how: WholeText): Promise<Message> {
  switch (message.role) {
    case 'system':
    case 'developer': {
      const content = await run.whole(message.content, how)
      return content === undefined || content === message.content ? message : { ...message, content }
    }
    case 'assistant':
      return reviewAnswer(run, message, how)
    default:
      return reviewParts(run, message, how)
  }
}

async function reviewAnswer(
  run: ModerationRun,
  message: AssistantMessage,
  how: WholeText,
): Promise<AssistantMessage> {
  // Judged under the same source as when the model gave it.
  const content = await new Reviewer(run, { ...how, from: 'output' }).content(message.content)
  return { ...message, content }
}

type Part = Exclude<(UserMessage | ToolMessage)['content'], string>[number]

async function reviewParts<M extends UserMessage | ToolMessage>(
  run: ModerationRun,
  message: M,
  how: WholeText,
): Promise<M> {
  const { content } = message
  if (typeof content === 'string') {
    const text = await run.whole(content, how)
    return text === undefined || text === content ? message : { ...message, content: text }
  }
  const parts: Part[] = []
  for (const [index, part] of content.entries())
    parts.push(await reviewPart(run, part, { ...how, path: `${how.path}.${index}` }))
  return { ...message, content: parts }
}

async function reviewPart(run: ModerationRun, part: Part, how: WholeText): Promise<Part> {
  if (part.type === 'text') {
    const text = await run.whole(part.text, { ...how, path: `${how.path}.text` })
    return text === undefined || text === part.text ? part : { ...part, text }
  }
  return part.type === 'file' ? reviewFile(run, part, how) : part
}

async function reviewFile(run: ModerationRun, part: FilePart, how: WholeText): Promise<FilePart> {
  const name = part.filename && (await run.whole(part.filename, { ...how, path: `${how.path}.filename` }))
  const named = name === undefined || name === part.filename ? part : { ...part, filename: name }
  const text = textOfFile(part)
  const allowed = text && (await run.whole(text, how))
  return allowed === undefined || allowed === text ? named : fileWithText(named, allowed)
}

/** Moderates the descriptions of tools and of their parameters. Returns the given list if nothing changed. */
export async function reviewTools(
  run: ModerationRun,
  tools: readonly ResolvedTool[],
): Promise<readonly ResolvedTool[]> {
  const reviewed: ResolvedTool[] = []
  for (const [index, tool] of tools.entries()) {
    const path = `tools.${index}`
    const description = tool.description && (await described(run, tool.description, `${path}.description`))
    const parameters = (await reviewSchema(run, tool.parameters, `${path}.parameters`)) as JsonDraft
    const same = description === tool.description && parameters === tool.parameters
    reviewed.push(same ? tool : { ...tool, description, parameters })
  }
  return reviewed.some((tool, index) => tool !== tools[index]) ? reviewed : tools
}

async function reviewSchema(run: ModerationRun, schema: unknown, path: string): Promise<unknown> {
  if (Array.isArray(schema)) {
    const items: unknown[] = []
    for (const item of schema as readonly JsonValue[]) items.push(await reviewSchema(run, item, path))
    return items.some((item, index) => item !== schema[index]) ? items : schema
  }
  if (!isObject(schema)) return schema
  const entries: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema as JsonObject))
    entries.push([
      key,
      key === 'description' && typeof value === 'string'
        ? await described(run, value, path)
        : await reviewSchema(run, value, path),
    ])
  return entries.some(([key, value]) => value !== schema[key]) ? Object.fromEntries(entries) : schema
}

// Tools are equal from call to call, so their decisions make events once.
async function described(run: ModerationRun, text: string, path: string): Promise<string> {
  return (await run.whole(text, { path, past: true })) ?? text
}
