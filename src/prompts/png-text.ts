const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const LATIN = 'latin1'

/** Whether bytes begin with the PNG signature. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => bytes[at] === byte)
}

/** Reads the `tEXt` chunks of a PNG image by keyword; the first of equal keywords counts. Stops at a broken chunk. */
export function readPngTexts(bytes: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new TextDecoder(LATIN)
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at)
    const type = decoder.decode(bytes.subarray(at + 4, at + 8))
    const end = at + 8 + length
    if (end > bytes.length || type === 'IEND') break
    if (type === 'tEXt') {
      const data = bytes.subarray(at + 8, end)
      const zero = data.indexOf(0)
      const keyword = decoder.decode(data.subarray(0, Math.max(zero, 0))).toLowerCase()
      if (zero > 0 && !texts.has(keyword)) texts.set(keyword, decoder.decode(data.subarray(zero + 1)))
    }
    at = end + 4
  }
  return texts
}
