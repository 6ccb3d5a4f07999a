/** A PNG image as small as can be, with JSON of cards in its text chunks. */
export function pngWith(cards: Readonly<Record<string, unknown>>): Uint8Array {
  const chunks = Object.entries(cards).map(([keyword, card]) => {
    const json = typeof card === 'string' ? card : Buffer.from(JSON.stringify(card)).toString('base64')
    return chunk('tEXt', Buffer.from(`${keyword}\0${json}`, 'latin1'))
  })
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return new Uint8Array(
    Buffer.concat([signature, chunk('IHDR', Buffer.alloc(13)), ...chunks, chunk('IEND', Buffer.alloc(0))]),
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  // Readers of cards do not look at the checksum.
  return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)])
}
