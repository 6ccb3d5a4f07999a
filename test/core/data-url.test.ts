import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDataUrl } from '../../src/core/message.ts'

const bytesIn = (url: string): number[] => [...Buffer.from(readDataUrl(url)?.data ?? '', 'base64')]

test.each([
  ['data:,Hi%20you', [72, 105, 32, 121, 111, 117]],
  ['data:text/plain,%E0%A4', [0xe0, 0xa4]],
  ['data:,100%', [49, 48, 48, 37]],
  ['data:,%zz%4', [37, 122, 122, 37, 52]],
  ['data:,é', [0xc3, 0xa9]],
  ['data:;base64,AAE=', [0, 1]],
])('%s is read byte by byte', (url, bytes) => {
  expect(bytesIn(url)).toEqual(bytes)
})

test('whatever is escaped comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      fc.pre(text.isWellFormed())
      expect(bytesIn(`data:,${encodeURIComponent(text)}`)).toEqual([...Buffer.from(text)])
    }),
  )
})
