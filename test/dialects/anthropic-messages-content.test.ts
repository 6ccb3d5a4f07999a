import { describe, expect, test } from 'vitest'
import type { Message, UserPart } from '../../src/core/message.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'
import { rendered, targetOf } from './sent.ts'

function render(part: UserPart): { readonly content: unknown; readonly warnings: readonly string[] } {
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'See:' }, part] }]
  const { body, raw } = rendered(targetOf(anthropicMessages), { messages, settings: {}, stream: false })
  const [turn] = body['messages'] as unknown as { content: unknown }[]
  return { content: turn?.content, warnings: raw.map(({ type, message }) => `${type}: ${message}`) }
}

const bytes = new TextEncoder().encode('a,b\nä,2')
const base64 = Buffer.from(bytes).toString('base64')

describe('parts of a user turn', () => {
  test.each<readonly [string, UserPart, unknown]>([
    ['text', { type: 'text', text: 'x' }, { type: 'text', text: 'x' }],
    [
      'an image by URL',
      { type: 'image', url: 'https://a.test/i.png' },
      { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } },
    ],
    [
      'an image as bytes',
      { type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/png' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
    ],
    [
      'a PDF as bytes',
      { type: 'file', data: 'JVBERi0x', mediaType: 'application/pdf', filename: 'a.pdf' },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' },
        title: 'a.pdf',
      },
    ],
    [
      'a PDF that nobody called one',
      { type: 'file', data: 'JVBERi0x', mediaType: 'application/octet-stream' },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' } },
    ],
    [
      'a PDF by URL',
      { type: 'file', url: 'https://a.test/a.pdf' },
      { type: 'document', source: { type: 'url', url: 'https://a.test/a.pdf' } },
    ],
    [
      'a text file',
      { type: 'file', data: base64, mediaType: 'text/csv', filename: 't.csv' },
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'a,b\nä,2' },
        title: 't.csv',
      },
    ],
    [
      'a JSON file as a data URL',
      { type: 'file', url: 'data:application/json,{}' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '{}' } },
    ],
    [
      'an image given as a file',
      { type: 'file', data: 'AQID', mediaType: 'image/webp' },
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AQID' } },
    ],
    [
      'an image file by URL',
      { type: 'file', url: 'https://a.test/i', mediaType: 'image/png' },
      { type: 'image', source: { type: 'url', url: 'https://a.test/i' } },
    ],
    [
      'a file that the vendor holds',
      { type: 'file', fileId: 'file_1' },
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
    ],
    [
      'an image that the vendor holds',
      { type: 'file', fileId: 'file_2', mediaType: 'image/png' },
      { type: 'image', source: { type: 'file', file_id: 'file_2' } },
    ],
  ])('%s', (_name, part, expected) => {
    const { content, warnings } = render(part)
    expect(content).toEqual([{ type: 'text', text: 'See:' }, expected])
    expect(warnings).toEqual([])
  })

  test.each<readonly [string, UserPart, unknown, string]>([
    [
      'sound',
      { type: 'audio', data: 'AQID', mediaType: 'audio/wav' },
      [
        { type: 'text', text: 'See:' },
        { type: 'text', text: '[audio left out]' },
      ],
      'audio was left out: the format has none',
    ],
    [
      'an unknown kind of file',
      { type: 'file', data: 'AQID', mediaType: 'application/zip', filename: 'a.zip' },
      'See:',
      'file a.zip of type application/zip was left out: the format accepts PDF, text and images only',
    ],
    [
      'a text file by URL',
      { type: 'file', url: 'https://a.test/t.csv', mediaType: 'text/csv' },
      [
        { type: 'text', text: 'See:' },
        { type: 'text', text: 'https://a.test/t.csv' },
      ],
      'a file of type text/csv by URL was sent as a link: by URL the format accepts PDF and images only',
    ],
  ])('%s is said', (_name, part, expected, message) => {
    const { content, warnings } = render(part)
    expect(content).toEqual(expected)
    expect(warnings).toEqual([`compatibility: ${message}`])
  })
})
