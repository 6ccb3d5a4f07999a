import { describe, expect, test } from 'vitest'
import { ada, host } from './chat-host.ts'

const identity = ada

describe('attachments', () => {
  const pixel = { name: 'a.png', mediaType: 'image/png', data: new Uint8Array([1, 2, 3]) }

  test('go with a turn as parts, and are kept as rows', async () => {
    await using it = await host()
    const notes = { name: 'notes.md', mediaType: 'text/markdown', text: '# Notes' }
    const turn = await it.chats.send({ identity, message: 'See', attachments: [pixel, notes] })
    const { conversationId, userMessageId } = turn
    const sent = it.provider.log[0]?.request?.turns[0]
    expect(sent?.media).toMatchObject([{ type: 'image', data: 'AQID' }])
    expect(sent?.text).toContain('<file name="notes.md">\n# Notes\n</file>')
    const { items } = await it.chats.attachments({ identity, conversationId, messageId: userMessageId })
    expect(items.map(({ name, sizeBytes, data }) => ({ name, sizeBytes, data }))).toEqual([
      { name: 'a.png', sizeBytes: 3, data: undefined },
      { name: 'notes.md', sizeBytes: 7, data: undefined },
    ])
  })

  test('that were there before are shown by id', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({ identity })
    const { id } = await it.chats.attach({ identity, conversationId, attachment: pixel })
    const turn = await it.chats.send({ identity, conversationId, message: 'See', attachmentIds: [id] })
    expect(it.provider.log[0]?.request?.turns[0]?.media).toHaveLength(1)
    const { items } = await it.chats.attachments({ identity, conversationId, messageId: turn.userMessageId })
    expect(items).toMatchObject([{ id }])
    const lost = it.chats.send({ identity, conversationId, message: 'See', attachmentIds: ['gone'] })
    await expect(lost).rejects.toMatchObject({ kind: 'not-found' })
  })

  test.each([
    [{ ...pixel, data: new Uint8Array(2_000) }, /2000 bytes; at most 1000/],
    [{ ...pixel, mediaType: 'application/x-sh' }, /is not accepted/],
    [{ ...pixel, mediaType: 'image/svg+xml' }, /is not accepted/],
    [{ name: 'a.png', mediaType: 'image/png', url: 'javascript:alert(1)' }, /http, https or data/],
    [{ name: 'a.png', mediaType: 'image/png', url: 'file:///etc/passwd' }, /http, https or data/],
    [{ name: 'a.png', mediaType: 'image/png', url: 'data:text/html;base64,PGI+' }, /contains text\/html/],
    [{ ...pixel, name: '../../a.png' }, /file name/],
    [{ ...pixel, data: 'not base64!' }, /base64/],
    [{ name: 'a.png', mediaType: 'image/png' }, /one of url, text and data/],
  ])('%j is refused', async (attachment, reason) => {
    await using it = await host({ service: { attachments: { maxBytes: 1_000, maxPerMessage: 2 } } })
    await expect(it.chats.send({ identity, message: 'See', attachments: [attachment] })).rejects.toThrow(
      reason,
    )
    const three = [pixel, pixel, pixel]
    await expect(it.chats.send({ identity, message: 'See', attachments: three })).rejects.toThrow(/are 3/)
    expect((await it.chats.list({ identity })).data).toEqual([])
  })
})
