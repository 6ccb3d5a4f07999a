import { isObject, listOf, objectOf, textOf, type JsonObject } from '../core/json.ts'
import type { ToolResultPart, UserPart } from '../core/message.ts'

/** Converts content of MCP to parts of a tool's result. What is neither text nor bytes becomes text that names it. */
export function resultParts(content: unknown): ToolResultPart[] {
  return objectsOf(content).map((block) => {
    const part = partOf(block)
    if (part.type !== 'audio') return part
    return { type: 'file', data: part.data, mediaType: part.mediaType }
  })
}

/** Converts content of MCP to parts of a user's message. */
export function userParts(content: unknown): UserPart[] {
  const blocks = Array.isArray(content) ? content : [content]
  return objectsOf(blocks).map(partOf)
}

/** Converts the contents of a resource to parts. */
export function resourceParts(contents: unknown): UserPart[] {
  return objectsOf(contents).map(resourcePart)
}

/** Converts parts of a tool's result to content of MCP. */
export function mcpContent(content: string | readonly ToolResultPart[]): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part) => {
    if (part.type === 'text') return { type: 'text', text: part.text }
    const { data, url, mediaType = 'application/octet-stream' } = part
    if (data === undefined) return { type: 'text', text: url ?? `[a ${part.type} that has no bytes]` }
    const bytes = typeof data === 'string' ? data : Buffer.from(data).toString('base64')
    if (part.type === 'image') return { type: 'image', data: bytes, mimeType: mediaType }
    if (mediaType.startsWith('audio/')) return { type: 'audio', data: bytes, mimeType: mediaType }
    const uri = `file:///${encodeURIComponent(part.filename ?? 'file')}`
    return { type: 'resource', resource: { uri, blob: bytes, mimeType: mediaType } }
  })
}

/** Joins the texts of MCP content. */
export function textOfContent(content: unknown): string {
  return resultParts(content)
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
}

function partOf(block: Readonly<Record<string, unknown>>): UserPart {
  const data = textOf(block['data'])
  const mediaType = textOf(block['mimeType'])
  switch (block['type']) {
    case 'text':
      return { type: 'text', text: textOf(block['text']) ?? '' }
    case 'image':
    case 'audio':
      return bytesPart(data ?? '', mediaType ?? (block['type'] === 'image' ? 'image/png' : 'audio/wav'))
    case 'resource':
      return resourcePart(objectOf(block['resource']))
    case 'resource_link':
      return { type: 'text', text: linkText(block) }
    default:
      return { type: 'text', text: `[content of the unknown type ${JSON.stringify(block['type'] ?? null)}]` }
  }
}

function resourcePart(resource: Readonly<Record<string, unknown>>): UserPart {
  const text = textOf(resource['text'])
  if (text !== undefined) return { type: 'text', text }
  const blob = textOf(resource['blob'])
  if (blob === undefined) return { type: 'text', text: linkText(resource) }
  return bytesPart(blob, textOf(resource['mimeType']) ?? 'application/octet-stream')
}

function bytesPart(data: string, mediaType: string): UserPart {
  if (mediaType.startsWith('image/')) return { type: 'image', data, mediaType }
  if (mediaType.startsWith('audio/')) return { type: 'audio', data, mediaType }
  return { type: 'file', data, mediaType }
}

function linkText(resource: Readonly<Record<string, unknown>>): string {
  const { name, uri, description } = resource
  return [name, uri, description].filter((one) => typeof one === 'string' && one !== '').join(' ')
}

/** Whether a value is a list of nothing but text blocks. */
export function isTextOnly(content: unknown): boolean {
  return Array.isArray(content) && content.every((block) => isObject(block) && block['type'] === 'text')
}

function objectsOf(value: unknown): Record<string, unknown>[] {
  return listOf(value).filter(isObject)
}
